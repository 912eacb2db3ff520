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
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.cli import forking
from tests.cli.forking import Constraint

COMMAND = (sys.executable, "-m", "lookervault")
"""What is started with it is forked, unless there is something new about it."""
AS_ITSELF = [*COMMAND]
"""The same as a process of its own in any case."""
type Command = Sequence[str] | Constraint
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


GROUPS = ("certificate", "demo", "key", "runs", "snapshot")
"""Commands whose first argument is the command."""


class Kinds:
    """Commands: which of them any test has started before.

    Where coverage measures, flags of commands are told apart, too. Elsewhere nothing is new about
    a flag: what it alone would import can be imported first of all (`tests/unit/test_imports.py`).
    """

    folder: Path | None = None
    """Where the workers tell one another; None where there is one process."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def are_new(self, arguments: Sequence[str], *, measured: bool) -> bool:
        """Whether something of it is new. Now nothing is."""
        name = " ".join(arguments[: 2 if arguments[:1] and arguments[0] in GROUPS else 1])
        flags = [one.partition("=")[0] for one in arguments if measured and one.startswith("-")]
        new = [kind for kind in (name, *(f"{name} {one}" for one in flags)) if self._is_new(kind)]
        return new != []

    def _is_new(self, kind: str) -> bool:
        if kind in self._seen:
            return False
        self._seen.add(kind)
        return self.folder is None or _made(self.folder / sha256(kind.encode()).hexdigest())


def _made(path: Path) -> bool:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


KINDS = Kinds()
_FORKED_WITH = {"stdin", "stdout", "stderr", "cwd", "umask"}


@contextmanager
def started(
    *arguments: object,
    env: Mapping[str, str] | None = None,
    command: Command = COMMAND,
    **streams: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """The program while it runs; it ends with the block, at the latest.

    `streams`, and what else `Popen` takes, come before the pipes.
    """
    with _process([*map(str, arguments)], environment(env), command, streams) as process:
        try:
            yield process
        finally:
            process.kill()


def _process(
    arguments: list[str], env: dict[str, str], command: Command, streams: dict[str, Any]
) -> subprocess.Popen[bytes]:
    """What is new is started as in real life, and measured, which takes half as long again.

    Where only the interpreter and the imports would be repeated, the others do without.
    """
    constraint = command if isinstance(command, Constraint) else None
    started_with = command.command if isinstance(command, Constraint) else command
    measured = any(name.startswith("COVERAGE_") for name in env)
    if [*started_with] != AS_ITSELF or not KINDS.are_new(arguments, measured=measured):
        env = _unmeasured(env)
        can_be_forked = command is COMMAND or constraint
        if can_be_forked and streams.keys() <= _FORKED_WITH and forking.SERVED.serves(env):
            return forking.Forked(arguments, constraint=constraint, env=env, **_IN_PIPES | streams)
    return subprocess.Popen([*started_with, *arguments], env=env, **_IN_PIPES | streams)


def _unmeasured(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if not name.startswith("COVERAGE_")}


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
    command: Command = COMMAND,
    **streams: Any,
) -> Completed:
    with started(*arguments, env=env, command=command, **streams) as process:
        return ended(process, debug="--debug" in arguments)


def shell(
    script: str, env: Mapping[str, str] | None = None, *, installed: bool = False
) -> Completed:
    """Lines as a reader of the documentation types them: `lookervault` is this program.

    It is forked; where it has to be `installed`, it is what an installer made.
    """
    path = os.pathsep.join([str(INSTALLED.parent), environment(env)["PATH"]])
    env = {**(env or {}), "PATH": path}
    inherited = []
    if not installed and forking.SERVED.serves(_unmeasured(environment(env))):
        script = forking.SERVED.in_a_shell() + script
        inherited = [forking.SERVED.fileno()]
    return program(script, command=("/bin/sh", "-c"), env=env, pass_fds=inherited)


def wait_until(true: Callable[[], object], seconds: float = 30) -> None:
    """Looks often; raises where it does not come true."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.005)
