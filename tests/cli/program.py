"""The program as a person meets it: a process with arguments, streams, signals and an end."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from rich.cells import cell_len

from scripts.picture import Screen

COMMAND = (sys.executable, "-m", "lookervault")
_LONGEST_S = 60
_ROWS = 60


class Ended(NamedTuple):
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        """The one value on stdout; anything else there is an error."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """What was told on stderr, as one line."""
        return " ".join(self.err.split())


def run(
    *arguments: str, env: Mapping[str, str] | None = None, where: Path | None = None, **more: Any
) -> Ended:
    """In pipes. Wherever it ends, no traceback was shown and no secret."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, **(env or {})},
        cwd=where,
        timeout=_LONGEST_S,
        check=False,
        **{"stdin": subprocess.DEVNULL, "capture_output": True, **more},
    )
    ended = Ended(done.returncode, done.stdout or b"", (done.stderr or b"").decode())
    _check_harmless(ended, arguments, env or {})
    return ended


def _check_harmless(ended: Ended, arguments: tuple[str, ...], env: Mapping[str, str]) -> None:
    if "--debug" not in arguments:
        assert "Traceback" not in ended.err + ended.text
    if (secret := env.get("LOOKERSDK_CLIENT_SECRET")) and "serve" not in arguments:
        assert secret not in ended.err + ended.text


@contextmanager
def started(
    *arguments: str, env: Mapping[str, str] | None = None, **more: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is still running; whoever leaves it running kills it."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env={**os.environ, **(env or {})},
        **{
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **more,
        },
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[bytes]) -> Ended:
    out, err = process.communicate(timeout=_LONGEST_S)
    one = Ended(process.returncode, out or b"", (err or b"").decode())
    _check_harmless(one, (), {})
    return one


def wait_until(true: Callable[[], object], seconds: float = 30) -> None:
    """Looks often; raises where it does not come true."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.005)


class Shown(NamedTuple):
    code: int
    lines: list[str]
    """What the terminal shows in the end, without blanks to the right."""
    frames: list[list[str]]
    """What it showed meanwhile."""
    raw: str

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def widest(self) -> int:
        return max(cell_len(line) for line in self.lines)


def in_terminal(
    *arguments: str, columns: int = 80, env: Mapping[str, str] | None = None, **more: Any
) -> Shown:
    """In a terminal of `columns`, as large as it needs to be downwards."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", **(env or {})}
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs, **more}
    with subprocess.Popen([*COMMAND, *arguments], env=environment, **streams) as process:
        os.close(theirs)
        raw, frames = _watch(ours)
    os.close(ours)
    assert "--debug" in arguments or "Traceback" not in raw
    shown = frames[-1] if frames else []
    return Shown(process.returncode, shown, frames, raw)


def _watch(terminal: int) -> tuple[str, list[list[str]]]:
    screen, raw, frames = Screen(), b"", []
    while chunk := _read(terminal):
        raw += chunk
        screen.feed(chunk.decode(errors="replace"))
        frames.append([line.plain.rstrip() for line in screen.lines()])
    return raw.decode(errors="replace"), frames


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes any more
        return b""


COLOUR = re.compile(r"\x1b\[[\d;]*m")
