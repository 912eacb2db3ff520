"""What a process spent on a piece of work."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Spent:
    """`cpu` is user and system time of all threads, in seconds; `wall` is seconds, too."""

    cpu = 0.0
    wall = 0.0


@contextmanager
def measured() -> Iterator[Spent]:
    spent = Spent()
    began, cpu = time.perf_counter(), cpu_seconds()
    yield spent
    spent.wall, spent.cpu = time.perf_counter() - began, cpu_seconds() - cpu


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system
