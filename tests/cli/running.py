"""The program as a process: in pipes, with what it said and how it ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "lookervault")
INSTALLED = Path(sys.executable).with_name("lookervault")
LONGEST_S = 60

_IN_PIPES: dict[str, Any] = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.PIPE,
}


@dataclass(frozen=True, slots=True)
class Completed:
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
    def told(self) -> str:
        """What was said on stderr, on one line."""
        return " ".join(self.err.split())


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, **(env or {})}


_measured: set[tuple[str, ...]] = set()


def _unless_measured(env: dict[str, str], arguments: Sequence[object]) -> dict[str, str]:
    """Coverage makes a process half as slow again: it looks at each kind of command once."""
    words = [str(one) for one in arguments]
    kind = (*words[:1], *(one for one in words if one.startswith("-")))
    if kind in _measured:
        return {name: value for name, value in env.items() if not name.startswith("COVERAGE_")}
    _measured.add(kind)
    return env


@contextmanager
def started(
    *arguments: object,
    env: Mapping[str, str] | None = None,
    command: Sequence[str] = COMMAND,
    **streams: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """The program while it runs; it ends with the block, at the latest.

    `streams`, and what else `Popen` takes, come before the pipes.
    """
    line = [*command, *map(str, arguments)]
    with subprocess.Popen(
        line, env=_unless_measured(environment(env), arguments), **{**_IN_PIPES, **streams}
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[bytes], *, debug: bool = False) -> Completed:
    """Wherever it ends, nobody has seen a traceback, unless they asked for it."""
    out, err = process.communicate(timeout=LONGEST_S)
    done = Completed(process.returncode, out or b"", (err or b"").decode())
    assert debug or "Traceback" not in done.err, done.err
    assert b"Traceback" not in done.out, done.out
    return done


def program(
    *arguments: object,
    env: Mapping[str, str] | None = None,
    command: Sequence[str] = COMMAND,
    **streams: Any,
) -> Completed:
    with started(*arguments, env=env, command=command, **streams) as process:
        return ended(process, debug="--debug" in arguments)


def shell(script: str, env: Mapping[str, str] | None = None) -> Completed:
    """Lines as a reader of the documentation types them: `lookervault` is this program."""
    path = os.pathsep.join([str(INSTALLED.parent), environment(env)["PATH"]])
    return program(script, command=("/bin/sh", "-c"), env={**(env or {}), "PATH": path})


def wait_until(true: Callable[[], object], seconds: float = 30) -> None:
    """Looks often; raises where it does not come true."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.005)
