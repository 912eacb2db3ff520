"""Records of prunes are there twice: one that is damaged is named, and is no obstacle."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookervault.storage.verify import verify
from tests.snapshot.damage import NIGHTS, Place, extracted, made, snapshot

PRUNE = ("prune", "--keep-last", "1", "--grace", "0h", "--json")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Pruned: of the first nights nothing is left."""
    place = made(tmp_path_factory.mktemp("place") / "made", encrypted=True)
    assert snapshot(place, *PRUNE).code == 0
    return place


@pytest.fixture
def place(template: Place, tmp_path: Path) -> Place:
    return template.copy(tmp_path / "copy")


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("damage", [Place.flip, Place.lose])
def test_one_of_two_is_enough(place: Place, which: int, damage: object) -> None:
    assert callable(damage)
    name = place.names("pruned")[which]
    damage(place, name)
    assert snapshot(place, "pull", "--vault", "back.db").code == 0
    assert verify(Path("back.db"), deep=True).status == "ok"
    found = snapshot(place, "verify", "--json")
    if damage is Place.flip:
        assert (found.code, found.json["status"]) == (5, "damaged")
        assert [(one["kind"], one["object"]) for one in found.json["findings"]] == [
            ("record", name)
        ]
    extracted(place.vault, NIGHTS)
    done = snapshot(place, "push", "--vault", place.vault, "--json")
    is_met = damage is Place.flip and which == 0
    assert (done.code, len(done.json["passed_over"])) == (5 * is_met, is_met), done
    assert snapshot(place, *PRUNE).code == 0
    assert len(place.names("pruned")) == 2
    assert name not in place.names("pruned")
    assert snapshot(place, "verify", "--read-data").code == 0


def test_where_both_are_damaged_they_are_named_and_nothing_is_written(place: Place) -> None:
    for name in place.names("pruned"):
        place.flip(name)
    before = {file for file in place.path.rglob("*") if file.is_file()}
    (id,) = [one["id"] for one in snapshot(place, "list", "--json").json]
    assert snapshot(place, "show", id).code == 0
    for arguments in (("pull", "--vault", "b.db"), ("push", "--vault", place.vault), PRUNE):
        done = snapshot(place, *arguments)
        assert done.code == 5
        assert f"Bring back {' or '.join(place.names('pruned'))}, where" in done.told
    assert {file for file in place.path.rglob("*") if file.is_file()} == before
