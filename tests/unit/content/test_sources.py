from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from lookervault.content import operations as op
from lookervault.content.model import Batch, Due, Entry, Scope, View
from lookervault.content.operations import Operation
from lookervault.content.registry import TYPES, content_type, select
from lookervault.content.sources import TRASH, Each, Paged, Whole
from lookervault.content.types.looks import Looks
from lookervault.errors import NotFoundError, UsageError


class Script:
    """Answers calls from a table of bodies by operation; keeps what was asked."""

    def __init__(self, **bodies: bytes) -> None:
        self._bodies = bodies
        self.asked: list[tuple[str, tuple[str, ...], dict[str, str]]] = []

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        self.asked.append((operation.id, path_args, dict(params or {})))
        return self._bodies[operation.id]


class Nothing:
    def ids(self, type_name: str) -> list[str]:
        return []

    def objects(self, type_name: str) -> Iterator[tuple[str, Any]]:
        return iter(())

    def needed(self, type_name: str) -> set[str]:
        return set()


def due(*ids: str, size: int = 2, id_lists: bool = True, part: str = "") -> Due:
    return Due("dashboards", [Entry(i, part=part) for i in ids], lambda: size, id_lists)


PAGED = Paged(
    op.SEARCH_DASHBOARDS, op.DASHBOARD, parts={"": {"deleted": "false"}, TRASH: {"deleted": "true"}}
)


def test_pages_of_ids_hold_each_due_entry_once_and_are_numbered() -> None:
    pages = list(PAGED.batches(due(*"abcde")))
    assert [[entry.id for entry in page.entries] for page in pages] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert [page.number for page in pages] == [0, 1, 2]
    assert {page.offset for page in pages} == {None}


def test_the_size_of_a_page_is_asked_for_anew_before_each_page() -> None:
    sizes = iter([1, 3, 2])
    entries = [Entry(i) for i in "abcdef"]
    pages = PAGED.batches(Due("dashboards", entries, lambda: next(sizes), id_lists=True))
    assert [len(page.entries) for page in pages] == [1, 3, 2]


def test_the_trash_is_never_on_a_page_with_the_others() -> None:
    entries = [Entry("a"), Entry("b", part=TRASH), Entry("c", part=TRASH)]
    pages = list(PAGED.batches(Due("dashboards", entries, lambda: 10, id_lists=True)))
    assert [(page.part, len(page.entries)) for page in pages] == [("", 1), (TRASH, 2)]


def test_without_id_lists_a_page_is_a_window_into_its_pass() -> None:
    windows = list(PAGED.batches(due(*"abcde", id_lists=False)))
    assert [(page.offset, page.limit) for page in windows] == [(0, 2), (2, 2), (4, 2)]


def test_a_page_of_ids_asks_for_its_ids_and_its_pass() -> None:
    read = Script(search_dashboards=b"[]")
    list(PAGED.fetch(read, Batch("dashboards", 0, (Entry("7"), Entry("3")), TRASH)))
    assert read.asked == [
        ("search_dashboards", (), {"deleted": "true", "sorts": "id", "id": "7,3", "limit": "2"})
    ]


def test_a_search_that_has_no_call_of_its_own_for_one_says_when_it_is_gone() -> None:
    groups = Paged(op.SEARCH_GROUPS_WITH_HIERARCHY, None)
    with pytest.raises(NotFoundError):
        groups.fetch_one(Script(search_groups_with_hierarchy=b" [] "), Entry("7"))


def test_a_list_without_a_call_for_one_says_that_it_does_not_show_it() -> None:
    with pytest.raises(NotFoundError):
        Whole(op.ALL_THEMES).fetch_one(Script(), Entry("7"))


@pytest.mark.parametrize("source", [Whole(op.ALL_THEMES, op.THEME), TYPES["settings"].source])
def test_what_is_due_after_a_whole_listing_is_asked_for_one_by_one(source: Whole | Each) -> None:
    pages = list(source.batches(due("setting", "ldap_config")))
    assert [[entry.id for entry in page.entries] for page in pages] == [
        ["setting"],
        ["ldap_config"],
    ]


