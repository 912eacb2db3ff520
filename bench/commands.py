"""Programs in processes of their own, as a person runs them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

_TIMES = 3
"""How often a command is measured; the median counts."""


class Ran(NamedTuple):
    """`seconds` from its start to its end, `peak_mb` its resident memory, `said` its output.

    What the parent held when it began counts, too, where it is more.
    """

    seconds: float
    peak_mb: float
    said: bytes


def ran(command: Sequence[str], env: Mapping[str, str] | None = None) -> Ran:
    """Raises where it fails."""
    began = time.perf_counter()
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, said)
    return Ran(seconds, used.ru_maxrss * 1024 / 1e6, said)


def seconds(
    command: Sequence[str], env: Mapping[str, str] | None = None, *, times: int = _TIMES
) -> float:
    return median(ran(command, env).seconds for _ in range(times))


def size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
