"""The program with all that it writes, tracebacks included."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli.running import COMMAND, LONGEST_S, started


def written(
    *arguments: object,
    env: Mapping[str, str] | None = None,
    umask: int = -1,
    command: Sequence[str] = COMMAND,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """`umask` -1, and no `cwd`, are those of the test."""
    with started(*arguments, env=env, command=command, umask=umask, cwd=cwd) as process:
        out, err = process.communicate(timeout=LONGEST_S)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def on_a_terminal(
    *arguments: object, env: Mapping[str, str] | None = None, columns: int = 100
) -> tuple[int, str]:
    """(exit code, all that the terminal was sent), without colours of the program's own.

    It may be megabytes, so nothing draws it.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 100, columns, 0, 0))
    with started(
        *arguments,
        env={"TERM": "xterm-256color", "NO_COLOR": "1", **(env or {})},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        sent = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return process.returncode, sent.decode(errors="replace")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 2**16)
    except OSError:  # how Linux says that nobody writes any more
        return b""
