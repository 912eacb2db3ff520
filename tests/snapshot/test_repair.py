"""What a vault still has is written again, and each snapshot that was hit comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lookervault.errors import DamagedError
from lookervault.snapshot.repair import repair
from lookervault.snapshot.verify import Report
from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify as verify_vault
from tests.cli.running import program
from tests.snapshot.damage import NIGHTS, Place, extracted, made
from tests.unit.snapshot.stores import NOW


@pytest.fixture(scope="module", params=[True, False], ids=["encrypted", "open"])
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return made(tmp_path_factory.mktemp("place") / "made", encrypted=request.param)


@pytest.fixture
def place(template: Place, tmp_path: Path) -> Place:
    return template.copy(tmp_path / "copy")


def repaired(place: Place, *, vault: Path | None = None, nightly: bool = False) -> Report:
    report = place.verify(share=1.0, keys=Place.nightly if nightly else Place.reader)
    assert report.status == "damaged"
    before = contents(place)
    keys = place.nightly() if nightly else place.reader()
    repair(place.catalog(), keys, report, vault or place.vault)
    assert before.items() <= contents(place).items()  # nothing is changed or removed
    return report


def contents(place: Place) -> dict[str, bytes]:
    names = (one.relative_to(place.path) for one in place.path.rglob("*") if one.is_file())
    return {str(name): place.file(str(name)).read_bytes() for name in names}


def check_all_come_back(place: Place, tmp_path: Path) -> None:
    with Repository.open(place.vault, write=False) as own:
        for number, id in enumerate(sorted(place.catalog().ids()), start=1):
            back = place.pulled(id, tmp_path / f"{id}.db")
            assert verify_vault(back, deep=True).status == "ok"
            with Repository.open(back, write=False) as repository:
                bodies = {one.id: body for one, body in repository.versions("users", number)}
            assert bodies == {one.id: body for one, body in own.versions("users", number)}


@pytest.mark.parametrize("folder", ["packs", "index"])
@pytest.mark.parametrize("what", ["flip", "cut", "lose"])
def test_each_snapshot_that_was_hit_comes_back(
    place: Place, tmp_path: Path, folder: str, what: str
) -> None:
    for name in place.names(folder):
        getattr(place, what)(name)
    with pytest.raises(DamagedError):
        place.pulled(next(iter(place.catalog().ids())), tmp_path / "no.db")
    report = repaired(place)
    assert report.status == "repaired"
    again = place.verify(share=1.0)
    assert (again.status, again.findings) == ("ok", [])
    assert again.checked["mended"] == len(report.findings)
    check_all_come_back(place, tmp_path)


def test_the_machine_that_cannot_read_content_repairs_it(place: Place, tmp_path: Path) -> None:
    place.flip(place.names("packs")[0])
    assert repaired(place, nightly=True).status == "repaired"
    assert place.verify(share=1.0).status == "ok"
    check_all_come_back(place, tmp_path)


def test_what_the_vault_does_not_have_is_taken_from_what_is_whole(
    place: Place, tmp_path: Path
) -> None:
    """And what is neither here nor there stays lost, until another vault has it."""
    for name in place.names("packs"):
        place.cut(name)
    other = tmp_path / "other.db"
    extracted(other, 0)
    report = repaired(place, vault=other)
    left = [one for one in report.findings if not one.mended]
    assert report.status == "damaged"
    assert sorted(one.id for finding in left for one in finding.items) == ["5", "8"]
    again = repaired(place)
    assert again.status == "repaired"
    assert sum(len(one.bodies) for one in again.findings) < sum(len(f.bodies) for f in left) + 1
    check_all_come_back(place, tmp_path)


@pytest.mark.parametrize("what", ["flip", "lose"])
def test_what_was_repaired_can_be_repaired_again(place: Place, tmp_path: Path, what: str) -> None:
    place.lose(place.names("packs")[0])
    repaired(place)
    for name in place.names("packs"):
        if name.endswith("-1"):
            getattr(place, what)(name)
    assert repaired(place).status == "repaired"
    assert place.verify(share=1.0).status == "ok"
    check_all_come_back(place, tmp_path)


def test_a_snapshot_that_is_made_after_a_repair_needs_nothing_of_it(
    place: Place, tmp_path: Path
) -> None:
    for name in place.names("index"):
        place.lose(name)
    repaired(place)
    extracted(place.vault, NIGHTS)
    done = place.push(NOW + NIGHTS)
    shutil.rmtree(place.path / "repairs")
    assert verify_vault(place.pulled(done.id, tmp_path / "b.db"), deep=True).status == "ok"


def test_other_rows_in_place_of_those_that_are_lost_are_no_repair(
    place: Place, tmp_path: Path
) -> None:
    """Whoever sealed them."""
    catalog = place.catalog()
    newest = next(iter(catalog.ids()))
    first, *_, last = catalog.manifest(newest).row_pieces
    place.lose(first.name)
    again = f"repairs/{first.name}"
    place.store.create(again, catalog.seal.close(again, catalog.pieces.read(last)))
    with pytest.raises(DamagedError, match="is not there"):
        place.pulled(newest, tmp_path / "b.db")
    assert place.verify().status == "damaged"


def test_rows_come_back_where_the_vault_is_as_it_was(place: Place, tmp_path: Path) -> None:
    newest = next(iter(place.catalog().ids()))
    (last,) = place.catalog().manifest(newest).rows[-1]
    place.flip(last.name)
    report = repaired(place)
    assert [(one.kind, one.mended) for one in report.findings] == [("rows", True)]
    assert place.verify().status == "ok"
    check_all_come_back(place, tmp_path)


def test_after_rows_are_lost_for_good_a_push_makes_a_whole_snapshot(
    place: Place, tmp_path: Path
) -> None:
    (first,) = place.catalog().manifest(next(iter(place.catalog().ids()))).rows[0]
    place.flip(first.name)
    assert repaired(place).status == "damaged"
    done = place.push(NOW + NIGHTS)
    assert (done.new, len(done.passed_over)) == (True, 1)
    assert verify_vault(place.pulled(done.id, tmp_path / "b.db"), deep=True).status == "ok"
    extracted(place.vault, NIGHTS)
    assert place.push(NOW + NIGHTS + 1).passed_over == []


@pytest.mark.parametrize("folder", ["snapshots", "rows", "index"])
def test_no_sealed_object_that_is_damaged_keeps_nights_from_going_on(
    place: Place, tmp_path: Path, folder: str
) -> None:
    for name in place.names(folder):
        place.flip(name)
    extracted(place.vault, NIGHTS)
    done = place.push(NOW + NIGHTS)
    assert done.passed_over
    assert verify_vault(place.pulled(done.id, tmp_path / "b.db"), deep=True).status == "ok"
    extracted(place.vault, NIGHTS + 1)
    place.push(NOW + NIGHTS + 1)


def test_rows_that_are_pushed_again_come_to_stand_for_the_damaged_ones(
    template: Place, tmp_path: Path
) -> None:
    """The first rows of a vault that has not changed since are the same bytes."""
    shutil.copytree(template.folder, tmp_path / "one", ignore=shutil.ignore_patterns("store"))
    place = Place(tmp_path / "one", template.encrypted)
    first = place.push()
    (piece,) = first.manifest.row_pieces
    place.flip(piece.name)
    second = place.push(NOW + 1)
    for done in {first.id: first, second.id: second}.values():
        back = place.pulled(done.id, tmp_path / f"{done.id}.db")
        assert verify_vault(back, deep=True).status == "ok"
    assert place.verify().checked["mended"] > 0


def test_the_command_repairs_and_says_so(place: Place) -> None:
    env = {"LOOKERVAULT_STORE": place.path.as_uri()}
    if place.encrypted:
        env |= {"LOOKERVAULT_INDEX_KEY": str(place.people.index_key)}
    place.lose(place.names("packs")[0])
    arguments = ("snapshot", "verify", "--repair", "--vault", place.vault)
    done = program(*arguments, "--json", env=env)
    assert (done.code, done.json["status"]) == (0, "repaired")
    assert done.json["uploaded_bytes"] > 0
    assert [one["mended"] for one in done.json["findings"]] == [True]
    again = program(*arguments, env=env)
    assert (again.code, "Mended before" in again.text) == (0, True)
