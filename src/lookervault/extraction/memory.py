"""Memory of this process."""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress
from pathlib import Path

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3
"""Parameters of mallopt(3)."""
_STRAIGHT_FROM_THE_SYSTEM = 2**20
"""Bytes from which on a block goes back to the system as soon as it is free."""


def peak_memory_mb(status: Path = Path("/proc/self/status")) -> float:
    """In MB (10^6 bytes). `ru_maxrss` is in bytes on macOS and in KiB elsewhere (getrusage(2)).

    Linux also counts there what the parent held before exec, so that VmHWM is asked first: it is
    in KiB (proc_pid_status(5)).
    """
    with suppress(OSError):
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) * 1024 / 1e6, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return round(peak * unit / 1e6, 1)


def share_one_arena() -> None:
    """Keeps freed memory in one place, where every thread can use it again.

    glibc gives each thread an arena of its own, and none returns what a large answer once took:
    with 50 workers that is more than all the content in hand (docs/design/decisions/004). Other
    C libraries have no `mallopt` and no such arenas, and nothing is done. For the whole process;
    to be called before there are threads.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _STRAIGHT_FROM_THE_SYSTEM)
