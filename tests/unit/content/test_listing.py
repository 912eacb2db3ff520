from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookervault.content.listing import pages
from lookervault.content.operations import SEARCH_ALERTS, Operation
from lookervault.errors import BadAnswerError


class Shelf:
    """Rows behind `limit` and `offset`; `before` is called ahead of each answer with its number."""

    def __init__(
        self,
        ids: list[int],
        *,
        cap: int | None = None,
        before: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.ids = ids
        self.calls: list[tuple[int, int]] = []
        self._cap = cap
        self._before = before

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        assert params is not None
        self._before(len(self.calls))
        limit, offset = int(params["limit"]), int(params["offset"])
        self.calls.append((limit, offset))
        most = limit if self._cap is None else min(limit, self._cap)
        return msgspec.json.encode([{"id": i} for i in self.ids[offset : offset + most]])


class Answers:
    """Always the same body."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        return self._body


def listed(shelf: Shelf, limit: int = 10) -> list[int]:
    found = pages(shelf, SEARCH_ALERTS, {}, limit=limit)
    return [int(row["id"]) for _, rows in found for row in rows]


@given(count=st.integers(0, 60), limit=st.integers(1, 25))
def test_every_row_is_listed_once_in_few_calls(count: int, limit: int) -> None:
    shelf = Shelf(list(range(count)))
    assert listed(shelf, limit) == list(range(count))
    assert len(shelf.calls) <= -(-count // limit) + 2


@given(count=st.integers(0, 40), cap=st.integers(2, 12))
def test_a_server_that_gives_fewer_rows_than_asked_for_is_listed_whole(
    count: int, cap: int
) -> None:
    assert listed(Shelf(list(range(count)), cap=cap)) == list(range(count))


def test_a_server_that_gives_one_row_a_page_is_no_short_listing() -> None:
    with pytest.raises(BadAnswerError, match="search_alerts"):
        listed(Shelf([1, 2, 3], cap=1))


@given(data=st.data())
def test_no_row_that_exists_throughout_is_lost_while_others_come_and_go(
    data: st.DataObject,
) -> None:
    """Others may be deleted before any page, and created at the end or in between."""
    lasting = data.draw(st.sets(st.integers(0, 60), max_size=30), "lasting")
    passing = data.draw(st.sets(st.integers(0, 60), max_size=30), "passing") - lasting
    coming = data.draw(st.sets(st.integers(0, 80), max_size=20), "coming") - lasting - passing
    changes = data.draw(
        st.lists(st.sampled_from(sorted(passing | coming) or [99]), max_size=20, unique=True),
        "changes",
    )
    when = data.draw(
        st.lists(st.integers(0, 12), min_size=len(changes), max_size=len(changes)), "when"
    )
    shelf = Shelf(sorted(lasting | passing))

    def before(call: int) -> None:
        for change, at in zip(changes, when, strict=True):
            if at == call and change in passing and change in shelf.ids:
                shelf.ids.remove(change)
            elif at == call and change in coming:
                shelf.ids[:] = sorted({*shelf.ids, change})

    shelf._before = before  # noqa: SLF001 - it needs the shelf that it changes
    found = listed(shelf, data.draw(st.integers(2, 7), "limit"))
    assert lasting <= set(found)
    assert len(found) == len(set(found))


def test_a_listing_that_never_stands_still_is_given_up() -> None:
    fresh = iter(range(1, 10_000))
    shelf = Shelf([0])

    def all_are_others(_: int) -> None:
        shelf.ids[:] = [next(fresh) for _ in range(30)]

    shelf._before = all_are_others  # noqa: SLF001 - it needs the shelf that it changes
    with pytest.raises(BadAnswerError, match="shows other rows each time"):
        listed(shelf, limit=5)
    assert len(shelf.calls) < 50


@pytest.mark.parametrize(
    "body",
    [
        b'[{"id":1},{"name":"no id"}]',
        b'[{"id":null}]',
        b'[{"id":true}]',
        b'[{"id":{}}]',
        b'{"id":1}',
        b"[1]",
        b"[",
        b"<html>",
        b"",
        b"[" * 10_000 + b"]" * 10_000,
        b'[{"id":"\xff"}]',
    ],
)
def test_an_answer_that_is_no_list_of_rows_with_ids_is_refused(body: bytes) -> None:
    with pytest.raises(BadAnswerError):
        list(pages(Answers(body), SEARCH_ALERTS, {}))
