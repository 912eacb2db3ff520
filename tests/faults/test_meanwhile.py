"""People go on working while they are backed up."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.demo.store import Store
from tests.cli.running import Completed, program
from tests.faults.conftest import new_looker
from tests.faults.happening import ANY, Happening

SEARCHES = {"dashboards": "search_dashboards", "looks": "search_looks"}
PAGES = ("--page-size", "3", "--workers", "1", "--json")


def extracted(looker: EmbeddedLooker, vault: Path, *arguments: str) -> Completed:
    return program("extract", *arguments, *PAGES, "--vault", vault, env=looker.env())


@pytest.fixture
def behaviour() -> Happening:
    return Happening()


@pytest.fixture
def looker(behaviour: Happening) -> Iterator[EmbeddedLooker]:
    with new_looker(behaviour) as one:
        yield one


def stored(vault: Path, name: str) -> list[str]:
    """Ids; a list, as one of them may be there twice."""
    listed = program("list", name, "--vault", vault, "--json").json
    return sorted(row["id"] for row in listed)


def living(store: Store, name: str) -> list[str]:
    return [i for i in store.ids(name) if b'"deleted":true' not in store.body(name, i)]


def into_the_trash(store: Store, name: str) -> str:
    chosen = living(store, name)[4]
    store.trash(name, chosen)
    return chosen


def out_of_the_trash(store: Store, name: str) -> str:
    chosen = next(i for i in store.ids(name) if i not in living(store, name))
    store.restore(name, chosen)
    return chosen


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("moves", [into_the_trash, out_of_the_trash])
@pytest.mark.parametrize("call", [2, 4])
def test_what_moves_between_content_and_trash_while_both_are_listed_is_not_lost(  # noqa: PLR0917 - fixtures
    looker: EmbeddedLooker,
    behaviour: Happening,
    vault: Path,
    name: str,
    moves: Callable[[Store, str], str],
    call: int,
) -> None:
    store, moved = looker.store, list[str]()
    store.trash(name, living(store, name)[2])
    behaviour.at(SEARCHES[name], call, lambda: moved.append(moves(store, name)))
    done = extracted(looker, vault, name)
    assert (done.code, len(moved)) == (0, 1), done
    assert stored(vault, name) == sorted(store.ids(name))


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_look_that_moves_to_another_folder_while_folders_are_read_is_there_once(
    looker: EmbeddedLooker, behaviour: Happening, vault: Path, call: int
) -> None:
    behaviour.at("folder_looks", call, lambda: move(looker.store))
    done = extracted(looker, vault, "looks")
    assert (done.code, behaviour.left) == (0, 0), done
    assert stored(vault, "looks") == sorted(looker.store.ids("looks"))


def move(store: Store) -> None:
    look = living(store, "looks")[0]
    here = json.loads(store.body("looks", look))["folder_id"]
    store.edit("looks", look, folder_id=next(i for i in store.ids("folders")[5:] if i != here))


def test_deletions_that_shift_the_pages_behind_them_hide_nothing(
    looker: EmbeddedLooker, behaviour: Happening, vault: Path
) -> None:
    behaviour.id_lists = False  # so that pages are read by their place
    for call, gone in enumerate(living(looker.store, "dashboards")[1:6:2], start=7):
        behaviour.at("search_dashboards", call, partial(looker.store.delete, "dashboards", gone))
    done = extracted(looker, vault, "dashboards")
    assert (done.code, behaviour.left) == (0, 0), done
    assert {*looker.store.ids("dashboards")} <= {*stored(vault, "dashboards")}


def something(store: Store, chance: random.Random) -> None:
    """To a dashboard, as it tells of a change by its `updated_at`."""
    here = living(store, "dashboards")
    one = chance.choice(here)
    trashed = [i for i in store.ids("dashboards") if i not in here]
    what: list[Callable[[], object]] = [
        partial(store.create, "dashboards", title="Made meanwhile"),
        partial(store.edit, "dashboards", one, title=f"Edited {chance.random()}"),
        partial(store.delete, "dashboards", one),
        partial(store.trash, "dashboards", one),
        *(partial(store.restore, "dashboards", i) for i in trashed[:1]),
    ]
    chance.choice(what)()


@pytest.mark.parametrize("seed", range(6))
def test_what_is_there_throughout_is_there_in_the_end_or_named(
    looker: EmbeddedLooker, behaviour: Happening, vault: Path, tmp_path: Path, seed: int
) -> None:
    store, chance = looker.store, random.Random(seed)
    for call in chance.sample(range(5, 21), 8):
        behaviour.at(ANY, call, lambda: something(store, chance))
    before = {*store.ids("dashboards")}
    done = extracted(looker, vault, "dashboards", "boards")
    lasting = before & {*store.ids("dashboards")}
    named = {one["id"] for one in done.json["missing"] if one["type"] == "dashboards"}
    assert (done.code, behaviour.left) == (3 if done.json["missing"] else 0, 0), done
    assert "*" in named or lasting <= named | {*stored(vault, "dashboards")}
    accepted = ("dashboards", "boards", "--accept-deletions", "dashboards")
    next_one = extracted(looker, vault, *accepted)
    fresh = extracted(looker, tmp_path / "fresh.db", "dashboards", "boards")
    assert (next_one.code, fresh.code) == (0, 0), next_one
    assert next_one.json["root_hash"] == fresh.json["root_hash"]
