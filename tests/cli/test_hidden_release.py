"""A Looker that refuses to say its release and its name is read all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=1) as server:
        yield server


@pytest.mark.parametrize("status", [403, 404])
def test_check_names_it_by_its_base_url(looker: EmbeddedLooker, status: int) -> None:
    looker.behaviour.forbidden = {"versions": status}
    done = program("check", env=looker.env())
    found = program("check", "--json", env=looker.env())
    assert (done.code, found.code) == (0, 0), done
    assert f"{looker.base_url}, release unknown" in done.text
    assert "does not say its release" in done.text
    assert (found.json["instance"], found.json["looker_version"]) == (looker.base_url, "")
    assert found.json["complete"] is True
    assert len(found.json["notes"]) == 1


def test_check_has_nothing_to_note_where_it_is_told(looker: EmbeddedLooker) -> None:
    found = program("check", "--json", env=looker.env()).json
    assert (found["instance"], found["notes"]) == (looker.store.world.host, [])


def test_a_vault_is_compared_with_the_looker_that_it_came_from(looker: EmbeddedLooker) -> None:
    assert program("extract", "themes", env=looker.env()).code == 0
    looker.behaviour.forbidden = {"versions": 403}
    done = program("verify", "--against-looker", "--json", env=looker.env())
    assert (done.code, done.json["looker"]["others"]) == (0, [])
    assert f"taken for {looker.store.world.host}, as in the last run from there" in done.told


def test_a_backup_without_it_is_complete_and_says_so(looker: EmbeddedLooker) -> None:
    looker.behaviour.forbidden = {"versions": 403}
    done = program("extract", "themes", "--json", env=looker.env())
    assert (done.code, done.json["status"]) == (0, "complete")
    assert done.json["instance"] == looker.base_url
    assert f"taken for {looker.base_url}, by its base URL" in done.told
    shown = program("certificate", "show", "1")
    assert "release unknown" in shown.text


def test_a_vault_stays_its_lookers_through_nights_on_which_it_does_not_say_who_it_is(
    looker: EmbeddedLooker,
) -> None:
    instances = []
    for status in (None, 403, 404, None):
        looker.behaviour.forbidden = {"versions": status} if status else {}
        done = program("extract", "themes", "--json", env=looker.env())
        assert (done.code, done.json["status"]) == (0, "complete")
        instances.append(done.json["instance"])
    assert instances == [looker.store.world.host] * 4


def test_another_looker_is_refused_whether_or_not_it_says_who_it_is(
    looker: EmbeddedLooker,
) -> None:
    looker.behaviour.forbidden = {"versions": 403}
    assert program("extract", "themes", env=looker.env()).code == 0
    looker.behaviour.forbidden = {}
    assert program("extract", "themes", env=looker.env()).code == 0, "the same, with its name"
    with EmbeddedLooker(items=1, seed=2) as other:
        for forbidden in ({}, {"versions": 403}):
            other.behaviour.forbidden = dict(forbidden)
            refused = program("extract", "themes", env=other.env())
            assert (refused.code, refused.out) == (2, b"")
            assert f"belongs to {looker.store.world.host}" in refused.told
