"""The rate limiter against a simulated Looker, in simulated time."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass, field

import pytest

from lookervault.errors import Interrupted
from lookervault.extraction.rate_limiter import RateLimiter
from lookervault.extraction.stop import Stop


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def limiter(clock: Clock, ceiling: float | None = None) -> RateLimiter:
    return RateLimiter(ceiling, clock=clock, wait=clock.sleep, jitter=random.Random(1))


@dataclass
class Server:
    """A token bucket of `burst` calls that refills with `rate` calls a second."""

    rate: float
    burst: float
    retry_after: float | None
    tokens: float = 0.0
    at: float = 1000.0
    refused_at: list[float] = field(default_factory=list)
    served: int = 0

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def answers(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            self.refused_at.append(now)
            return False
        self.tokens -= 1
        self.served += 1
        return True

    @property
    def share_used(self) -> float:
        return self.served / ((self.at - 1000) * self.rate)

    @property
    def share_refused(self) -> float:
        return len(self.refused_at) / (len(self.refused_at) + self.served)


def simulate(
    server: Server, workers: int, seconds: float, ceiling: float | None = None, latency: float = 0.1
) -> RateLimiter:
    """Workers that call again as soon as they have their answer, which takes `latency`."""
    clock = Clock()
    rates = limiter(clock, ceiling)
    events = [(clock.now, worker, "try", 0.0, True) for worker in range(workers)]
    while events and events[0][0] < 1000 + seconds:
        clock.now, worker, what, sent_at, served = heapq.heappop(events)
        if what == "answer":
            if served:
                rates.succeeded(sent_at)
            else:
                rates.throttled(sent_at, server.retry_after)
            heapq.heappush(events, (clock.now, worker, "try", 0.0, True))
        elif pause := rates.try_acquire():
            heapq.heappush(events, (clock.now + pause, worker, "try", 0.0, True))
        else:
            answer = (clock.now + latency, worker, "answer", clock.now, server.answers(clock.now))
            heapq.heappush(events, answer)
    return rates


def test_without_a_ceiling_and_without_429_nobody_waits() -> None:
    clock = Clock()
    rates = limiter(clock)
    for _ in range(1000):
        rates.acquire()
    assert clock.now == 1000
    assert rates.rate is None


def test_a_ceiling_spaces_the_calls_evenly() -> None:
    clock = Clock()
    rates = limiter(clock, ceiling=20)
    times = [rates.acquire() for _ in range(201)]
    assert times[-1] - times[0] == pytest.approx(10, rel=0.03)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert min(gaps) > 0.045


@pytest.mark.parametrize("retry_after", [1.0, None])
@pytest.mark.parametrize("workers", [4, 8])
def test_an_unknown_limit_is_found_and_used(workers: int, retry_after: float | None) -> None:
    server = Server(rate=20, burst=20, retry_after=retry_after)
    simulate(server, workers, seconds=120)
    assert server.share_used >= 0.9
    assert server.share_refused <= 0.02


def test_scattered_429s_do_not_slow_a_run_down_for_long() -> None:
    """From a proxy's hiccups, say: no limit is behind them."""
    clock = Clock()
    rates = limiter(clock)
    for _ in range(10):
        for _ in range(4):
            clock.now += 0.05
            rates.acquire()
        rates.throttled(rates.acquire(), None)
    began = clock.now
    for _ in range(1500):
        clock.now += 0.01
        rates.succeeded(rates.acquire())
    assert clock.now - began < 300


@pytest.mark.parametrize("ceiling", [25, 100, 1000])
def test_a_ceiling_above_the_limit_is_no_worse_than_none(ceiling: float) -> None:
    server = Server(rate=20, burst=20, retry_after=1.0)
    simulate(server, workers=8, seconds=120, ceiling=ceiling)
    assert server.share_used >= 0.9
    assert server.share_refused <= 0.02


def test_fifty_workers_overrun_the_limit_once_and_then_keep_to_it() -> None:
    server = Server(rate=20, burst=20, retry_after=1.0)
    simulate(server, workers=50, seconds=300)
    assert server.share_used >= 0.9
    assert server.share_refused <= 0.02


def test_a_known_limit_is_never_overrun() -> None:
    server = Server(rate=20, burst=20, retry_after=1.0)
    simulate(server, workers=50, seconds=60, ceiling=20)
    assert server.refused_at == []
    assert server.share_used >= 0.95


def test_a_limiter_without_any_burst_is_not_knocked_at_in_vain() -> None:
    server = Server(rate=20, burst=1, retry_after=1.0)
    simulate(server, workers=8, seconds=120)
    assert server.share_refused <= 0.05
    assert server.share_used >= 0.5


