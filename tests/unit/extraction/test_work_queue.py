from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lookervault.extraction.work_queue import InFlight, WorkQueue

PATIENCE_S = 10
"""How long a test waits for what is certain to come."""


def in_thread(target: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def test_tasks_come_out_in_the_order_they_went_in() -> None:
    tasks: WorkQueue[int] = WorkQueue(3)
    for number in (1, 2, 3):
        assert tasks.put(number)
    assert [tasks.get() for _ in range(3)] == [1, 2, 3]


def test_a_full_queue_takes_nothing_for_as_long_as_one_cares_to_wait() -> None:
    tasks: WorkQueue[int] = WorkQueue(1)
    assert tasks.put(1, 0)
    assert not tasks.put(2, 0)
    assert not tasks.put(2, 0.01)
    assert len(tasks) == 1


def test_a_producer_waits_until_a_consumer_has_made_room() -> None:
    tasks: WorkQueue[int] = WorkQueue(1)
    tasks.put(1)
    producer = in_thread(lambda: tasks.put(2))
    assert tasks.get() == 1
    producer.join(PATIENCE_S)
    assert not producer.is_alive()
    assert tasks.get() == 2


def test_a_consumer_waits_for_a_task() -> None:
    tasks: WorkQueue[int] = WorkQueue(1)
    with ThreadPoolExecutor(1) as pool:
        got = pool.submit(tasks.get)
        tasks.put(7)
        assert got.result(PATIENCE_S) == 7


def test_what_is_queued_is_still_given_out_after_the_end_and_then_nothing() -> None:
    tasks: WorkQueue[int] = WorkQueue(3)
    tasks.put(1)
    tasks.close()
    assert not tasks.put(2)
    assert [tasks.get(), tasks.get(), tasks.get()] == [1, None, None]


def test_what_is_queued_can_be_dropped_at_the_end() -> None:
    tasks: WorkQueue[int] = WorkQueue(3)
    tasks.put(1)
    tasks.close(drop=True)
    assert tasks.get() is None
    assert len(tasks) == 0


@pytest.mark.parametrize("drop", [True, False])
def test_the_end_wakes_everybody_who_waits(drop: bool) -> None:
    empty: WorkQueue[int] = WorkQueue(1)
    full: WorkQueue[int] = WorkQueue(1)
    full.put(1)
    with ThreadPoolExecutor(4) as pool:
        consumers = [pool.submit(empty.get) for _ in range(2)]
        producers = [pool.submit(full.put, 2) for _ in range(2)]
        empty.close(drop=drop)
        full.close(drop=drop)
        assert [one.result(PATIENCE_S) for one in consumers] == [None, None]
        assert [one.result(PATIENCE_S) for one in producers] == [False, False]


def test_every_task_is_given_to_exactly_one_of_many_threads_and_the_size_is_never_passed() -> None:
    size, count = 3, 400
    tasks: WorkQueue[int] = WorkQueue(size)
    lengths: list[int] = []

    def consume() -> list[int]:
        found = []
        while (task := tasks.get()) is not None:
            lengths.append(len(tasks))
            found.append(task)
        return found

    with ThreadPoolExecutor(8) as pool:
        consumers = [pool.submit(consume) for _ in range(4)]
        halves = (range(count // 2), range(count // 2, count))
        producers = [pool.submit(list, map(tasks.put, half)) for half in halves]
        for producer in producers:
            assert all(producer.result(PATIENCE_S))
        tasks.close()
        given = [task for one in consumers for task in one.result(PATIENCE_S)]
    assert sorted(given) == list(range(count))
    assert max(lengths) <= size


# Bytes in flight.


def test_what_is_in_flight_never_exceeds_the_ceiling() -> None:
    ceiling = 10
    in_flight = InFlight(ceiling)
    held, most, lock = 0, 0, threading.Lock()

    def fly(size: int) -> None:
        nonlocal held, most
        in_flight.hold(size)
        with lock:
            held += size
            most = max(most, held)
        with lock:
            held -= size
        in_flight.let_go()

    with ThreadPoolExecutor(8) as pool:
        for flight in [pool.submit(fly, 1 + n % 7) for n in range(500)]:
            flight.result(PATIENCE_S)
    assert 0 < most <= ceiling


class Flight:
    """A thread that holds so many bytes until it lands."""

    def __init__(self, in_flight: InFlight, size: int) -> None:
        self._landing = threading.Event()
        self.flying = threading.Event()
        self._thread = in_thread(lambda: self._fly(in_flight, size))

    def _fly(self, in_flight: InFlight, size: int) -> None:
        in_flight.hold(size)
        self.flying.set()
        self._landing.wait(PATIENCE_S)
        in_flight.let_go()

    def land(self) -> None:
        self._landing.set()
        self._thread.join(PATIENCE_S)


def test_who_finds_no_room_waits_until_enough_has_landed() -> None:
    in_flight = InFlight(10)
    six, four = Flight(in_flight, 6), Flight(in_flight, 4)
    assert six.flying.wait(PATIENCE_S)
    assert four.flying.wait(PATIENCE_S)
    five = Flight(in_flight, 5)
    four.land()
    assert not five.flying.wait(0.05), "4 are free, 5 are needed"
    six.land()
    assert five.flying.wait(PATIENCE_S)
    five.land()
    assert in_flight.waited > 0


def test_an_answer_larger_than_the_whole_ceiling_flies_alone() -> None:
    in_flight = InFlight(10)
    one = Flight(in_flight, 1)
    assert one.flying.wait(PATIENCE_S)
    large = Flight(in_flight, 100)
    assert not large.flying.wait(0.05)
    one.land()
    assert large.flying.wait(PATIENCE_S)
    small = Flight(in_flight, 1)
    assert not small.flying.wait(0.05), "nothing flies beside it"
    large.land()
    assert small.flying.wait(PATIENCE_S)
    small.land()


def test_a_thread_holds_one_answer_at_a_time() -> None:
    in_flight = InFlight(10)
    for size in (10, 7, 10):
        in_flight.hold(size)
    in_flight.let_go()
    in_flight.let_go()
    ten = Flight(in_flight, 10)
    assert ten.flying.wait(PATIENCE_S)
    ten.land()


def test_while_a_large_answer_waits_no_other_takes_its_room() -> None:
    in_flight = InFlight(10)
    five = Flight(in_flight, 5)
    assert five.flying.wait(PATIENCE_S)
    large = Flight(in_flight, 100)
    assert not large.flying.wait(0.05)
    small = Flight(in_flight, 1)
    assert not small.flying.wait(0.05), "there is room for it, but the large one waits for all"
    five.land()
    assert large.flying.wait(PATIENCE_S)
    large.land()
    assert small.flying.wait(PATIENCE_S)
    small.land()
