"""Looker goes away while it is read, and comes back."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from threading import Event
from urllib.parse import urlsplit

from tests.cli.running import ended, started
from tests.faults.conftest import FLAGS, TYPES, Company, new_looker
from tests.faults.happening import ANY, Happening

TRIES = 3
"""Calls that meet nobody."""


def hang_up(port: int) -> None:
    """On so many calls, as a load balancer with nothing behind it does."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(60)
        for _ in range(TRIES):
            listener.accept()[0].close()


def test_a_looker_that_is_restarted_in_mid_run_is_waited_for(company: Company) -> None:
    behaviour, in_mid_run = Happening(), Event()
    behaviour.at(ANY, 15, in_mid_run.set)
    with ExitStack() as first:
        looker = first.enter_context(new_looker(behaviour))
        arguments = ("extract", *TYPES, *FLAGS, "--workers", "1")
        with started(*arguments, env=looker.env()) as process:
            assert in_mid_run.wait(60)
            behaviour.wait(600_000)  # the one call that may be under way ends with the server
            first.close()
            port = urlsplit(looker.base_url).port or 0
            hang_up(port)
            with new_looker(port=port) as again:
                done = ended(process)
    assert (done.code, done.json["run"], done.json["root_hash"]) == (0, 1, company.root), done
    assert done.json["retries"] >= TRIES
    assert again.logins == 1
