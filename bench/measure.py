"""What a process spent on a piece of work."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lookervault.extraction.memory import peak_memory_mb


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


def peak_mb() -> float:
    """Peak resident memory of this process in MB.

    Linux also counts what the parent held before exec into `ru_maxrss`, so VmHWM is asked first.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_memory_mb()
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6