def test_a_census_asks_for_ids_in_order_and_for_nothing_of_the_objects() -> None:
    read = Script(search_dashboards=b'[{"id":"1"}]')
    next(iter(PAGED.census(View(read, Nothing(), Scope()))))
    asked = read.asked[0][2]
    assert (asked["fields"], asked["sorts"]) == ("id", "id")


def test_the_scope_leaves_rows_of_other_folders_out() -> None:
    rows = [{"id": "1", "folder_id": "5"}, {"id": "2", "folder_id": "6"}, {"id": "3"}]
    read = Script(search_dashboards=msgspec.json.encode(rows))
    census = TYPES["dashboards"].source.census(View(read, Nothing(), Scope(frozenset({"5"}))))
    listed = next(iter(census))
    assert [entry.id for entry in listed.entries] == ["1"]  # type: ignore[union-attr]  # Listed


def test_looks_of_one_folder_are_a_page_and_a_lone_look_is_asked_for_by_its_id() -> None:
    entries = [
        Entry("1", part="5"),
        Entry("2", part="6"),
        Entry("3", part="5"),
        Entry("4", part=TRASH),
        Entry("5", part=TRASH),
        Entry("6"),
    ]
    pages = list(Looks().batches(Due("looks", entries, lambda: 100, id_lists=False)))
    found = sorted(([entry.id for entry in page.entries], page.part) for page in pages)
    assert found == [
        (["1", "3"], "5"),
        (["2"], "6"),
        (["4"], TRASH),
        (["5"], TRASH),
        (["6"], ""),
    ]
    assert sorted(page.number for page in pages) == list(range(5))


def test_a_page_of_a_single_look_is_fetched_by_its_id() -> None:
    read = Script(look=b'{"id":"2"}')
    list(Looks().fetch(read, Batch("looks", 0, (Entry("2", part="6"),), "6")))
    assert read.asked == [("look", ("2",), {})]


# Choosing types.


def test_over_folders_only_types_that_lie_in_folders_are_chosen() -> None:
    assert {one.name for one in select([], [], in_folders=True)} == {
        name for name, one in TYPES.items() if one.in_scope
    }
    assert "scheduled_plans" not in {one.name for one in select(["queries"], [], in_folders=True)}


def test_a_type_that_no_folder_holds_does_not_go_with_folders() -> None:
    with pytest.raises(UsageError, match="users cannot be extracted by folder"):
        select(["dashboards", "users"], [], in_folders=True)


def test_without_names_every_type_is_chosen_that_is_on_by_default() -> None:
    assert [one.name for one in select([], [])] == [n for n, t in TYPES.items() if t.default]


def test_a_type_brings_along_what_it_is_listed_by() -> None:
    names = {one.name for one in select(["queries"], [])}
    assert names >= {"queries", "merge_queries", "dashboards", "looks", "alerts"}


def test_what_is_excluded_is_left_out_even_where_another_needs_it() -> None:
    assert [one.name for one in select(["role_members"], ["roles"])] == ["role_members"]


def test_a_type_comes_after_what_it_is_listed_by() -> None:
    for one in TYPES.values():
        assert one.name not in one.after
        for name in one.after:
            assert one.name not in TYPES[name].after


@pytest.mark.parametrize(
    ("name", "guess"), [("dashbords", "dashboards"), ("Looks", "looks"), ("user", "users")]
)
def test_an_unknown_type_is_answered_with_the_nearest_one(name: str, guess: str) -> None:
    with pytest.raises(UsageError, match=f"{name}.*Did you mean {guess}?"):
        content_type(name)


def test_a_name_that_is_like_no_type_gets_no_guess() -> None:
    with pytest.raises(UsageError) as raised:
        select([], ["zzzzzz"])
    assert "Did you mean" not in raised.value.message


def test_nothing_left_to_extract_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="Nothing is left"):
        select(["themes"], ["themes"])
