from __future__ import annotations

import threading
from typing import Any

import pytest

from lookervault.extraction.parallel import Workers

PATIENCE_S = 10


def test_each_piece_of_work_is_done_once_and_reported() -> None:
    workers: Workers[int, Any] = Workers(4, 2, lambda n: n * n)
    for n in range(50):
        assert workers.tasks.put(n, PATIENCE_S)
    assert sorted(workers.results.get(timeout=PATIENCE_S) for _ in range(50)) == [
        n * n for n in range(50)
    ]
    workers.close()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_as_many_pieces_of_work_are_in_hand_at_once_as_there_are_workers(count: int) -> None:
    together = threading.Barrier(count)
    workers: Workers[int, Any] = Workers(count, 10, lambda _: together.wait(PATIENCE_S))
    for n in range(count):
        workers.tasks.put(n)
    assert sorted(workers.results.get(timeout=PATIENCE_S) for _ in range(count)) == list(
        range(count)
    )
    workers.close()


def test_one_worker_does_one_thing_after_another_in_one_thread() -> None:
    at_once = threading.Semaphore(1)
    threads: set[str] = set()

    def perform(n: int) -> int:
        assert at_once.acquire(blocking=False)
        threads.add(threading.current_thread().name)
        at_once.release()
        return n

    workers: Workers[int, int] = Workers(1, 10, perform)
    for n in range(10):
        workers.tasks.put(n)
    assert [workers.results.get(timeout=PATIENCE_S) for _ in range(10)] == list(range(10))
    assert len(threads) == 1
    workers.close()


def test_a_slow_writer_slows_the_producer_down() -> None:
    """While the only worker is busy, the queue takes its size and not a task more."""
    begun, go_on = threading.Event(), threading.Event()

    def perform(n: int) -> int:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return n

    workers: Workers[int, int] = Workers(1, 3, perform)
    workers.tasks.put(0)
    assert begun.wait(PATIENCE_S)
    assert [workers.tasks.put(n, 0) for n in (1, 2, 3, 4)] == [True, True, True, False]
    go_on.set()
    assert [workers.results.get(timeout=PATIENCE_S) for _ in range(4)] == [0, 1, 2, 3]
    workers.close()


def test_closing_waits_for_the_work_in_hand_and_for_what_is_queued() -> None:
    workers: Workers[int, Any] = Workers(1, 10, lambda n: n)
    for n in range(5):
        workers.tasks.put(n)
    workers.close()
    assert [workers.results.get_nowait() for _ in range(5)] == list(range(5))


def test_closing_can_drop_what_is_queued_but_not_what_is_in_hand() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def perform(n: int) -> int:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return n

    workers: Workers[int, int] = Workers(1, 10, perform)
    for n in range(5):
        workers.tasks.put(n)
    assert begun.wait(PATIENCE_S)
    workers.tasks.close(drop=True)
    go_on.set()
    workers.close(drop=True)
    assert workers.results.get_nowait() == 0
    assert workers.results.empty()


def test_a_worker_that_dies_is_noticed_by_who_waits_for_its_work() -> None:
    def perform(_: int) -> int:
        raise ZeroDivisionError("a mistake in the program")

    workers: Workers[int, int] = Workers(2, 10, perform)
    workers.check()
    workers.tasks.put(1)
    try:
        with pytest.raises(ZeroDivisionError):
            _check_until_it_raises(workers)
    finally:
        with pytest.raises(ZeroDivisionError):
            workers.close(drop=True)


def _check_until_it_raises(workers: Workers[int, int]) -> None:
    wait = threading.Event()
    for _ in range(1000):
        workers.check()
        wait.wait(0.01)


def test_no_worker_is_left_behind() -> None:
    before = threading.active_count()
    workers: Workers[int, Any] = Workers(6, 2, lambda n: n)
    workers.close()
    assert threading.active_count() == before
