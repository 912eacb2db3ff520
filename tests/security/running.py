"""The program with all that it writes, tracebacks included."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from tests.cli.running import COMMAND, LONGEST_S, environment


def written(
    *arguments: object,
    env: Mapping[str, str] | None = None,
    umask: int = -1,
    command: Sequence[str] = COMMAND,
) -> subprocess.CompletedProcess[bytes]:
    """`umask` -1 is that of the test."""
    return subprocess.run(
        [*command, *map(str, arguments)],
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LONGEST_S,
        check=False,
        umask=umask,
    )
