"""A server that several processes share: the first starts it and ends it after the last."""

from __future__ import annotations

import fcntl
import http.client
import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

LONGEST_START_S = 30
TRIES = 3

UNTIL_THE_PIPE_CLOSES = '"$@" & child=$!; read -r line; kill -9 $child; wait $child'
"""Whoever started it may be killed: then the pipe closes, too."""

type Ports = dict[str, int]


@contextmanager
def shared(
    folder: Path,
    names: Sequence[str],
    command: Callable[[Path, Ports], Sequence[object]],
    is_up: Callable[[Ports], bool],
) -> Iterator[Ports]:
    """`folder` is the server's own, and the same for all who share it; `names` are of its ports."""
    folder.mkdir(exist_ok=True)
    told = folder / "ports.json"
    with (folder / "users").open("w") as users, ExitStack() as mine:
        with (folder / "starting").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)  # waits for one that is being ended
            if not told.exists():
                ports = mine.enter_context(_started(folder, names, command, is_up))
                told.write_text(json.dumps(ports))
                mine.callback(told.unlink)
                mine.callback(fcntl.flock, users, fcntl.LOCK_EX)  # waits for the others
        yield json.loads(told.read_text())


@contextmanager
def _started(
    folder: Path,
    names: Sequence[str],
    command: Callable[[Path, Ports], Sequence[object]],
    is_up: Callable[[Ports], bool],
) -> Iterator[Ports]:
    for _ in range(TRIES):  # somebody may be faster at one of the ports
        ports = _free(names)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", UNTIL_THE_PIPE_CLOSES, "sh", *map(str, command(folder, ports))],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        with process:
            if _comes_up(process, ports, is_up):
                yield ports
                return
    raise AssertionError((folder / "log").read_text(errors="replace")[-4_000:])


def _comes_up(
    process: subprocess.Popen[bytes], ports: Ports, is_up: Callable[[Ports], bool]
) -> bool:
    until = time.monotonic() + LONGEST_START_S
    while process.poll() is None and time.monotonic() < until:
        if is_up(ports):
            return True
        time.sleep(0.05)
    return False


def status_of(port: int, method: str, target: str, headers: Mapping[str, str] | None = None) -> int:
    """0 where nobody answers yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, target, headers=headers or {})
        with connection.getresponse() as answer:
            return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _free(names: Sequence[str]) -> Ports:
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1)) for _ in names
        ]
        return {name: one.getsockname()[1] for name, one in zip(names, sockets, strict=True)}
