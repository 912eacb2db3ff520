"""Whose vault it is, also where Looker does not say who it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.errors import UsageError
from lookervault.extraction.identity import claim
from lookervault.extraction.visibility import Version
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunStart

WEB, API = "https://looker.example", "https://api.looker.example:19999"
OTHER_WEB, OTHER_API = "https://other.example", "https://api.other.example"
TOLD = Version("26.12", WEB)
HIDDEN = Version("", "")


class Vault:
    """A vault, and runs of Lookers into it."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def run(self, looker: Version, base_url: str = API, *, same_instance: bool = False) -> str:
        """What the Looker was taken for."""
        here = claim(self.repository, looker, base_url, same_instance=same_instance)
        self.repository.begin_run(
            RunStart(
                started=0.0,
                instance=here.instance,
                base_url=base_url,
                user="",
                user_id="1",
                looker_version=looker.release,
                program_version="0",
                arguments={},
                types=[],
            )
        )
        assert self.repository.instance() == here.instance
        assert bool(here.note) == (not looker.web_url)
        return here.instance


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Repository.open(tmp_path / "vault.db", write=True) as repository:
        yield Vault(repository)


def test_a_vault_is_known_by_what_looker_calls_itself_wherever_it_is_reached(vault: Vault) -> None:
    assert [vault.run(TOLD, url) for url in (API, OTHER_API)] == [WEB, WEB]
    with pytest.raises(UsageError, match=f"belongs to {WEB}, and {OTHER_WEB} was"):
        vault.run(Version("26.12", OTHER_WEB))


def test_it_stays_its_own_while_looker_does_not_say_who_it_is(vault: Vault) -> None:
    nights = [vault.run(one) for one in (TOLD, HIDDEN, HIDDEN, TOLD)]
    assert nights == [WEB] * 4


def test_another_looker_that_does_not_say_who_it_is_has_another_address(vault: Vault) -> None:
    vault.run(TOLD)
    with pytest.raises(UsageError, match=f"belongs to {WEB}, and {OTHER_API} was"):
        vault.run(HIDDEN, OTHER_API)
    assert vault.repository.instance() == WEB


def test_a_vault_that_began_without_a_name_gets_it_once_it_is_told(vault: Vault) -> None:
    nights = [vault.run(one) for one in (HIDDEN, HIDDEN, TOLD, HIDDEN)]
    assert nights == [API, API, WEB, WEB]
    with pytest.raises(UsageError, match=f"belongs to {WEB}"):
        vault.run(Version("26.12", OTHER_WEB))


def test_without_a_name_another_address_is_another_looker(vault: Vault) -> None:
    vault.run(HIDDEN)
    for looker in (HIDDEN, TOLD):
        with pytest.raises(UsageError, match=f"belongs to {API}"):
            vault.run(looker, OTHER_API)


def test_a_name_that_was_told_is_no_guess_though_it_is_the_address_too(vault: Vault) -> None:
    vault.run(Version("26.12", API))
    vault.run(HIDDEN)
    with pytest.raises(UsageError, match=f"belongs to {API}"):
        vault.run(TOLD)


def test_a_looker_that_was_renamed_is_the_same_one_if_somebody_says_so(vault: Vault) -> None:
    vault.run(TOLD)
    assert vault.run(Version("26.14", OTHER_WEB), same_instance=True) == OTHER_WEB
    assert vault.run(HIDDEN) == OTHER_WEB
    assert vault.run(HIDDEN, OTHER_API, same_instance=True) == OTHER_API
    with pytest.raises(UsageError, match=f"belongs to {OTHER_API}"):
        vault.run(HIDDEN)
