from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from lookervault.config.models import parallel_config
from lookervault.content.operations import ALL_THEMES, THEME, Operation
from lookervault.errors import (
    AccessError,
    BadAnswerError,
    CallError,
    ForbiddenError,
    Interrupted,
    NobodyThereError,
    NotFoundError,
    PostponedError,
    RateLimitedError,
    RefusedError,
    TransientError,
    UnauthorizedError,
)
from lookervault.extraction.rate_limiter import RateLimiter
from lookervault.extraction.retry import Calls, Tally
from lookervault.extraction.stop import Stop


class Time(Stop):
    """A clock that waiting moves; keeps how long was waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.waits.append(seconds)
        super().wait(0)


class Script:
    """Answers one after another; an error is raised. The last one repeats."""

    def __init__(self, time: Time, *answers: bytes | Exception) -> None:
        self._time = time
        self._answers = list(answers)
        self.at: list[float] = []
        self.asked: list[tuple[str, tuple[str, ...], Mapping[str, str] | None]] = []

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        self.at.append(self._time.now)
        self.asked.append((operation.id, path_args, params))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def calls(time: Time, *answers: bytes | Exception, **config: float) -> tuple[Calls, Script]:
    script = Script(time, *answers)
    limiter = RateLimiter(
        config.pop("rate", None), clock=time.clock, wait=time.wait, jitter=random.Random(0)
    )
    made = Calls(
        script,
        limiter,
        parallel_config({"max_tries": 5, **config}),
        stop=time,
        tally=Tally(),
        jitter=random.Random(0),
    )
    return made, script


WORTH_IT = [TransientError("reset"), BadAnswerError("<html>"), RateLimitedError("429")]
FINAL = [
    ForbiddenError("403"),
    NotFoundError("404"),
    RefusedError("422"),
    UnauthorizedError("401"),
    AccessError("The login was refused."),
    CallError("certificate"),
]


@pytest.mark.parametrize("error", WORTH_IT, ids=lambda error: type(error).__name__)
def test_what_may_go_better_is_tried_again_counted_and_visible(error: Exception) -> None:
    time = Time()
    made, script = calls(time, error, error, b"[1]")
    assert made.for_type("themes").get(ALL_THEMES, params={"a": "b"}) == b"[1]"
    assert script.asked == [("all_themes", (), {"a": "b"})] * 3
    assert (made.tally.calls["themes"], made.tally.retries["themes"]) == (3, 2)
    assert made.tally.bytes == len(b"[1]")


@pytest.mark.parametrize("error", FINAL, ids=lambda error: type(error).__name__)
def test_what_will_not_go_better_is_final_at_once(error: Exception) -> None:
    made, script = calls(Time(), error)
    reader = made.for_type("themes")
    with pytest.raises(type(error)):
        reader.get(THEME, "7")
    assert len(script.asked) == 1
    assert made.tally.retries.total() == 0
    assert not reader.gave_up


@pytest.mark.parametrize("error", WORTH_IT[:2], ids=lambda error: type(error).__name__)
def test_tries_are_bounded_and_the_last_error_is_the_one_that_is_raised(error: Exception) -> None:
    made, script = calls(Time(), TransientError("first"), error, max_tries=4)
    reader = made.for_type("themes")
    with pytest.raises(type(error), match=str(error)):
        reader.get(ALL_THEMES)
    assert len(script.asked) == 4
    assert made.tally.retries["themes"] == 3
    assert reader.gave_up


def test_an_address_where_nobody_has_ever_answered_is_given_up_soon() -> None:
    made, script = calls(time := Time(), NobodyThereError("refused"), max_tries=8)
    reader = made.for_type("themes")
    with pytest.raises(NobodyThereError):
        reader.get(ALL_THEMES)
    assert reader.gave_up
    assert len(script.asked) == 3
    assert sum(time.waits) < 1


def test_pauses_grow_and_have_jitter_and_an_end() -> None:
    time = Time()
    made, _ = calls(time, TransientError("down"), max_tries=20)
    with pytest.raises(TransientError):
        made.for_type("themes").get(ALL_THEMES)
    full = [min(30.0, 0.25 * 2**n) for n in range(19)]
    assert len(time.waits) == len(full)
    for waited, most in zip(time.waits, full, strict=True):
        assert most / 2 <= waited <= most
    assert len(set(time.waits)) == len(time.waits)


def test_a_429_makes_the_next_call_wait_as_long_as_it_says() -> None:
    time = Time()
    made, script = calls(time, RateLimitedError("429", retry_after=17), b"[]")
    made.for_type("themes").get(ALL_THEMES)
    assert 17 <= script.at[1] - script.at[0] <= 17 * 1.1 + 1


def test_429s_are_waited_out_longer_than_other_failures_are_tried() -> None:
    time = Time()
    limited = [RateLimitedError("429", retry_after=1)] * 12
    made, script = calls(time, *limited, b"[]", max_tries=3)
    assert made.for_type("themes").get(ALL_THEMES) == b"[]"
    assert len(script.asked) == 13


def test_a_429_holds_every_worker_back() -> None:
    """One call is refused; those that come later wait too, though nobody refused them."""
    time = Time()
    made, script = calls(time, RateLimitedError("429", retry_after=5), b"[]")
    made.for_type("a").get(ALL_THEMES)
    resumed = script.at[1]
    made.for_type("b").get(ALL_THEMES)
    assert resumed - script.at[0] >= 5
    assert all(at >= resumed for at in script.at[1:])


def test_a_call_waits_for_the_rate_that_was_asked_for() -> None:
    time = Time()
    made, script = calls(time, b"[]", rate=2)
    for _ in range(21):
        made.for_type("themes").get(ALL_THEMES)
    assert script.at[-1] - script.at[0] >= 9


def test_a_stop_ends_the_waiting_for_another_try() -> None:
    time = Time()
    made, script = calls(time, TransientError("down"))
    time.request()
    with pytest.raises(Interrupted):
        made.for_type("themes").get(ALL_THEMES)
    assert script.asked == []


def test_a_stop_between_two_tries_is_noticed() -> None:
    time = Time()

    class Stopping(Script):
        def get(
            self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
        ) -> bytes:
            time.request()
            return super().get(operation, *path_args, params=params)

    limiter = RateLimiter(None, clock=time.clock, wait=time.wait, jitter=random.Random(0))
    script = Stopping(time, TransientError("down"))
    made = Calls(
        script,
        limiter,
        parallel_config({}),
        stop=time,
        tally=Tally(),
        jitter=random.Random(0),
    )
    with pytest.raises(Interrupted):
        made.for_type("themes").get(ALL_THEMES)
    assert len(script.asked) == 1


def test_counts_of_many_threads_add_up() -> None:
    tally, together = Tally(), threading.Barrier(8)

    def count() -> None:
        together.wait(10)
        for _ in range(500):
            tally.call("a")
            tally.retry("b")
            tally.received(3)

    with ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(count) for _ in range(8)]:
            one.result(10)
    assert (tally.calls["a"], tally.retries["b"], tally.bytes) == (4000, 4000, 12_000)


# Stopping.


def test_a_stop_wakes_who_waits_once_it_is_spread() -> None:
    stop = Stop()

    def wait() -> None:
        with pytest.raises(Interrupted):
            stop.wait(60)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        stop.request()
        stop.spread()
        waiting.result(10)


def test_without_a_request_nothing_is_spread_and_nobody_stopped() -> None:
    stop = Stop()
    stop.spread()
    stop.check()
    stop.wait(0)


def test_even_429s_are_not_waited_out_for_ever() -> None:
    made, script = calls(Time(), RateLimitedError("429", retry_after=1), max_retry_seconds=0.01)
    with pytest.raises(RateLimitedError):
        made.for_type("themes").get(ALL_THEMES)
    assert len(script.asked) >= 1


def test_a_wait_that_is_longer_than_permitted_is_not_begun() -> None:
    time = Time()
    made, script = calls(time, RateLimitedError("429", retry_after=3600), max_wait=3599)
    with pytest.raises(PostponedError, match=r"not to be called for 3,600 seconds.*allows 3,599"):
        made.for_type("themes").get(ALL_THEMES)
    assert (len(script.asked), time.waits) == (1, [])


def test_a_wait_that_is_permitted_is_waited() -> None:
    time = Time()
    made, _ = calls(time, RateLimitedError("429", retry_after=600), b"[]", max_wait=600)
    assert made.for_type("themes").get(ALL_THEMES) == b"[]"
    assert sum(time.waits) >= 600


def test_who_waits_for_a_slot_or_for_the_next_try_holds_nothing_that_others_need() -> None:
    time, let_go = Time(), threading.Event()
    script = Script(time, TransientError("reset"), b"[]")
    made = Calls(
        script,
        RateLimiter(None, clock=time.clock, wait=time.wait, jitter=random.Random(0)),
        parallel_config({"workers": 1}),
        stop=time,
        tally=Tally(),
        jitter=random.Random(0),
        let_go=let_go.set,
    )
    with ThreadPoolExecutor(1) as pool:
        with made.slots.one():
            waiting = pool.submit(made.for_type("themes").get, ALL_THEMES)
            assert let_go.wait(10), "it has no slot yet"
            assert script.asked == []
            let_go.clear()
        assert waiting.result(10) == b"[]"
    assert let_go.is_set(), "between its tries"
