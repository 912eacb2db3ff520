"""What the program costs before it does anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.scenario import Bench, Figure, Finding

_TARGETS = {"--help": "≤ 0.30", "--version": "≤ 0.15"}


def run(bench: Bench) -> Finding:
    runs = bench.pick(10, 1)
    return Finding(
        title="Starting",
        how="CPU (user and system) of a process of the installed program, whose modules are"
        " compiled already.",
        figures=[
            Figure(f"`lookervault {flag}`", _cpu_of(flag, runs), "s of CPU", target)
            for flag, target in _TARGETS.items()
        ],
    )


def _cpu_of(flag: str, runs: int) -> list[float]:
    program = str(Path(sys.executable).with_name("lookervault"))
    return [_cpu([program, flag]) for _ in range(runs + 1)][1:]  # the first one warms the caches


def _cpu(command: list[str]) -> float:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime
