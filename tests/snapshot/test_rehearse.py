"""A restore for practice: what came back is looked at, and nothing of it stays."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import msgspec
import pytest

from lookervault.cli.stopping import like_ctrl_c
from lookervault.proof import keys as signing
from lookervault.snapshot.rehearse import rehearse
from tests.cli.running import Completed, program
from tests.snapshot.damage import ITEMS, Place, env_of, made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return made(tmp_path_factory.mktemp("place") / "made", encrypted=True)


def rehearsed(place: Place, *arguments: str) -> Completed:
    """Whatever comes of it, nothing is left."""
    temporary = place.folder / "temporary"
    temporary.mkdir(exist_ok=True)
    env = env_of(place) | {"TMPDIR": str(temporary)}
    done = program("snapshot", "rehearse", *arguments, env=env)
    assert list(temporary.iterdir()) == []
    return done


def test_the_newest_snapshot_comes_back_and_is_told_of(template: Place) -> None:
    done = rehearsed(template, "--json")
    assert (done.code, done.err) == (0, "")
    found = done.json
    id = next(iter(template.catalog().ids()))
    manifest = template.catalog().manifest(id)
    assert (found["status"], found["id"], found["findings"]) == ("ok", id, [])
    assert (found["root_hash"], found["certificate"]) == (manifest.root, manifest.certificate)
    assert len(found["read"]) == 20
    assert found["downloaded_bytes"] > 0 == found["uploaded_bytes"]
    shown = rehearsed(template, id, "--items", "3")
    assert (shown.code, shown.text.count("users  ")) == (0, 3)


def test_items_are_chosen_by_chance(template: Place, tmp_path: Path) -> None:
    id = next(iter(template.catalog().ids()))
    manifest = template.catalog().manifest(id)
    chosen = [
        rehearse(
            id,
            manifest,
            tmp_path / f"{number}.db",
            template.store,
            template.reader(),
            items=items,
            rng=random.Random(number),
        ).read
        for number, items in enumerate((3, 3, 10 * ITEMS))
    ]
    assert chosen[0] != chosen[1]
    assert [len(read) for read in chosen] == [3, 3, ITEMS]


def test_a_snapshot_that_does_not_come_back_ends_with_5(template: Place, tmp_path: Path) -> None:
    place = template.copy(tmp_path / "copy")
    place.lose(place.names("packs")[0])
    done = rehearsed(place, "--json")
    assert (done.code, done.json["status"]) == (5, "damaged")
    assert [one["kind"] for one in done.json["findings"]] == ["pull"]
    assert rehearsed(place).code == 5


def test_a_snapshot_that_is_not_what_its_manifest_says_ends_with_5(
    template: Place, tmp_path: Path
) -> None:
    place = template.copy(tmp_path / "copy")
    catalog = place.catalog()
    newest, before, *_ = catalog.ids()
    rows = catalog.manifest(before).rows
    forged = msgspec.structs.replace(catalog.manifest(newest), rows=rows)
    name = f"snapshots/{newest}"
    place.file(name).write_bytes(catalog.seal.close(name, msgspec.json.encode(forged)))
    done = rehearsed(place, "--json")
    assert (done.code, {one["kind"] for one in done.json["findings"]}) == (5, {"snapshot"})


def test_another_signing_key_ends_with_1(template: Place, tmp_path: Path) -> None:
    key = signing.make(tmp_path / "signing.key").key
    done = rehearsed(template, "--key", key, "--json")
    assert (done.code, done.json["status"]) == (1, "failed")
    assert [one["kind"] for one in done.json["findings"]] == ["key"]


def test_without_a_key_for_content_it_ends_with_2(template: Place) -> None:
    env = {
        "LOOKERVAULT_STORE": template.path.as_uri(),
        "LOOKERVAULT_INDEX_KEY": str(template.people.index_key),
    }
    done = program("snapshot", "rehearse", env=env)
    assert (done.code, "--identity" in done.told) == (2, True)


def test_being_told_to_end_tidies_up_like_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), like_ctrl_c():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
