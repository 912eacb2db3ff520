"""The engine against a Looker that limits, forgets tokens and goes down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from lookervault.content.operations import Operation
from lookervault.demo.behaviour import Fault
from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import AccessError, Exit, TransientError
from lookervault.extraction.retry import Client
from tests.integration.conftest import NewVault
from tests.integration.running import Extraction, Meanwhile, QuickTime, by_type

COUNTS = {
    "dashboards": 20,
    "looks": 30,
    "folders": 24,
    "users": 30,
    "boards": 2,
    "scheduled_plans": 6,
    "alerts": 6,
    "groups": 8,
}


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(200, 5, counts=COUNTS) as one:
        yield one


@pytest.fixture
def one(looker: EmbeddedLooker, new_vault: NewVault) -> Extraction:
    return new_vault(looker)


def meanwhile(happens: Mapping[tuple[str, int], Callable[[], Any]]) -> Callable[[Client], Client]:
    return lambda client: Meanwhile(client, happens)


# One login.


@pytest.mark.parametrize("workers", [1, 50])
def test_a_token_revoked_while_all_workers_call_costs_one_login(
    workers: int, looker: EmbeddedLooker, one: Extraction
) -> None:
    happens = {("role_users", 3): looker.revoke_tokens}
    result = one.run(workers=workers, through=meanwhile(happens))
    assert result.end.status == "complete"
    assert looker.logins == 2


@pytest.mark.parametrize("workers", [1, 50])
def test_all_workers_begin_with_one_login(
    workers: int, looker: EmbeddedLooker, one: Extraction
) -> None:
    assert one.run(workers=workers).end.status == "complete"
    assert looker.logins == 1


def test_a_token_that_lives_shorter_than_the_run_is_renewed(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    """Not so short that a slow machine sees one expire on its way to its first call."""
    looker.behaviour.token_lifetime_s = 0.4
    looker.behaviour.latency_ms = 10
    result = one.run("roles", "role_members", "settings", workers=1)
    assert result.end.status == "complete"
    assert looker.logins > 1


def test_a_key_that_is_withdrawn_in_mid_run_ends_it_with_the_code_for_access(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    def withdraw() -> None:
        looker._sessions.client_secret = "another"  # noqa: SLF001 - the demo's key never changes
        looker.revoke_tokens()

    result = one.run(through=meanwhile({("role_users", 2): withdraw}))
    assert result.end.status == "failed"
    assert isinstance(result.error, AccessError)
    assert result.error.exit_code is Exit.ACCESS
    assert one.vault.is_sealed(result.run)


# Limits.


class Timed:
    """Keeps the moment and the outcome of each call."""

    def __init__(self, client: Client, time: QuickTime) -> None:
        self._client = client
        self._time = time
        self._lock = threading.Lock()
        self.calls: list[tuple[float, bool]] = []

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        at = self._time.clock()
        good = False
        try:
            body = self._client.get(operation, *path_args, params=params)
            good = True
        finally:
            with self._lock:
                self.calls.append((at, good))
        return body


@pytest.mark.parametrize("fault", [Fault.TOO_MANY, Fault.TOO_MANY_SILENT])
@pytest.mark.parametrize("workers", [1, 4])
def test_after_a_429_nobody_knocks_before_the_time_is_over(
    fault: Fault, workers: int, looker: EmbeddedLooker, one: Extraction
) -> None:
    time = QuickTime()
    timed: list[Timed] = []

    def through(client: Client) -> Client:
        timed.append(Timed(client, time))
        return timed[0]

    looker.behaviour.faults_for = {"role_groups": [fault]}
    result = one.run("role_members", through=through, time=time, workers=workers)
    assert result.end.status == "complete"
    assert (result.end.throttled, result.end.retries) == (1, 1)
    (refused,) = [at for at, good in timed[0].calls if not good]
    later = [at for at, _ in timed[0].calls if at > refused]
    assert min(later) >= refused + 1


def test_the_rate_asked_for_is_kept(looker: EmbeddedLooker, one: Extraction) -> None:
    time = QuickTime()
    began = time.clock()
    result = one.run("role_members", time=time, rate=5, workers=4)
    assert result.end.status == "complete"
    assert time.clock() - began >= (result.end.calls - 5) / 5


# Going down.


@pytest.mark.parametrize("fault", [Fault.ERROR_500, Fault.BAD_GATEWAY, Fault.RESET, Fault.HTML_200])
def test_a_looker_that_goes_down_in_mid_run_ends_it_as_failed_and_keeps_what_came(
    fault: Fault, looker: EmbeddedLooker, one: Extraction
) -> None:
    def down() -> None:
        looker.behaviour.faults_for = {
            name: [fault] * 1000 for name in ("role_users", "role_groups", "search_dashboards")
        }

    result = one.run(
        "dashboards",
        "role_members",
        through=meanwhile({("role_users", 4): down}),
        max_tries=2,
        workers=2,
        page_size=2,
    )
    assert result.end.status == "failed"
    assert isinstance(result.error, TransientError)
    assert result.error.hint
    kept = one.vault.counts()
    assert kept["roles"] == len(looker.store.ids("roles"))
    looker.behaviour.faults_for = {}
    assert one.run("dashboards", "role_members").end.status == "complete"


def test_a_looker_that_fails_now_and_then_is_read_to_the_same_root(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    expected = new_vault(looker).run().end.root
    faults = [Fault.ERROR_500, Fault.BAD_GATEWAY, Fault.UNAVAILABLE, Fault.RESET, Fault.TRUNCATED]
    names = ("role_users", "role_groups", "merge_query", "search_looks", "folder_looks")
    looker.behaviour.faults_for = {name: list(faults) for name in names}
    result = new_vault(looker).run()
    assert (result.end.status, result.end.root) == ("complete", expected)
    assert result.end.retries == len(faults) * len(names)


# Memory and utilization.


@pytest.mark.parametrize("gzip", [True, False])
def test_room_for_one_answer_at_a_time_is_room_enough(
    looker: EmbeddedLooker, one: Extraction, gzip: bool
) -> None:
    looker.behaviour.gzip = gzip
    size = 2**16
    result = one.run("dashboards", workers=8, page_bytes=size, bytes_in_flight=size)
    assert result.end.status == "complete"
    assert by_type(result)["dashboards"].items == COUNTS["dashboards"]


def test_a_huge_list_that_comes_as_nonsense_does_not_hold_the_others_up_for_ever(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    """It fills the whole ceiling and is asked for again, while all the others want room, too."""
    looker.behaviour.faults_for = {
        name: [Fault.REPEATED_ROW] for name in ("all_folders", "all_scheduled_plans", "all_boards")
    }
    result = one.run(
        "dashboards",
        "folders",
        "scheduled_plans",
        "boards",
        workers=4,
        page_bytes=2**16,
        bytes_in_flight=2**16,
    )
    assert result.end.status == "complete"
