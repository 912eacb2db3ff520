"""Less is listed, or found, than there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookervault.demo.behaviour import Fault
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program
from tests.faults.conftest import FLAGS, TYPES, Company, new_looker


@pytest.mark.parametrize("name", ["boards", "roles"])
def test_a_list_that_is_short_deletes_nothing(company: Company, vault: Path, name: str) -> None:
    arguments = ("extract", *TYPES, *FLAGS, "--vault", vault)
    operation = {"boards": "all_boards", "roles": "search_roles"}[name]
    with new_looker() as looker:
        assert program(*arguments, env=looker.env()).code == 0
        looker.behaviour.faults_for = {operation: [Fault.SHORT_PAGE]}
        done = program(*arguments, env=looker.env())
        assert looker.behaviour.faults_for == {operation: []}
    assert (done.code, done.json["root_hash"]) == (0, company.root), done
    assert done.json["types"][name]["deleted"] == 0


@pytest.mark.parametrize("name", ["dashboards", "users", "groups"])
def test_what_is_listed_and_never_found_is_named(company: Company, vault: Path, name: str) -> None:
    with new_looker() as looker:
        hidden = looker.store.ids(name)[1]
        looker.behaviour.hidden_ids = {name: {hidden}}
        done = program("extract", *TYPES, *FLAGS, "--vault", vault, env=looker.env())
    assert (done.code, done.json["status"]) == (3, "partial"), done
    assert done.json["missing"] == [{"type": name, "id": hidden, "reason": "not_found"}]
    items = {name: one["items"] for name, one in done.json["types"].items()}
    assert items == {**company.items, name: company.items[name] - 1}


def test_more_than_a_fifth_is_not_believed_to_be_gone_until_somebody_says_so(vault: Path) -> None:
    arguments = ("extract", "dashboards", "--json", "--vault", vault)
    with EmbeddedLooker(seed=7, counts={"dashboards": 40}) as looker:
        before = program(*arguments, env=looker.env()).json["items"]
        gone = looker.store.ids("dashboards")[1:14]
        for one in gone:
            looker.store.delete("dashboards", one)
        done = program(*arguments, env=looker.env())
        assert (done.code, done.json["reasons"][0]) == (3, "mass_deletion"), done
        assert done.json["types"]["dashboards"]["deleted"] == 0
        assert len(program("list", "dashboards", "--json", "--vault", vault).json) == before
        done = program(*arguments, "--accept-deletions", "dashboards", env=looker.env())
    assert (done.code, done.json["types"]["dashboards"]["deleted"]) == (0, len(gone)), done
