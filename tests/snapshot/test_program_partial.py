"""Content that is lost in a store costs the items that it hits, and no others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lookervault.errors import StoreError
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.packs import Entry, PackIndex
from lookervault.snapshot.pull import pull
from lookervault.snapshot.repair import repair
from lookervault.storage.dump import DICTIONARIES, OBJECTS
from lookervault.storage.repository import Repository
from tests.cli.running import program
from tests.snapshot.damage import ITEMS, Place, extracted, made, snapshot
from tests.unit.snapshot.stores import breaking


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return made(tmp_path_factory.mktemp("place") / "made", encrypted=True)


@pytest.fixture
def place(template: Place, tmp_path: Path) -> Place:
    return template.copy(tmp_path / "copy")


def packs(place: Place) -> list[PackIndex]:
    """The largest first: it has the first night, and the dictionary."""
    catalog = place.catalog()
    (_, newest), *_ = catalog.manifests()
    return sorted(catalog.index(newest.indexes).packs.values(), key=lambda pack: -pack.size)


def flip(place: Place, entry: Callable[[Entry], bool]) -> None:
    first = packs(place)[0]
    found = next(one for one in first.entries if entry(one))
    place.flip(first.name, found.offset + found.length // 2)


def items(found: list[dict[str, Any]]) -> set[str]:
    return {item["id"] for one in found for item in one["items"]}


def blamed(found: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(one["kind"], one["object"], *one["snapshots"]) for one in found}


def newest_index(place: Place) -> str:
    id, *_ = place.catalog().ids()
    return place.catalog().manifest(id).indexes[-1].name


DAMAGES: list[tuple[str, Callable[[Place], None], int]] = [
    ("a pack is gone", lambda p: p.lose(packs(p)[1].name), 3),
    ("a pack is cut off", lambda p: p.cut(packs(p)[0].name), 1),
    ("a bit of a body", lambda p: flip(p, lambda one: one.table == OBJECTS), 1),
    ("a bit of a pack's header", lambda p: p.flip(packs(p)[0].name, 100), ITEMS),
    ("a bit of its beginning", lambda p: p.flip(packs(p)[0].name, 0), ITEMS),
    ("a bit of a dictionary", lambda p: flip(p, lambda one: one.table == DICTIONARIES), ITEMS),
    ("a piece of the index", lambda p: p.cut(newest_index(p)), 3),
]


@pytest.mark.parametrize(
    ("damage", "hit"), [one[1:] for one in DAMAGES], ids=[d[0] for d in DAMAGES]
)
def test_a_vault_comes_back_of_what_is_whole(
    place: Place, damage: Callable[[Place], None], hit: int
) -> None:
    damage(place)
    refused = snapshot(place, "pull", "--vault", "back.db")
    assert (refused.code, refused.out, Path("back.db").exists()) == (5, b"", False)
    assert "`lookervault snapshot pull --partial` makes a vault without it" in refused.told
    done = snapshot(place, "pull", "--partial", "--vault", "back.db", "--json")
    assert (done.code, done.json["status"]) == (5, "damaged"), done.err
    lost = items(done.json["findings"])
    assert len(lost) == hit
    verified = snapshot(place, "verify", "latest", "--read-data", "--json").json["findings"]
    assert lost == items(verified)
    assert blamed(done.json["findings"]) == blamed(verified)
    assert f"{hit:,} items are without a body in back.db" in done.told
    assert "`lookervault salvage back.db NEW` makes a sound vault" in done.told
    assert not Path("back.db.pulling").exists()

    checked = program("verify", "--vault", "back.db", "--json")
    assert (checked.code, {one["id"] for one in checked.json["findings"]} - {None}) == (5, lost)
    assert program("salvage", "back.db", "rescued.db").code == 3
    assert program("verify", "--vault", "rescued.db").code == 0
    with (
        Repository.open(place.vault, write=False) as before,
        Repository.open(Path("rescued.db"), write=False) as after,
    ):
        for id in map(str, range(ITEMS)):
            for run in (1, 2, 3):
                there = after.body("users", id, run)
                assert there == before.body("users", id, run) or (there is None and id in lost)


def test_where_nothing_is_damaged_it_is_a_pull_like_any_other(place: Place) -> None:
    done = snapshot(place, "pull", "--partial", "--vault", "back.db", "--json")
    assert (done.code, done.json["status"], done.json["findings"]) == (0, "complete", [])
    assert program("verify", "--vault", "back.db").code == 0


def test_it_says_on_a_page_what_is_hit(place: Place) -> None:
    place.lose(packs(place)[1].name)
    told = snapshot(place, "pull", "--partial", "--vault", "back.db")
    assert told.code == 5
    assert f"Hit by {packs(place)[1].name}:" in told.text
    assert "it is not there; it costs 3 bodies" in " ".join(told.text.split())


@pytest.mark.parametrize("kind", ["snapshots", "rows"])
def test_without_rows_there_is_nothing_to_make_a_vault_of(place: Place, kind: str) -> None:
    for name in place.names(kind):
        place.flip(name)
    done = snapshot(place, "pull", "--partial", "--vault", "back.db")
    assert (done.code, Path("back.db").exists()) == (5, False)
    assert "--partial" not in done.told


def test_a_body_that_another_vault_brought_needs_no_dictionary_that_is_lost(
    place: Place, tmp_path: Path
) -> None:
    flip(place, lambda one: one.table == DICTIONARIES)
    other = tmp_path / "other.db"
    extracted(other, night=2)
    keys = place.reader()
    repair(Catalog(place.store, keys.seal), keys, place.verify(share=1.0), other)
    snapshot(place, "pull", "--partial", "--vault", "back.db")
    with (
        Repository.open(place.vault, write=False) as before,
        Repository.open(Path("back.db"), write=False) as after,
    ):
        for id in map(str, range(9, ITEMS)):  # the other vault has no earlier versions
            assert after.body("users", id, 3) == before.body("users", id, 3)


def test_one_that_is_broken_off_is_gone_on_with(place: Place, tmp_path: Path) -> None:
    flip(place, lambda one: one.table == OBJECTS)
    id, *_ = place.catalog().ids()
    manifest, kept, back = place.catalog().manifest(id), tmp_path / "kept", tmp_path / "back.db"
    keys = place.reader()
    found = []
    for after in range(30):
        assert not back.exists()
        with suppress(StoreError):
            store = breaking(place.store, after)
            found.append(pull(id, manifest, back, store, keys, kept=kept, partial=True))
            break
    assert after > 3
    assert [len(one.items) for done in found for one in done.findings] == [1]
    assert not kept.exists()
