"""How a run shares its work out, and how it ends when something does not go well."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lookervault.config.models import parallel_config
from lookervault.content import operations as op
from lookervault.content.operations import Operation
from lookervault.content.registry import TYPES
from lookervault.errors import (
    AccessError,
    BadAnswerError,
    Exit,
    ForbiddenError,
    RateLimitedError,
    TransientError,
    UnauthorizedError,
    UsageError,
    VaultError,
)
from lookervault.extraction.orchestrator import Orchestrator
from lookervault.extraction.request import Request
from lookervault.extraction.retry import Tally
from lookervault.extraction.stop import Stop
from lookervault.storage.repository import Repository
from tests.unit.extraction.library import Library, NoWaiting, Watcher, extract

PATIENCE_S = 10
CONTENT = {"roles": 12, "model_sets": 5, "permission_sets": 3, "themes": 4, "boards": 2}
NAMES = ("roles", "role_members", "model_sets", "permission_sets", "themes", "boards")
HELD = {**CONTENT, "role_members": 24}


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Repository]:
    with Repository.open(tmp_path / "vault.db", write=True) as one:
        yield one


# Sharing out.


@pytest.mark.parametrize("workers", [1, 3, 50])
@pytest.mark.parametrize("queue_size", [1, 100])
def test_any_number_of_workers_brings_everything(
    workers: int, queue_size: int, vault: Repository
) -> None:
    result = extract(Library(CONTENT), vault, *NAMES, workers=workers, queue_size=queue_size)
    assert result.end.status == "complete"
    assert vault.counts() == HELD
    assert result.end.items == sum(HELD.values())


def test_one_worker_makes_one_call_after_another(vault: Repository) -> None:
    at_once = threading.Semaphore(1)

    def alone(number: int, operation: Operation) -> None:
        assert at_once.acquire(blocking=False), "another call was under way"
        at_once.release()

    assert extract(Library(CONTENT, alone), vault, *NAMES, workers=1).end.status == "complete"


def test_as_many_calls_are_under_way_as_there_are_workers(vault: Repository) -> None:
    together = threading.Barrier(5)
    first_calls = {op.SEARCH_ROLES, op.SEARCH_MODEL_SETS, op.SEARCH_PERMISSION_SETS}
    first_calls |= {op.ALL_THEMES, op.ALL_BOARDS}
    seen: set[Operation] = set()

    def meet(number: int, operation: Operation) -> None:
        if operation in first_calls - seen:
            seen.add(operation)
            together.wait(PATIENCE_S)

    assert extract(Library(CONTENT, meet), vault, *NAMES, workers=5).end.status == "complete"


def test_a_type_waits_for_those_it_is_listed_by_and_they_come_first(vault: Repository) -> None:
    library = Library(CONTENT)
    extract(library, vault, *NAMES, workers=1, queue_size=1)
    asked = [name for name in library.asked if name not in ("versions", "me", "user_roles")]
    assert asked[0] == "search_roles", "role_members wait for them"
    members = [n for n, name in enumerate(asked) if name in ("role_groups", "role_users")]
    roles = [n for n, name in enumerate(asked) if name == "search_roles"]
    assert max(roles) < min(members)


def test_of_the_others_the_one_with_most_left_comes_first(vault: Repository) -> None:
    library = Library({"model_sets": 40, "permission_sets": 200, "roles": 120})
    names = ("model_sets", "roles", "permission_sets")
    extract(library, vault, *names, workers=1, queue_size=1, page_size=2)
    half = library.asked[: len(library.asked) // 2]
    calls = {name: half.count(f"search_{name}") for name in names}
    assert calls["permission_sets"] > 1.5 * calls["roles"] > 2 * calls["model_sets"]


def test_each_type_is_listed_before_pages_of_others_are_fetched(vault: Repository) -> None:
    """Nobody knows yet which one is the longest."""
    names = ("model_sets", "roles", "themes", "boards", "permission_sets")
    library = Library(dict.fromkeys(names, 60) | {"permission_sets": 200})
    extract(library, vault, *names, workers=1, queue_size=1, page_size=2)
    assert library.asked.index("search_permission_sets") < 15, library.asked[:60]


class SlowWatcher(Watcher):
    """Looks away at the first thing it is told, until the second answer is there, too."""

    def __init__(self, second: threading.Event) -> None:
        super().__init__()
        self._second = second

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        super().update(type_name, done, total, finished=finished)
        if len(self.told) == 1:
            self._second.wait(PATIENCE_S)
            threading.Event().wait(0.05)  # until the worker has handed it over


def test_what_ends_while_another_result_is_taken_in_does_not_leave_the_run_waiting(
    vault: Repository,
) -> None:
    """Themes are told first; meanwhile the roles end, which `role_members` wait for."""
    second = threading.Event()

    def tell(number: int, operation: Operation) -> None:
        if operation is op.SEARCH_ROLES:
            second.set()

    library = Library({"themes": 1, "roles": 0}, tell)
    result = extract(
        library, vault, "themes", "roles", "role_members", progress=SlowWatcher(second), workers=2
    )
    assert result.end.status == "complete"


def test_progress_ends_with_each_type_finished_and_all_of_the_census(vault: Repository) -> None:
    watcher = Watcher()
    extract(Library(CONTENT), vault, *NAMES, progress=watcher)
    last = {name: (done, total, finished) for name, done, total, finished in watcher.told}
    assert last == {name: (HELD[name], HELD[name], True) for name in NAMES}
    assert all(done <= total for _, done, total, _ in watcher.told)


def test_what_a_run_costs_is_counted_by_type_and_in_all(vault: Repository) -> None:
    library = Library(CONTENT)
    end = extract(library, vault, *NAMES).end
    assert end.calls == len(library.asked)
    assert sum(one.calls for one in end.types) == end.calls - 3
    assert {one.type: one.calls for one in end.types}["role_members"] == 24
    assert 0 <= end.utilization <= 1
    assert (end.retries, end.throttled) == (0, 0)
    assert end.bytes > 0
    assert end.peak_memory_mb > 0


# Stopping.


def stopping_at(moment: int, stop: NoWaiting, content: dict[str, int]) -> Library:
    def before(number: int, operation: Operation) -> None:
        if number == moment:
            stop.request()

    return Library(content, before)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("moment", [4, 5, 6, 8, 10, 15, 20, 30])
def test_a_run_that_is_stopped_at_any_moment_leaves_a_vault_to_go_on_with(
    workers: int, moment: int, vault: Repository, tmp_path: Path
) -> None:
    stop = NoWaiting()
    library = stopping_at(moment, stop, CONTENT)
    result = extract(library, vault, *NAMES, stop=stop, workers=workers, page_size=2)
    assert result.end.status == "interrupted"
    assert result.error is not None
    assert result.error.exit_code is Exit.INTERRUPTED
    assert result.error.hint
    row = vault.run(result.run)
    assert row is not None
    assert row.status == "interrupted"
    assert vault.is_sealed(result.run)
    for one in result.end.types:
        assert one.items == len(vault.open_ids(one.type)) <= HELD[one.type]
        assert all(vault.body(one.type, i) for i in vault.open_ids(one.type))
    again = extract(Library(CONTENT), vault, *NAMES)
    assert again.end.status == "complete"
    assert vault.counts() == HELD
    with Repository.open(tmp_path / "other.db", write=True) as other:
        assert extract(Library(CONTENT), other, *NAMES).end.root == again.end.root


def test_a_stopped_run_calls_nothing_deleted(vault: Repository) -> None:
    extract(Library(CONTENT), vault, *NAMES)
    stop = NoWaiting()
    library = stopping_at(9, stop, {"roles": 2, "themes": 1})
    result = extract(library, vault, *NAMES, stop=stop, workers=1)
    assert result.end.status == "interrupted"
    assert vault.counts() == HELD


def test_few_calls_are_made_after_a_stop(vault: Repository) -> None:
    stop = NoWaiting()
    library = stopping_at(8, stop, {"roles": 300})
    extract(library, vault, "roles", "role_members", stop=stop, workers=4, page_size=1)
    assert len(library.asked) <= 8 + 4


class StoppedWhileItWaits(Stop):
    """The signal comes just after a long wait has begun."""

    def wait(self, seconds: float) -> None:
        if seconds > PATIENCE_S:
            self.request()
        super().wait(seconds)


def test_a_stop_wakes_workers_that_wait_for_the_rate_limit(vault: Repository) -> None:
    def before(number: int, operation: Operation) -> None:
        if number > 5:
            raise RateLimitedError("429", retry_after=4 * PATIENCE_S)

    began = time.monotonic()
    orchestrator = Orchestrator(
        Library(CONTENT, before),
        vault,
        parallel_config({"workers": 1}),
        Watcher(),
        stop=StoppedWhileItWaits(),
    )
    types = [TYPES[name] for name in NAMES]
    result = orchestrator.run(
        Request(types=types, base_url="https://a.example", program_version="0")
    )
    assert result.end.status == "interrupted"
    assert time.monotonic() - began < PATIENCE_S


def test_a_run_that_is_stopped_before_it_begins_raises(vault: Repository) -> None:
    stop = NoWaiting()
    stop.request()
    with pytest.raises(Exception, match="stopped"):
        extract(Library(CONTENT), vault, *NAMES, stop=stop)
    assert vault.runs() == []


# Failing.


def failing(error: Exception, after: int, content: dict[str, int] = CONTENT) -> Library:
    def before(number: int, operation: Operation) -> None:
        if number > after:
            raise error

    return Library(content, before)


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("error", [TransientError("down"), BadAnswerError("<html>")])
def test_a_looker_that_is_down_for_good_ends_the_run_after_a_bounded_number_of_calls(
    error: Exception, workers: int, vault: Repository
) -> None:
    library = failing(error, 6, {"roles": 500, "model_sets": 500})
    result = extract(
        library, vault, "roles", "model_sets", workers=workers, page_size=1, max_tries=3
    )
    assert result.end.status == "failed"
    assert type(result.error) is type(error)
    in_hand_and_queued = (1 + 4) * workers
    assert len(library.asked) <= 6 + 3 * (max(3, workers) + in_hand_and_queued)
    row = vault.run(result.run)
    assert row is not None
    assert row.status == "failed"
    assert str(error) in row.reasons[-1]


def test_calls_that_fail_now_and_then_do_not_end_the_run(vault: Repository) -> None:
    def before(number: int, operation: Operation) -> None:
        if number > 3 and number % 3:
            raise TransientError("now and then")

    result = extract(Library(CONTENT, before), vault, *NAMES, max_tries=10, workers=1)
    assert result.end.status == "complete"
    assert result.end.retries > 10
    assert vault.counts() == HELD


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AccessError("The login was refused."), Exit.ACCESS),
        (UnauthorizedError("401 with a new token"), Exit.ACCESS),
        (VaultError("The disk is full."), Exit.FAILED),
    ],
)
def test_an_error_that_no_other_page_could_do_better_with_ends_the_run(
    error: Any, code: Exit, vault: Repository
) -> None:
    library = failing(error, 8)
    result = extract(library, vault, *NAMES, workers=2, page_size=1)
    assert (result.end.status, result.error) == ("failed", error)
    assert result.error is not None
    assert result.error.exit_code is code
    assert len(library.asked) < 20
    assert vault.is_sealed(result.run)


def test_an_error_before_the_run_begins_is_raised_and_leaves_no_run(vault: Repository) -> None:
    with pytest.raises(AccessError):
        extract(failing(AccessError("The login was refused."), 0), vault, *NAMES)
    assert vault.runs() == []


def test_a_mistake_in_the_program_ends_the_run_and_is_not_waited_for(vault: Repository) -> None:
    def wrong(_: Any) -> str:
        raise ZeroDivisionError("a mistake in the program")

    broken = replace(TYPES["roles"], title=wrong)
    with pytest.raises(ZeroDivisionError):
        extract(Library(CONTENT), vault, types=[broken, TYPES["themes"]])
    (row,) = vault.runs()
    assert row.finished is None


def test_a_vault_that_cannot_be_written_ends_the_run_with_that_error(vault: Repository) -> None:
    def full(_: Any) -> str:
        raise VaultError("The disk is full.", hint="Make room.")

    broken = replace(TYPES["roles"], title=full)
    result = extract(Library(CONTENT), vault, types=[broken, TYPES["themes"]])
    assert result.end.status == "failed"
    assert isinstance(result.error, VaultError)


def test_one_type_that_may_not_be_seen_does_not_stop_the_others(vault: Repository) -> None:
    def before(number: int, operation: Operation) -> None:
        if operation is op.SEARCH_ROLES:
            raise ForbiddenError("403")

    result = extract(Library(CONTENT, before), vault, *NAMES)
    assert result.end.status == "partial"
    assert [(m.type, m.id, m.reason) for m in result.end.missing] == [("roles", "*", "forbidden")]
    incomplete = {one.type: one.reason for one in result.end.types if one.status != "complete"}
    assert incomplete.keys() == {"roles", "role_members"}
    assert "roles" in incomplete["role_members"]


def test_after_many_equal_refusals_the_rest_is_named_without_asking(vault: Repository) -> None:
    def before(number: int, operation: Operation) -> None:
        if operation in (op.ROLE_GROUPS, op.ROLE_USERS):
            raise ForbiddenError("403")

    library = Library({"roles": 200}, before)
    result = extract(library, vault, "roles", "role_members", workers=1)
    assert len(result.end.missing) == 400
    assert {m.reason for m in result.end.missing} == {"forbidden"}


# Whose vault it is.


def test_another_looker_is_not_extracted_into_the_same_vault(vault: Repository) -> None:
    extract(Library(CONTENT), vault, "themes")
    vault.set_instance("https://other.example")
    with pytest.raises(UsageError, match=r"belongs to https://other\.example"):
        extract(Library(CONTENT), vault, "themes")
    assert len(vault.runs()) == 1


def test_utilization_is_the_share_of_the_time_in_which_calls_are_under_way(
    vault: Repository,
) -> None:
    """Calls of a second each, ten seconds that Looker asks to wait, and a lower rate then."""
    stop = NoWaiting()
    refused = threading.Event()

    def before(number: int, operation: Operation) -> None:
        stop.now += 1
        if operation is op.SEARCH_MODEL_SETS and not refused.is_set():
            refused.set()
            raise RateLimitedError("429", retry_after=10.0)

    library = Library({"model_sets": 40}, before)
    end = extract(library, vault, "model_sets", stop=stop, workers=1, page_size=2).end
    calls = library.asked.count(op.SEARCH_MODEL_SETS.id)
    waited = stop.now - len(library.asked)
    assert waited > 10
    assert end.utilization == pytest.approx(calls / (calls + waited), abs=0.001)


class Listening(Watcher):
    """`heard` is set by the fifth beat after `held`."""

    def __init__(self) -> None:
        super().__init__()
        self.beats = 0
        self.held = threading.Event()
        self.heard = threading.Event()

    def beat(self, tally: Tally, rate: float | None) -> None:
        self.beats += self.held.is_set()
        if self.beats == 5:
            self.heard.set()


def test_whoever_watches_hears_of_the_run_while_every_worker_is_held(vault: Repository) -> None:
    watcher = Listening()

    def before(number: int, operation: Operation) -> None:
        if operation is op.SEARCH_MODEL_SETS and number > 8 and not watcher.held.is_set():
            watcher.held.set()
            assert watcher.heard.wait(PATIENCE_S)

    library = Library({"model_sets": 60}, before)
    result = extract(
        library, vault, "model_sets", progress=watcher, workers=1, page_size=1, queue_size=1
    )
    assert result.end.status == "complete"
    assert watcher.heard.is_set()
