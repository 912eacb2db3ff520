"""Whatever ended a run: the next one goes on with it, at the price of what was missing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from lookervault.demo.behaviour import Fault
from lookervault.demo.request_log import Served
from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import (
    AccessError,
    Interrupted,
    LookerVaultError,
    PostponedError,
    TransientError,
    VaultError,
)
from lookervault.extraction.orchestrator import Result
from lookervault.storage.log import log_path
from tests.integration.running import AtCall, QuickTime, extraction

pytestmark = pytest.mark.xdist_group("resume after each cause")  # one undisturbed run for all

TYPES = ("looks", "merge_queries", "queries", "users")
"""And those that they are found in: dashboards, alerts, scheduled plans."""
COUNTS = {"dashboards": 30, "folders": 20, "looks": 30, "users": 40}
PAGE_SIZE = 2
MORE = 0.03
"""Share of an undisturbed run's calls that both parts may take beyond them and a census."""
IN_THE_MIDDLE = 55
FETCHES = ("dashboard", "folder_looks", "look", "merge_query", "query", "user")
"""Operations that ask for objects; searches do where they name ids. All else is the census."""


class Calls(NamedTuple):
    """Those that were answered: how many there were, and how many of them brought objects."""

    all: int
    fetches: int


def calls_in(served: Sequence[Served]) -> Calls:
    good = [one for one in served if one.status == 200 and one.operation_id != "login"]
    fetches = [one for one in good if one.operation_id in FETCHES or "id" in one.query]
    return Calls(len(good), len(fetches))


class Part(NamedTuple):
    result: Result
    calls: Calls


class Case:
    """A Looker and a vault, and what may come between them."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.folder = folder
        self.vault = folder / "vault.db"
        self._serving = stack.enter_context(ExitStack())
        self._opened = stack.enter_context(ExitStack())
        self.bring_looker()
        self.open_anew()

    def bring_looker(self) -> None:
        """The same company each time, at another port."""
        self.looker = self._serving.enter_context(EmbeddedLooker(120, seed=4, counts=COUNTS))

    def take_looker_away(self) -> None:
        self._serving.close()

    def open_anew(self) -> None:
        """As another process does."""
        self._opened.close()
        self.one = self._opened.enter_context(extraction(self.looker, self.vault))
        self.time = QuickTime()

    def run(self, happens: Callable[[], object], at_call: int = 1) -> Part:
        log = self.looker.log
        log.clear()
        result = self.one.run(
            *TYPES,
            through=lambda client: AtCall(client, at_call, happens),
            time=self.time,
            workers=1,
            page_size=PAGE_SIZE,
        )
        return Part(result, calls_in(log))


# Each cause happens, and gives what puts it right.

type Mend = Callable[[], object]


def nothing() -> None:
    pass


def the_key_was_changed(case: Case) -> Mend:
    return refused_login(case, Fault.NOT_FOUND)


def the_user_was_disabled(case: Case) -> Mend:
    return refused_login(case, Fault.FORBIDDEN)


def refused_login(case: Case, fault: Fault) -> Mend:
    case.looker.behaviour.faults_for["login"] = [fault] * 9
    case.looker.revoke_tokens()
    return case.looker.behaviour.faults_for.clear


def looker_is_gone(case: Case) -> Mend:
    case.take_looker_away()
    return case.bring_looker


def looker_asks_to_wait(case: Case) -> Mend:
    case.looker.behaviour.rps = 1 / 3600
    return lambda: setattr(case.looker.behaviour, "rps", None)


def somebody_stops_it(case: Case) -> Mend:
    case.time.request()
    return nothing


def the_disk_is_full(case: Case) -> Mend:
    """No page more than the vault has; whoever opens it anew finds room again."""

    def no_more(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    case.one.vault._writing().write(no_more)  # noqa: SLF001  it is the connection's own limit
    return nothing


def it_is_killed(case: Case) -> Mend:
    """What is in the files at that moment is what another process finds."""
    left = case.folder / "left.db"
    for file, as_file in ((case.vault, left), (log_path(case.vault), log_path(left))):
        shutil.copy(file, as_file)
    case.time.request()
    case.vault = left
    return nothing


@dataclass(frozen=True, slots=True)
class Cause:
    """`status` is that of the run before it is gone on with, `error` what ended it.

    `told`: the run could say that it ended.
    """

    happens: Callable[[Case], Mend]
    status: str
    error: type[LookerVaultError]
    told: bool = True


CAUSES = [
    Cause(the_key_was_changed, "failed", AccessError),
    Cause(the_user_was_disabled, "failed", AccessError),
    Cause(looker_is_gone, "failed", TransientError),
    Cause(looker_asks_to_wait, "interrupted", PostponedError),
    Cause(somebody_stops_it, "interrupted", Interrupted),
    Cause(the_disk_is_full, "failed", VaultError),
    Cause(it_is_killed, "interrupted", Interrupted, told=False),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Part:
    """An undisturbed run."""
    with ExitStack() as stack:
        part = Case(stack, tmp_path_factory.mktemp("whole")).run(nothing)
        assert part.result.end.status == "complete"
        return part


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with ExitStack() as stack:
        yield Case(stack, tmp_path)


def is_gone_on_with(case: Case, whole: Part, cause: Cause, at_call: int) -> None:
    mends: list[Mend] = []
    first = case.run(lambda: mends.append(cause.happens(case)), at_call)
    assert isinstance(first.result.error, cause.error)
    for mend in mends:
        mend()
    case.open_anew()
    (row,) = case.one.vault.runs()
    assert (row.status, row.finished is not None) == (cause.status, cause.told)
    second = case.run(nothing)
    assert (second.result.run, second.result.resumed) == (1, True)
    assert second.result.end.status == "complete"
    assert second.result.end.root == whole.result.end.root
    missing = whole.calls.fetches - first.calls.fetches
    census = second.calls.all - second.calls.fetches
    assert second.calls.all <= missing + census + MORE * whole.calls.all


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.happens.__name__)
def test_a_run_is_gone_on_with_whatever_ended_it(case: Case, whole: Part, cause: Cause) -> None:
    is_gone_on_with(case, whole, cause, IN_THE_MIDDLE)


@pytest.mark.long
@pytest.mark.parametrize("at_call", range(5, 85, 8))
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.happens.__name__)
def test_a_run_is_gone_on_with_whenever_it_ended(
    case: Case, whole: Part, cause: Cause, at_call: int
) -> None:
    is_gone_on_with(case, whole, cause, at_call)
