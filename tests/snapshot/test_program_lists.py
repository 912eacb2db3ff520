"""Something in between answers a list with 200 and a page that is no list."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import seaweed
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program
from tests.snapshot.conftest import Target, own_prefix, snapshot
from tests.snapshot.relay import Ask, Relay, answer, good
from tests.unit.looker.stand_in import Reply, Request

NO_LIST = answer(200, b"<html><body>Please log in.</body></html>")


@pytest.fixture
def store(relay: Relay, vault: Path) -> Target:
    """With a snapshot in it."""
    target = Target(f"s3://{seaweed.BUCKET}/{own_prefix()}", seaweed.env_of(relay.port))
    assert snapshot(target, "push", "--no-encryption", "--vault", vault).code == 0
    return target


def in_place_of_lists(request: Request, ask: Ask) -> Reply:
    return NO_LIST(request, ask) if "list-type" in request.target else ask(request)


PRUNE = ("prune", "--keep-last", "1", "--grace", "0h")
PUSH = ("push", "--vault", "vault.db")


@pytest.mark.parametrize(
    ("arguments", "only_once"),
    [
        *((arguments, False) for arguments in (PRUNE, PUSH, ("list",), ("verify",))),
        *((arguments, True) for arguments in (PRUNE, PUSH, ("list",))),
    ],
)
def test_it_is_not_taken_for_an_empty_store(
    store: Target, relay: Relay, arguments: tuple[str, ...], *, only_once: bool
) -> None:
    """All lists are so, or only the first one of snapshots."""
    before = {one.name for one in store.open().list("")}
    left = [1]

    def spoiled(request: Request, ask: Ask) -> Reply:
        is_list = "list-type" in request.target
        of_snapshots = "snapshots%2F&" in f"{request.target}&"
        if is_list and (not only_once or (of_snapshots and left and left.pop())):
            return NO_LIST(request, ask)
        return ask(request)

    relay.otherwise = spoiled
    done = snapshot(store, *arguments)
    relay.otherwise = good
    assert done.code == 1, done
    assert "does not list what it has" in done.told
    assert {one.name for one in store.open().list("")} == before


def test_a_night_does_not_begin_from_nothing(store: Target, relay: Relay) -> None:
    with EmbeddedLooker(items=1) as looker:
        relay.otherwise = in_place_of_lists
        env = {**store.env, **looker.env()}
        done = program("extract", "boards", "--store", store.url, "--json", env=env)
        assert (done.code, len(looker.log)) == (1, 0)
    assert "does not list what it has" in done.told


def test_a_store_that_lost_all_snapshots_is_told_of(store: Target) -> None:
    opened = store.open()
    opened.delete([one.name for one in opened.list("snapshots/")])
    with EmbeddedLooker(items=1) as looker:
        env = {**store.env, **looker.env()}
        done = program("extract", "boards", "--store", store.url, "--json", env=env)
    assert done.code == 0
    assert "was made before, and has no snapshot: the run begins from nothing" in done.told
