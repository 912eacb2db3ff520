"""A store in which somebody has put an older state back: each object in it is a true one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lookervault.snapshot import note
from lookervault.storage.repository import Repository
from tests.cli.running import Completed, program
from tests.snapshot.damage import NIGHTS, Place, extracted, made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return made(tmp_path_factory.mktemp("place") / "made", encrypted=True)


@pytest.fixture
def place(template: Place, tmp_path: Path) -> Place:
    """The store as it is, and as it was a night before, in `older`."""
    found = template.copy(tmp_path / "copy")
    shutil.copytree(found.path, found.folder / "older")
    extracted(found.vault, NIGHTS)
    done = run(found, "push", "--vault", found.vault)
    assert (done.code, done.err) == (0, "")
    return found


def run(place: Place, *arguments: object) -> Completed:
    env = {
        "LOOKERVAULT_STORE": place.path.as_uri(),
        "LOOKERVAULT_INDEX_KEY": str(place.people.index_key),
    }
    return program("snapshot", *arguments, env=env)


def put_back(place: Place) -> str:
    """Returns the snapshot that is gone."""
    before = place.catalog().ids()
    shutil.rmtree(place.path)
    shutil.copytree(place.folder / "older", place.path)
    (gone,) = before.keys() - place.catalog().ids().keys()
    return gone


def newest_certificate(place: Place) -> str:
    with Repository.open(place.vault, write=False) as repository:
        return repository.certificates()[-1].certificate.hash


def test_whoever_has_the_vault_notices(place: Place) -> None:
    assert run(place, "verify", "--vault", place.vault).code == 0
    gone = put_back(place)
    done = run(place, "verify", "--vault", place.vault, "--json")
    assert (done.code, done.json["status"]) == (5, "damaged")
    (found,) = done.json["findings"]
    assert (found["kind"], found["object"]) == ("rollback", gone)
    # who does not know of it cannot notice: all that is there is whole
    assert run(place, "verify").code == 0


def test_a_damaged_newest_snapshot_was_not_taken_away(place: Place) -> None:
    (id, *_) = place.catalog().ids()
    newest = place.catalog().manifest(id).rows[-1][0].name
    place.file(newest).write_bytes(b"x" * place.file(newest).stat().st_size)
    done = run(place, "verify", "--vault", place.vault, "--json")
    assert done.code == 5
    assert [one["kind"] for one in done.json["findings"]] == ["rows"]
    mended = run(place, "verify", "--repair", "--vault", place.vault, "--json")
    assert (mended.code, mended.json["status"]) == (0, "repaired")


def test_a_push_says_so_and_goes_on(place: Place) -> None:
    gone = put_back(place)
    done = run(place, "push", "--vault", place.vault)
    assert done.code == 0
    assert done.told.startswith(f"Warning: Snapshot {gone} was pushed from this vault")
    assert run(place, "verify", "--vault", place.vault).code == 0
    again = run(place, "push", "--vault", place.vault)
    assert (again.code, again.err) == (0, "")


def test_whoever_knows_a_certificate_notices(place: Place, tmp_path: Path) -> None:
    certificate, file = newest_certificate(place), tmp_path / "newest.certificate"
    shown = program(
        "certificate", "show", NIGHTS + 1, "--vault", place.vault, "--export", str(file)
    )
    assert shown.code == 0
    known = ("--known", certificate, "--known", file)
    assert run(place, "verify", *known).code == 0
    put_back(place)
    done = run(place, "verify", *known, "--json")
    assert [one["object"] for one in done.json["findings"]] == [certificate, str(file)]
    assert done.code == 5


def test_a_vault_that_is_ahead_of_the_store_is_none(place: Place) -> None:
    extracted(place.vault, NIGHTS + 1)
    assert run(place, "verify", "--vault", place.vault).code == 0


def test_that_snapshot_may_go_once_a_newer_one_is_there(place: Place) -> None:
    noted = note.read(place.vault, place.path.as_uri())
    assert noted is not None
    extracted(place.vault, NIGHTS + 1)
    elsewhere = Path(shutil.copy(place.vault, place.folder / "elsewhere.db"))
    assert run(place, "push", "--vault", elsewhere).code == 0
    place.lose(f"snapshots/{noted.id}")
    assert run(place, "verify", "--vault", place.vault).code == 0
    done = run(place, "push", "--vault", place.vault)
    assert (done.code, done.err) == (0, "")


def test_a_note_is_of_one_store_and_one_that_cannot_be_read_is_none(place: Place) -> None:
    url = place.path.as_uri()
    assert note.read(place.vault, f"{url}-2") is None
    file = place.vault.with_name("vault.db.pushed")
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"{")
    assert note.read(place.vault, url) is None
    put_back(place)
    assert run(place, "push", "--vault", place.vault).err == ""
    assert note.read(place.vault, url) is not None
