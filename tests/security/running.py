"""The program with all that it writes, tracebacks included."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from tests.cli.running import COMMAND, LONGEST_S, environment


def written(
    *arguments: object, env: Mapping[str, str] | None = None, umask: int = -1
) -> subprocess.CompletedProcess[bytes]:
    """`umask` -1 is that of the test."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LONGEST_S,
        check=False,
        umask=umask,
    )
