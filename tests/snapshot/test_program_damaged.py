"""A manifest that cannot be read is named, and none is silently taken in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import program
from tests.snapshot.damage import Place, env_of, made, snapshot


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return made(tmp_path_factory.mktemp("place") / "made", encrypted=True)


@pytest.fixture
def place(template: Place, tmp_path: Path) -> Place:
    return template.copy(tmp_path / "copy")


@pytest.mark.parametrize("damage", [Place.flip, Place.cut])
def test_the_others_are_listed_and_the_damaged_one_is_named(place: Place, damage: object) -> None:
    last, middle, first = place.catalog().ids()
    whole = snapshot(place, "list", "--json").json
    assert callable(damage)
    damage(place, f"snapshots/{middle}")
    done = snapshot(place, "list", "--json")
    assert done.code == 5
    nothing = dict.fromkeys(whole[1]) | {"id": middle, "status": "damaged"}
    assert done.json == [whole[0], nothing, whole[2]]
    assert done.told.startswith(f"Warning: snapshots/{middle} in the store is damaged: ")
    assert "Bring it back, where the bucket keeps versions or there is a copy" in done.told
    told = snapshot(place, "list")
    assert told.code == 5
    listed = [line.split()[0] for line in told.text.splitlines()[1:]]
    assert listed == [last, middle, first]
    (row,) = [line for line in told.text.splitlines() if middle in line]
    assert "damaged" in row


@pytest.mark.parametrize("which", ["latest", "2099-01-01", "2027-01-15T08:00:02Z"])
@pytest.mark.parametrize("command", [("show",), ("pull", "--vault", "back.db"), ("rehearse",)])
def test_no_older_one_is_taken_for_the_newest(
    place: Place, command: tuple[str, ...], which: str
) -> None:
    last, middle, _ = place.catalog().ids()
    place.flip(f"snapshots/{last}")
    done = snapshot(place, *command, which)
    assert (done.code, done.out) == (5, b"")
    assert f"is {last}, and it cannot be read: snapshots/{last} in the store is" in done.told
    assert f"The newest one that can be read is {middle}: `lookervault" in done.told
    assert not Path("back.db").exists()


def test_one_that_is_older_or_newer_than_the_damaged_one_can_be_had(place: Place) -> None:
    last, middle, first = place.catalog().ids()
    place.flip(f"snapshots/{middle}")
    for which, id in (("latest", last), (first, first), ("2027-01-15T08:00:00Z", first)):
        shown = snapshot(place, "show", which, "--json")
        assert (shown.code, shown.json["id"], shown.err) == (0, id, "")
    done = snapshot(place, "show", middle)
    assert (done.code, f"snapshots/{middle} in the store is damaged" in done.told) == (5, True)


def test_where_none_can_be_read_that_is_said(place: Place) -> None:
    for name in place.names("snapshots"):
        place.cut(name)
    done = snapshot(place, "show")
    assert (done.code, "No older one can be read either." in done.told) == (5, True)
    listed = snapshot(place, "list", "--json")
    assert [one["status"] for one in listed.json] == ["damaged"] * 3


def test_what_reads_the_store_takes_no_older_one_either(place: Place) -> None:
    last, middle, _ = place.catalog().ids()
    place.flip(f"snapshots/{last}")
    done = program("list", "users", env=env_of(place))
    assert (done.code, done.out) == (5, b"")
    assert f"`lookervault snapshot pull {middle}`" in done.told


def test_nothing_is_pruned_before_somebody_says_that_it_is_lost(place: Place) -> None:
    """What it needs is not known."""
    _, middle, _ = place.catalog().ids()
    place.flip(f"snapshots/{middle}")
    before = {file for file in place.path.rglob("*") if file.is_file()}
    prune = ("prune", "--keep-last", "1", "--grace", "0h")
    done = snapshot(place, *prune)
    assert (done.code, f"snapshots/{middle} in the store is damaged" in done.told) == (5, True)
    assert {file for file in place.path.rglob("*") if file.is_file()} == before
    assert snapshot(place, *prune, "--lost", middle).code == 0
    assert place.verify(share=1.0).status == "ok"
