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
