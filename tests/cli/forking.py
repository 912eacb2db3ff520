"""The program started by `fork_server`: without the time that an interpreter and imports take."""

from __future__ import annotations

import inspect
import marshal
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("fork_server.py")
CLIENT = Path(__file__).with_name("fork_client.py")

READ_AT_THE_START = re.compile(
    r"_?PYTHON.*|LC_.*|LANG(UAGE)?|LD_.*|MALLOC_.*|OPENSSL_.*|COVERAGE_.*|_?TYPER_.*|PYDANTIC_.*"
)
"""Variables that the interpreter and the libraries look at once, before the program begins."""

CAN_FORK = hasattr(os, "pidfd_open")
"""Linux. On macOS, what a library has begun before a fork does not go on after it."""


def read_at_the_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if READ_AT_THE_START.fullmatch(name)}


class Server:
    """Runs from the first question to it until it is closed. For one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._env: dict[str, str] = {}

    def serves(self, env: Mapping[str, str]) -> bool:
        """Not a process whose interpreter would be another than the server's."""
        if not CAN_FORK or any(name.startswith("COVERAGE_") for name in env):
            return False
        if self._process is None:
            self._start(env)
        return read_at_the_start(env) == self._env

    def _start(self, env: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._env = read_at_the_start(env)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(SERVER)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=env,
            )

    def ask(self, wanted: dict[str, Any], *descriptors: int) -> None:
        socket.send_fds(self._socket, [marshal.dumps(wanted)], descriptors)

    def fileno(self) -> int:
        return self._socket.fileno()

    def in_a_shell(self) -> str:
        """Makes `lookervault` the program for a shell that has inherited `fileno()`."""
        command = shlex.join([sys.executable, "-IS", str(CLIENT), str(self.fileno())])
        return f'lookervault() {{ {command} "$@"; }}\n'

    def close(self) -> None:
        if self._process:
            self._socket.close()
            self._process.wait()
            self._process = None


SERVED = Server()


@dataclass(frozen=True, slots=True)
class Constraint:
    """The program with less than the tests have: a command that takes its arguments."""

    kind: str
    """A limit of the module `resource`, set as `ulimit` sets it, or `uid`."""
    to: int

    @property
    def command(self) -> tuple[str, ...]:
        """For a process that is not forked."""
        return sys.executable, str(SERVER), self.kind, str(self.to)


class Forked(subprocess.Popen[bytes]):
    """As `Popen` in all but where the process comes from; `args` are those of the program."""

    def __init__(
        self, args: Sequence[str], *, constraint: Constraint | None = None, **named: Any
    ) -> None:
        self._constraint = constraint
        super().__init__(args, **named)

    def _execute_child(self, *given: object) -> None:
        """What `Popen` calls once there are pipes. It knows its child by `_child_created`, which
        stays False: only the server may wait for a child of the server.
        """
        named = _EXECUTE.bind(self, *given).arguments
        self._report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        streams = [named["p2cread"], named["c2pwrite"], named["errwrite"]]
        wanted = {
            "arguments": named["args"],
            "env": dict(named["env"]),
            "cwd": str(named["cwd"] or Path.cwd()),
            "umask": named["umask"],
            "constraint": astuple(self._constraint) if self._constraint else None,
        }
        with theirs:
            streams = [number if one == -1 else one for number, one in enumerate(streams)]
            SERVED.ask(wanted, *streams, theirs.fileno())
        self._close_pipe_fds(*(named[name] for name in _PIPES))  # type: ignore[attr-defined]  # as its own does in the end
        self.pid = self._told()

    def _told(self) -> int:
        told = self._report.recv(16)
        assert told, "the server has gone; what it said is on the standard error of the tests"
        return int(told)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._report.settimeout(timeout)
            try:
                self.returncode = self._told()
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            self._report.close()
        return self.returncode

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode


_EXECUTE = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]  # noqa: SLF001 - see Forked
_PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
