"""The program in a real terminal, and what that shows."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.cells import cell_len

from scripts.picture import Screen
from tests.cli.running import LONGEST_S, started

_ROWS = 100


class Shown(NamedTuple):
    code: int
    lines: list[str]
    """What is there in the end, without blanks to the right."""
    frames: list[list[str]]
    """What was there meanwhile."""
    raw: str

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def told(self) -> str:
        return " ".join(self.text.split())

    @property
    def widest(self) -> int:
        return max(cell_len(line) for line in self.lines)


def in_terminal(
    *arguments: object, columns: int = 80, env: Mapping[str, str] | None = None, **streams: Any
) -> Shown:
    """Streams that are not given lead to the terminal. Nobody has seen a traceback."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    with started(
        *arguments,
        env={"TERM": "xterm-256color", **(env or {})},
        **{"stdin": theirs, "stdout": theirs, "stderr": theirs, **streams},
    ) as process:
        os.close(theirs)
        raw, frames = _watch(ours)
        process.wait(LONGEST_S)
    os.close(ours)
    assert "Traceback" not in raw, raw
    return Shown(process.returncode, frames[-1] if frames else [], frames, raw)


def _watch(terminal: int) -> tuple[str, list[list[str]]]:
    screen, raw = Screen(), b""
    frames: list[list[str]] = []
    while chunk := _read(terminal):
        raw += chunk
        screen.feed(chunk)
        frames.append([line.plain.rstrip() for line in screen.lines()])
    return raw.decode(errors="replace"), frames


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes any more
        return b""
