"""The login ends in mid-run: it is renewed once for all, or the run ends and says whose fault."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program
from tests.faults.conftest import FLAGS, TYPES, Company, new_looker
from tests.faults.happening import ANY, Happening
from tests.faults.relay import Spoil, env_of, good, relayed
from tests.unit.looker.stand_in import Request

MEANWHILE, LATER = 50, 58
"""Calls into a run. Those in between are on their way when the token ends."""
HOUR = 3600


class Clock:
    """The server's; it may be put forward."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead

    def forward(self) -> None:
        self.ahead += 2 * HOUR


def revoked(looker: EmbeddedLooker, _: Clock) -> None:
    looker.revoke_tokens()


def expired(_: EmbeddedLooker, clock: Clock) -> None:
    clock.forward()


@pytest.mark.parametrize("ends", [revoked, expired])
def test_a_token_that_ends_while_fifty_workers_call_costs_one_login(
    company: Company, ends: Callable[[EmbeddedLooker, Clock], None]
) -> None:
    clock = Clock()
    behaviour = Happening()
    looker = new_looker(behaviour, clock=clock)

    def end() -> None:
        ends(looker, clock)
        behaviour.wait(0)

    behaviour.at(ANY, MEANWHILE, lambda: behaviour.wait(500))
    behaviour.at(ANY, LATER, end)
    arguments = (*TYPES, "--page-size", "1", "--workers", "50", "--json")
    with looker:
        done = program("extract", *arguments, env=looker.env())
        refused = [call for call in looker.log if call.status == 401]
    assert (done.code, done.json["root_hash"]) == (0, company.root), done
    assert (behaviour.left, looker.logins) == (0, 2)
    assert len(refused) > 1, "one worker alone would not show it"


def test_a_key_that_is_changed_in_mid_run_ends_it_with_4_and_the_new_one_goes_on(
    company: Company, vault: Path
) -> None:
    arguments = ("extract", *TYPES, *FLAGS, "--vault", vault)

    def spoils(number: int, _: Request) -> Spoil:
        if number == 20:
            server.secret = "another"
            server.revoke()
        return good

    with relayed(company.looker, spoils) as (server, _):
        env = env_of(server, company.looker)
        done = program(*arguments, env=env)
        assert (done.code, done.json["status"], done.json["run"]) == (4, "failed", 1), done
        assert "environment LOOKERSDK_CLIENT_SECRET" in done.told
        assert company.looker.client_secret not in done.err + done.text
        done = program(*arguments, env=env | {"LOOKERSDK_CLIENT_SECRET": "another"})
    assert (done.code, done.json["run"], done.json["root_hash"]) == (0, 1, company.root), done
