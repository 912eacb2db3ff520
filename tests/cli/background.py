"""The program while it runs: whoever started it may send signals, or look at its streams."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.cli.running import COMMAND, LONGEST_S, Completed, completed, environment

_IN_PIPES: dict[str, Any] = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.PIPE,
}


@contextmanager
def started(
    *arguments: str, env: Mapping[str, str] | None = None, **streams: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Ends with the block, at the latest."""
    command = [*COMMAND, *arguments]
    with subprocess.Popen(command, env=environment(env), **{**_IN_PIPES, **streams}) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[bytes]) -> Completed:
    out, err = process.communicate(timeout=LONGEST_S)
    return completed(process.returncode, out or b"", err or b"")


def wait_until(true: Callable[[], object], seconds: float = 30) -> None:
    """Looks often; raises where it does not come true."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.005)
