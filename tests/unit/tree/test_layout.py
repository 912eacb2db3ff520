from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from lookervault.tree.layout import Item, Key, paths
from lookervault.tree.marker import is_inside
from lookervault.tree.names import LONGEST, folded


def folder(id: str, title: str | None, parent: str | None = None) -> Item:
    return Item("folders", id, title, parent, in_folder=True)


def dashboard(id: str, title: str | None, held: str | None = "1", *, trashed: bool = False) -> Item:
    return Item("dashboards", id, title, held, trashed, in_folder=True)


def laid(*items: Item, earlier: Mapping[Key, str] | None = None) -> dict[Key, str]:
    return paths(items, earlier or {}, "json")


SHARED = folder("1", "Shared")


def test_content_lies_in_its_folder_and_the_rest_in_one_of_its_type() -> None:
    found = laid(
        SHARED,
        folder("2", "Sales", "1"),
        dashboard("7", "Revenue", "2"),
        Item("looks", "7", "Revenue", "2", in_folder=True),
        dashboard("8", "Old", "2", trashed=True),
        dashboard("9", "Lost", "99"),
        dashboard("10", "Nowhere", None),
        Item("users", "3", "Anna"),
        Item("users", "4", None),
    )
    assert found == {
        ("folders", "1"): "folders/Shared/folder.json",
        ("folders", "2"): "folders/Shared/Sales/folder.json",
        ("dashboards", "7"): "folders/Shared/Sales/Revenue.dashboard.json",
        ("looks", "7"): "folders/Shared/Sales/Revenue.look.json",
        ("dashboards", "8"): "trash/Old.dashboard.json",
        ("dashboards", "9"): "folders/~99/Lost.dashboard.json",
        ("dashboards", "10"): "dashboards/Nowhere.json",
        ("users", "3"): "users/Anna.json",
        ("users", "4"): "users/4.json",
    }


def test_titles_that_some_filesystem_takes_for_one_are_told_apart_by_ids() -> None:
    found = laid(SHARED, dashboard("7", "Café"), dashboard("8", "CAFE\u0301"), dashboard("9", "x"))
    assert [found["dashboards", id] for id in ("7", "8", "9")] == [
        "folders/Shared/Café.dashboard.json",
        "folders/Shared/CAFÉ~8.dashboard.json",
        "folders/Shared/x.dashboard.json",
    ]


def test_who_had_a_name_keeps_it_whoever_comes_or_goes() -> None:
    seven, eight = dashboard("7", "Copy"), dashboard("8", "Copy")
    first = laid(SHARED, eight)
    assert first["dashboards", "8"] == "folders/Shared/Copy.dashboard.json"
    both = laid(SHARED, seven, eight, earlier=first)
    assert both["dashboards", "8"] == first["dashboards", "8"]
    assert both["dashboards", "7"] == "folders/Shared/Copy~7.dashboard.json"
    assert laid(SHARED, seven, earlier=both)["dashboards", "7"] == both["dashboards", "7"]
    renamed = laid(folder("1", "Common"), seven, earlier=both)
    assert renamed["dashboards", "7"] == "folders/Common/Copy~7.dashboard.json"


def test_folders_of_one_name_keep_theirs_too() -> None:
    first = laid(SHARED, folder("2", "A", "1"), folder("3", "A", "1"), dashboard("7", "x", "3"))
    assert first["dashboards", "7"] == "folders/Shared/A~3/x.dashboard.json"
    alone = laid(SHARED, folder("3", "A", "1"), dashboard("7", "x", "3"), earlier=first)
    assert alone["dashboards", "7"] == first["dashboards", "7"]
    moved = laid(folder("3", "A"), dashboard("7", "x", "3"), earlier=first)
    assert moved["dashboards", "7"] == "folders/A/x.dashboard.json"


def test_folders_that_hold_themselves_or_are_very_deep_lie_on_top() -> None:
    found = laid(folder("1", "A", "2"), folder("2", "B", "1"), dashboard("7", "x"))
    assert found["dashboards", "7"] == "folders/~1/x.dashboard.json"
    chain = [folder(str(n), "é" * 40, str(n - 1) if n else None) for n in range(50)]
    assert max(len(path.encode()) for path in laid(*chain).values()) < 700


TITLES = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.sampled_from(["a", "A", "folder.json", "x.look.json", "~1", "..", "é" * 300, "con"]),
)
IDS = st.one_of(st.sampled_from(["1", "2", "3", "a", "A", "../x", "ß"]), st.text(max_size=3))
ITEMS = st.lists(
    st.builds(
        Item,
        st.sampled_from(["folders", "dashboards", "looks", "users"]),
        IDS,
        TITLES,
        st.one_of(st.none(), IDS),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda item: item.key,
)


@given(ITEMS, ITEMS)
def test_no_two_items_share_a_path_and_none_leads_out(one: list[Item], other: list[Item]) -> None:
    first = laid(*one)
    for found, items in ((first, one), (laid(*other, earlier=first), other)):
        assert found.keys() == {item.key for item in items}
        assert len({folded(path) for path in found.values()}) == len(found)
        assert all(is_inside(path) for path in found.values())
        folders = {path.rpartition("/")[0] for path in found.values()}
        assert {folded(p) for p in folders}.isdisjoint(folded(p) for p in found.values())
        assert all(len(s.encode()) <= LONGEST for path in found.values() for s in path.split("/"))
    assert laid(*one, earlier=first) == first
