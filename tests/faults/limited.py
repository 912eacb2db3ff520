"""The program under one of the system's limits, set as `ulimit` sets it."""

from __future__ import annotations

import sys

from tests.cli.running import COMMAND

_SET = """
import os, resource, sys
kind = getattr(resource, sys.argv[1])
resource.setrlimit(kind, (int(sys.argv[2]), resource.getrlimit(kind)[1]))
os.execv(sys.argv[3], sys.argv[3:])
"""


def limited(kind: str, to: int) -> tuple[str, ...]:
    """A command for `program`: the child limits itself and then becomes the program."""
    return (sys.executable, "-c", _SET, kind, str(to), *COMMAND)
