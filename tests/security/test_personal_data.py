"""What docs/how-to/personal-data.md says, tried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lookervault.content.registry import TYPES
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program
from tests.docs.running import ROOT
from tests.security.secrets import files

PERSON = "Ottoline Zwanzigster"
ADDRESS = "ottoline@zwanzigster.example"


def holds(folder: Path, text: str) -> bool:
    return any(text.encode() in data for _, data in files(folder, known=set()))


def plant(looker: EmbeddedLooker, name: str, address: str, *, quietly: bool) -> None:
    """Into a user, and into what Looker copies of users."""
    store = looker.store
    edit = store.edit_quietly if quietly else store.edit
    edit("users", store.ids("users")[0], display_name=name, first_name=name, email=address)
    edit("dashboards", store.ids("dashboards")[0], user_name=name, last_updater_name=name)
    alert = {"destination_type": "EMAIL", "email_address": address}
    edit("alerts", store.ids("alerts")[0], owner_display_name=name, destinations=[alert])


@pytest.mark.parametrize("text", [PERSON, ADDRESS])
def test_only_a_new_vault_forgets_whom_looker_forgot(text: str, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    with EmbeddedLooker(items=80, seed=1, counts={"alerts": 3}) as looker:
        plant(looker, PERSON, ADDRESS, quietly=False)
        env = looker.env()
        assert program("extract", "--vault", old / "vault.db", env=env).code == 0
        plant(looker, "Deleted User", "deleted@demo.example", quietly=True)
        assert program("extract", "--vault", old / "vault.db", env=env).code == 0
        assert program("extract", "--vault", new / "vault.db", env=env).code == 0
        shown = program("show", "dashboards", "1", "--vault", old / "vault.db").text
    assert holds(old, text)
    assert not holds(new, text)
    assert PERSON in shown, "the newest version of what did not change otherwise has the old name"


def test_users_can_be_left_out_from_the_start(tmp_path: Path) -> None:
    with EmbeddedLooker(items=80, seed=1) as looker:
        plant(looker, "Somebody", ADDRESS, quietly=False)
        done = program("extract", "--exclude", "users", "--json", env=looker.env())
    assert done.code == 0
    assert "users" not in done.json["types"]
    assert "user_attribute_user_values" not in done.json["types"]
    assert "embed_users" not in done.json["types"]


def test_each_type_that_the_page_names_is_one() -> None:
    page = (ROOT / "docs/how-to/personal-data.md").read_text()
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert len(rows) > 8
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} <= set(TYPES)