def test_the_rate_is_halved_once_for_all_calls_that_were_under_way() -> None:
    clock = Clock()
    rates = limiter(clock, ceiling=40)
    sent = [rates.acquire() for _ in range(8)]
    clock.now += 0.01
    for at in sent:
        rates.throttled(at, 0.0)
    assert rates.rate == pytest.approx(20)


def test_a_429_after_the_pause_halves_the_rate_again() -> None:
    clock = Clock()
    rates = limiter(clock, ceiling=40)
    rates.throttled(rates.acquire(), 1.0)
    clock.now += 1.2
    rates.throttled(rates.acquire(), 1.0)
    assert rates.rate == pytest.approx(10, rel=0.1)


def sending(rates: RateLimiter, clock: Clock, per_second: float, seconds: float) -> float:
    """One call after another, and a last one that is not answered yet: when it was let go."""
    for _ in range(round(per_second * seconds) - 1):
        clock.now += 1 / per_second
        rates.succeeded(rates.acquire())
    clock.now += 1 / per_second
    return rates.acquire()


@pytest.mark.parametrize("ceiling", [None, 100.0])
def test_a_rate_that_nobody_sent_at_is_not_what_is_halved(ceiling: float | None) -> None:
    """After an episode the allowed rate rises, also where the calls are too slow to use it."""
    clock = Clock()
    rates = limiter(clock, ceiling)
    rates.throttled(sending(rates, clock, 40, 10), 0.0)
    last = sending(rates, clock, 10, 10)
    assert rates.rate is not None
    assert rates.rate > 40
    rates.throttled(last, 0.0)
    assert rates.rate == pytest.approx(5, rel=0.05)


def test_a_call_that_is_refused_right_after_a_pause_does_not_make_the_rate_collapse() -> None:
    """So few calls went out since that the found rate tells more than they do."""
    clock = Clock()
    rates = limiter(clock)
    rates.throttled(sending(rates, clock, 40, 10), 4.0)
    rates.throttled(rates.acquire(), 0.0)
    assert rates.rate == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("latency", [0.4, 0.8])
def test_a_limit_that_is_lowered_below_what_slow_calls_need_is_soon_found(
    latency: float,
) -> None:
    """Eight workers send 20 or 10 calls a second, though 40 were found to be allowed."""
    server = Server(rate=8 / latency / 2, burst=4, retry_after=1.0)
    clock = Clock()
    rates = limiter(clock)
    rates.throttled(sending(rates, clock, 40, 10), 0.0)
    sending(rates, clock, 8 / latency, 8)
    server.at = clock.now
    began = clock.now
    while clock.now < began + 10:
        at = rates.acquire()
        if server.answers(at):
            rates.succeeded(at)
        else:
            rates.throttled(at, server.retry_after)
        clock.now += latency / 8
    assert len(server.refused_at) <= 3


def test_nobody_knocks_before_the_time_that_the_server_named() -> None:
    clock = Clock()
    rates = limiter(clock)
    rates.throttled(rates.acquire(), 30.0)
    assert rates.try_acquire() >= 30
    began = clock.now
    assert rates.acquire() - began >= 30


def test_a_shorter_wait_does_not_cut_a_longer_one_short() -> None:
    clock = Clock()
    rates = limiter(clock)
    first, second = rates.acquire(), rates.acquire()
    rates.throttled(first, 30.0)
    rates.throttled(second, 1.0)
    assert rates.try_acquire() >= 30


def test_pauses_double_while_429s_without_a_time_go_on() -> None:
    clock = Clock()
    rates = limiter(clock)
    pauses = []
    for _ in range(4):
        rates.throttled(rates.acquire(), None)
        pauses.append(rates.try_acquire())
        clock.now += pauses[-1]
    ratios = [after / before for before, after in itertools.pairwise(pauses)]
    assert all(1.7 < ratio < 2.3 for ratio in ratios)


def test_a_limit_that_went_away_is_forgotten() -> None:
    clock = Clock()
    rates = limiter(clock)
    for _ in range(50):
        rates.acquire()
    rates.throttled(rates.acquire(), 1.0)
    assert rates.rate is not None
    clock.now += 600
    assert rates.rate is None


def test_throttled_calls_and_waiting_time_are_counted() -> None:
    clock = Clock()
    rates = limiter(clock)
    rates.throttled(rates.acquire(), 10.0)
    rates.acquire()
    assert rates.throttled_calls == 1
    assert rates.waited >= 10


def test_a_stop_ends_the_waiting() -> None:
    stop = Stop()
    clock = Clock()
    rates = RateLimiter(None, clock=clock, wait=stop.wait, jitter=random.Random(1))
    rates.throttled(rates.acquire(), 3600.0)
    stop.request()
    stop.spread()
    with pytest.raises(Interrupted):
        rates.acquire()
