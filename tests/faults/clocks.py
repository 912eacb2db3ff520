"""The program with another clock: the interpreter loads it before anything else of the program."""

from __future__ import annotations

from pathlib import Path

FAST = 200
"""Seconds of the hurried clock in a real one."""

HURRIED = f"""
import time

_monotonic = time.monotonic
_began = _monotonic()
time.monotonic = lambda: _began + (_monotonic() - _began) * {FAST}
"""

JUMPING = """
import itertools, time

_time, _looks = time.time, itertools.count(1)

def _jumped():
    look = next(_looks)
    return _time() + 3_600 * (look if look % 2 else -look)

time.time = _jumped
"""
"""Each look at the wall clock is some hours further on, or further back, than any one before."""


def with_clock(source: str, folder: Path) -> dict[str, str]:
    """What has to be in the environment."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(source)
    return {"PYTHONPATH": str(folder)}
