"""The program in another world: the interpreter loads it before anything of the program."""

from __future__ import annotations

import os
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


def customized(source: str, folder: Path) -> dict[str, str]:
    """What has to be in the environment of an interpreter that is to begin with this."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(source)
    path = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(folder), *([path] if path else [])])}
