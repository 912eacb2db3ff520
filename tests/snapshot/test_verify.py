"""Whatever happens to a store, `snapshot verify` names it, and what it hits."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookervault.config.stores import StoreSettings
from lookervault.errors import LookerVaultError
from lookervault.snapshot.catalog import Catalog, packed
from lookervault.snapshot.keys import open_keys
from lookervault.snapshot.records import Manifest
from lookervault.snapshot.seal import Seal
from lookervault.snapshot.store import Counted
from lookervault.snapshot.verify import Finding, verify
from lookervault.storage.dump import Change
from tests.cli.running import program
from tests.snapshot.damage import ITEMS, NIGHTS, Place, made

KINDS = {"snapshots": "manifest", "index": "index", "rows": "rows", "packs": "pack"}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Whoever damages it puts it right again."""
    return made(tmp_path_factory.mktemp("sealed") / "made", encrypted=True)


@pytest.fixture(scope="module")
def unsealed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return made(tmp_path_factory.mktemp("unsealed") / "made", encrypted=False)


@pytest.fixture(scope="module", params=["sealed", "unsealed"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


@contextmanager
def as_it_was(place: Place) -> Iterator[None]:
    """Afterwards."""
    kept = {name: place.file(name).read_bytes() for name in place.named()}
    try:
        yield
    finally:
        shutil.rmtree(place.path)
        for name, data in kept.items():
            place.store.create(name, data)


def nights(place: Place) -> list[str]:
    """The snapshots, the oldest first."""
    return sorted(place.catalog().ids())


def packs_of(place: Place) -> list[str]:
    """Of the first night, and of each later one what changed."""
    found = dict[str, None]()
    for id in nights(place):
        pieces = place.catalog().manifest(id).indexes
        found |= dict.fromkeys(place.catalog().index(pieces).packs)
    return list(found)


def only(findings: list[Finding]) -> Finding:
    (found,) = findings
    return found


def test_a_whole_store_is_ok_and_its_packs_need_not_be_read(place: Place) -> None:
    keys, counted = place.reader(), Counted(place.store)
    report = verify(Catalog(counted, keys.seal), keys, rng=random.Random(1))
    assert (report.status, report.findings) == ("ok", [])
    pieces = report.checked["index_pieces"] + report.checked["rows_pieces"]
    assert report.checked["manifests"] == report.checked["snapshots"] == NIGHTS
    assert report.checked["packs"] == NIGHTS
    assert report.checked["packs_read"] == 0
    assert counted.traffic.requests <= pieces + NIGHTS + 9
    without, counted = counted.traffic.downloaded_bytes, Counted(place.store)
    read = verify(Catalog(counted, keys.seal), keys, share=1.0, rng=random.Random(1))
    assert (read.status, read.checked["packs_read"]) == ("ok", NIGHTS)
    size = sum(place.file(name).stat().st_size for name in place.names("packs"))
    dictionary = 2 * 4_096  # of the pack that is read beside the one that has it
    assert without + size <= counted.traffic.downloaded_bytes <= without + size + dictionary


@pytest.mark.parametrize(
    ("folder", "what"),
    [
        (folder, what)
        for folder in KINDS
        for what in ("flip", "cut", "lose")
        if (folder, what) != ("snapshots", "lose")  # which test_rollback is about
    ],
)
def test_each_object_that_is_damaged_cut_off_or_gone_is_named(
    place: Place, folder: str, what: str
) -> None:
    name = next(name for name in place.named() if name.startswith(folder))
    with as_it_was(place):
        getattr(place, what)(name)
        found = only(place.verify(share=1.0).findings)
        assert (found.kind, found.object) == (KINDS[folder], name)
        assert found.snapshots
        if folder == "packs" and what != "flip":
            assert only(place.verify().findings).object == name


def test_items_and_snapshots_that_are_hit_are_named(place: Place) -> None:
    first, _, last = packs_of(place)
    with as_it_was(place):
        place.lose(last)
        found = only(place.verify().findings)
        assert found.snapshots == [nights(place)[-1]]
        assert [(one.type, one.id) for one in found.items] == [("users", n) for n in "678"]
        assert {one.name for one in found.items} != {None}
    with as_it_was(place):
        place.lose(first)
        found = only(place.verify().findings)
        assert len(found.items) == ITEMS
        assert sorted(found.snapshots) == nights(place)


def test_of_a_damaged_pack_only_what_cannot_be_read_is_lost(place: Place) -> None:
    with as_it_was(place):
        place.cut(packs_of(place)[0])
        found = only(place.verify(share=1.0).findings)
        assert len(found.items) == 1
        assert len(found.bodies) > ITEMS - 10


def test_without_an_identity_all_of_a_damaged_pack_is_taken_for_lost(sealed: Place) -> None:
    with as_it_was(sealed):
        sealed.flip(packs_of(sealed)[0])
        found = only(sealed.verify(share=1.0, keys=Place.nightly).findings)
        assert len(found.items) == ITEMS


@pytest.mark.parametrize("folder", KINDS)
def test_objects_do_not_stand_for_one_another(place: Place, folder: str) -> None:
    one, other, *_ = (name for name in place.named() if name.startswith(folder))
    with as_it_was(place):
        data = place.file(one).read_bytes()
        place.file(one).write_bytes(place.file(other).read_bytes())
        assert only(place.verify(share=1.0).findings).object == one
        place.file(other).write_bytes(data)
        assert {f.object for f in place.verify(share=1.0).findings} == {one, other}


def test_an_old_snapshot_under_the_name_of_the_newest_is_none(place: Place) -> None:
    oldest, *_, newest = (f"snapshots/{id}" for id in nights(place))
    with as_it_was(place):
        shutil.copyfile(place.file(oldest), place.file(newest))
        assert only(place.verify().findings).object == newest


def test_a_forged_manifest_is_found_out(place: Place) -> None:
    """With a foreign key by its seal; where there is none, by what the rows say."""
    id = nights(place)[-1]
    manifest = place.catalog().manifest(id)
    said = {"root": "00" * 32, "status": "partial", "certificates": 9, "items": 9}
    forged = msgspec.structs.replace(manifest, **said)
    seal = Seal(bytes(32)) if place.encrypted else Seal(None)
    with as_it_was(place):
        name = _forged(place, id, forged, seal)
        found = place.verify().findings
        assert {(one.object, *one.snapshots) for one in found} == {(name, id)}
        assert {one.kind for one in found} == ({"manifest"} if place.encrypted else {"snapshot"})
        told = " ".join(one.detail for one in found)
        for word in said if not place.encrypted else ():
            assert word in told


def test_rows_of_another_state_are_found_out(place: Place) -> None:
    """By whoever has the key: all seals are whole, but the rows are those of the night before."""
    *_, before, id = nights(place)
    catalog = place.catalog()
    rows = catalog.manifest(before).rows
    forged = msgspec.structs.replace(catalog.manifest(id), rows=rows)
    with as_it_was(place):
        name = _forged(place, id, forged, catalog.seal)
        found = place.verify().findings
        assert {(one.kind, one.object) for one in found} == {("snapshot", name)}
        assert any("certificates" in one.detail for one in found)


def test_items_that_somebody_took_out_are_found_out(place: Place) -> None:
    """By whoever has the key: only the root over the items tells."""
    id = nights(place)[-1]
    catalog = place.catalog()
    manifest = catalog.manifest(id)
    versions = [c for c in catalog.changes(manifest.row_pieces) if c.table == "versions"]
    first = next(row for change in versions for row in change.rows if row[3] is None)
    objects = [c for c in catalog.changes(manifest.row_pieces) if c.table == "objects"]
    size = next(row[2] for change in objects for row in change.rows if row[0] == first[4])
    with as_it_was(place):
        piece = catalog.pieces.write("rows", packed([Change("versions", [], [first[:3]])]))
        _forged(
            place,
            id,
            msgspec.structs.replace(
                manifest,
                items=manifest.items - 1,
                bytes=manifest.bytes - size,
                rows=[*manifest.rows, [piece]],
            ),
            catalog.seal,
        )
        found = only(place.verify().findings)
        assert (found.kind, "root over its items" in found.detail) == ("snapshot", True)


def _forged(place: Place, id: str, manifest: Manifest, seal: Seal) -> str:
    name = f"snapshots/{id}"
    place.file(name).write_bytes(seal.close(name, msgspec.json.encode(manifest)))
    return name


def test_a_sample_is_chosen_by_chance(sealed: Place) -> None:
    with as_it_was(sealed):
        sealed.flip(packs_of(sealed)[0])
        found = {seed: sealed.verify(share=0.05, seed=seed) for seed in range(8)}
        assert {report.checked["packs_read"] for report in found.values()} == {1}
        assert {report.status for report in found.values()} == {"ok", "damaged"}


def test_what_nobody_needs_is_counted_and_no_error(place: Place) -> None:
    before = place.verify().checked["orphans"]
    with as_it_was(place):
        for name in ("packs/" + "ab" * 32, "index/" + "cd" * 32, "repairs/rows/" + "ef" * 32):
            place.store.create(name, b"mine")
        report = place.verify(share=1.0)
        assert (report.status, report.checked["orphans"]) == ("ok", before + 3)


@pytest.fixture(scope="module")
def small(place: Place) -> list[tuple[str, int]]:
    return [(name, place.file(name).stat().st_size) for name in place.named()]


@settings(max_examples=20)
@given(data=st.data())
def test_any_one_byte_that_is_another_is_found(
    place: Place, small: list[tuple[str, int]], data: st.DataObject
) -> None:
    name, size = data.draw(st.sampled_from(small))
    offset = data.draw(st.integers(0, size - 1))
    by = data.draw(st.integers(1, 255))
    whole = place.file(name).read_bytes()
    place.flip(name, offset, by)
    try:
        keys = open_keys(place.store, _wanted(place))
        report = verify(Catalog(place.store, keys.seal), keys, share=1.0, rng=random.Random(1))
        assert name in {one.object for one in report.findings}
    except LookerVaultError:
        assert name in ("config", "keys/000001")
    finally:
        place.file(name).write_bytes(whole)


def _wanted(place: Place) -> StoreSettings:
    return StoreSettings(url="", identity=place.people.identity() if place.encrypted else None)


# By the command line.


def env(sealed: Place) -> dict[str, str]:
    return {
        "LOOKERVAULT_STORE": sealed.path.as_uri(),
        "LOOKERVAULT_IDENTITY": str(sealed.people.identity()),
    }


def test_the_command_tells_both_people_and_programs(sealed: Place) -> None:
    done = program("snapshot", "verify", env=env(sealed))
    assert (done.code, done.err) == (0, "")
    assert "no pack was read" in done.text
    with as_it_was(sealed):
        sealed.lose(packs_of(sealed)[0])
        done = program("snapshot", "verify", "all", env=env(sealed))
        assert done.code == 5
        assert f"and {ITEMS - 10} more" in done.text
        done = program(
            "snapshot", "verify", nights(sealed)[0], "--read-data", "--json", env=env(sealed)
        )
    assert (done.code, done.err) == (5, "")
    found = done.json
    assert [*found] == [
        "status", "checked", "findings",
        "uploaded_bytes", "downloaded_bytes", "requests", "seconds",
    ]  # fmt: skip
    assert (found["status"], found["uploaded_bytes"]) == ("damaged", 0)
    (finding,) = found["findings"]
    assert [*finding] == ["kind", "object", "detail", "snapshots", "items", "mended"]
    assert finding["snapshots"] == [nights(sealed)[0]]
    assert len(finding["items"]) == ITEMS
    assert [*finding["items"][0]] == ["type", "id", "name"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sample", "0%"], "no share"),
        (["--sample", "many"], "no share"),
        (["--sample", "5%", "--read-data"], "exclude"),
        (["latest", "--known", "ab" * 32], "all snapshots"),
        (["--known", "nothing.json"], "nothing.json"),
        (["--repair"], "There is no vault"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(sealed: Place, arguments: list[str], said: str) -> None:
    done = program("snapshot", "verify", *arguments, env=env(sealed))
    assert (done.code, done.out, said in done.told) == (2, b"", True), done
