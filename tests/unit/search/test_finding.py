"""Which items hold a text, where, and in which versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookervault.storage.search_index import State
from tests.unit.search.making import found, ids, run

TITLES = {
    "1": "Revenue by month",
    "2": "月次売上レポート",
    "3": "ยอดขายรายเดือน",
    "4": "客户流失率",
    "5": "ﾘﾎﾟｰﾄ ＡＢＣ",
    "6": "Caf\u00e9 Straße ÜBERSICHT",
    "7": '"; DROP TABLE items; -- \x00 * NEAR(a b) OR "',
    "8": "100%_\\ off",
    "9": "\ud800 broken \u202e",
    "10": "wxqvwxq",
}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("finding") / "vault.db"
    run(path, {("looks", id): {"title": title} for id, title in TITLES.items() if id != "9"})
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("revenue", ["1"]),
        ("REVENUE BY", ["1"]),
        ("月次", ["2"]),
        ("売上", ["2"]),
        ("上", ["2"]),
        ("ート", ["2", "5"]),
        ("ト", ["2", "5"]),
        ("レポート", ["2"]),
        ("リポート abc", ["5"]),
        ("รายเดือน", ["3"]),
        ("ดื", ["3"]),
        ("ย", ["3"]),
        ("เด", ["3"]),
        ("่", []),
        ("ยย", []),
        ("月", ["2"]),
        ("次売", ["2"]),
        ("月売", []),
        ("ポ", ["2", "5"]),
        ("ﾎﾟ", ["2", "5"]),
        ("客", ["4"]),
        ("失率", ["4"]),
        ("流失率", ["4"]),
        ("abc", ["5"]),
        ("cafe\u0301", ["6"]),
        ("STRASSE", ["6"]),
        ("übersicht", ["6"]),
        ("NEAR(a b) OR", ["7"]),
        ('"; DROP', ["7"]),
        ("*", ["7"]),
        ('"', ["7"]),
        ("100%_\\", ["8"]),
        ("%", ["8"]),
        ("_\\", ["8"]),
        ("BY", ["1"]),
        ("yb", []),
        ("É", ["6"]),
        ("1%", []),
        ("xqvwx", ["10"]),
        ("qvwxqvw", []),
        ("a* OR b", []),
        ("title:revenue", []),
        ("^revenue", []),
        ("x" * 5000, []),
        ("\ud800", []),
        ("\x00", ["7", "1", "5", "6", "8"]),
    ],
)
def test_any_part_is_found_in_any_script_and_no_sign_means_anything(
    vault: Path, text: str, expected: list[str]
) -> None:
    assert sorted(ids(vault, text)) == sorted(expected)


def test_a_dashboard_tells_where(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    query = {
        "id": "5",
        "model": "shop",
        "view": "orders",
        "fields": ["orders.revenue"],
        "filters": {"orders.created_date": "90 days"},
        "filter_expression": "${orders.margin} > 3",
        "dynamic_fields": '[{"label":"Net","expression":"${orders.revenue}-${orders.tax}"}]',
        "vis_config": {"color": "#123456"},
    }
    tile = {"id": "9", "title": "Turnover", "note_text": "Ask Ann", "query": query}
    tab = {"label": "Overview tab"}
    dashboard = {"title": "Sales", "dashboard_elements": [tile], "dashboard_layouts": [tab]}
    run(path, {("dashboards", "1"): dashboard})

    def where(text: str) -> list[str]:
        return [str(place) for one in found(path, text) for place in one.places.first]

    assert where("created_date") == ["tile *Turnover*: filter orders.created_date"]
    assert where("90 days") == ["tile *Turnover*: filter orders.created_date: 90 days"]
    assert where("ask ann") == ["tile *Turnover*: note: Ask Ann"]
    assert where("SALES") == ["title: Sales"]
    assert where("overview") == ["tab: Overview tab"]
    assert where("orders.tax") == [
        "tile *Turnover*: calculation Net: ${orders.revenue}-${orders.tax}",
        "tile *Turnover*: calculation Net orders.tax",
    ]
    assert where("orders.margin")[-1] == "tile *Turnover*: filter expression orders.margin"
    assert where("shop::orders") == ["tile *Turnover*: explore shop::orders"]
    assert where("#123456") == []
    assert len(found(path, "r", places=2)[0].places.first) == 2


def test_a_long_text_is_shown_around_what_was_found(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    run(path, {("looks", "1"): {"title": "x", "description": "a" * 500 + "needle" + "b" * 500}})
    ((place,),) = [one.places.first for one in found(path, "Needle")]
    assert place.text == f"…{'a' * 30}needle{'b' * 30}…"


def test_titles_come_first_then_types_as_they_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    inside = {"title": "x", "description": "churn"}
    run(
        path,
        {
            ("dashboards", "10"): inside,
            ("dashboards", "9"): inside,
            ("looks", "1"): {"title": "Churn"},
            ("looks", "2"): inside,
        },
    )
    order = [(one.type, one.id) for one in found(path, "churn")]
    assert order == [("looks", "1"), ("dashboards", "9"), ("dashboards", "10"), ("looks", "2")]
    assert order[:2] == [(one.type, one.id) for one in found(path, "churn", limit=2)]
    assert ids(path, "churn", types=["looks"]) == ["1", "2"]


def test_items_of_a_type_come_by_their_ids_whatever_refers_to_them(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    tile = {"id": "1", "look_id": "10"}
    looks = {("looks", id): {"title": "Churn"} for id in ("10", "9", "2")}
    run(path, looks | {("dashboards", "1"): {"title": "x", "dashboard_elements": [tile]}})
    assert ids(path, "churn") == ids(path, "ch") == ["2", "9", "10"]


def test_versions_that_have_ended_are_found_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    run(path, {("looks", "1"): {"title": "Alpha"}, ("looks", "2"): {"title": "Beta"}})
    assert ids(path, "alpha") == ["1"]
    run(path, {("looks", "1"): {"title": "Gamma"}})
    run(path, {("looks", "1"): {"title": "Gamma", "deleted": True}})
    assert ids(path, "alpha") == ids(path, "beta") == []
    (now,) = found(path, "gamma")
    assert (now.state, now.first_run, now.end_run) == (State.TRASHED, 3, None)
    (renamed,) = found(path, "alpha", past=True)
    assert (renamed.id, renamed.name, renamed.end_run) == ("1", "Alpha", 2)
    (gone,) = found(path, "beta", past=True)
    assert (gone.state, gone.first_run, gone.end_run) == (State.DELETED, 1, 2)
    assert [one.first_run for one in found(path, "gamma", past=True)] == [3]
    run(path, {("looks", "1"): {"title": "Gamma"}, ("looks", "2"): {"title": "Beta"}})
    assert [one.state for one in found(path, "beta")] == [State.PRESENT]
