"""The program again and again in one process, which shows what each time leaves behind."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from lookervault.cli.app import main

PROCESSES = Path("/proc")
"""Linux. Elsewhere nobody tells."""
_HIGHEST = re.compile(r"VmHWM:\s+(\d+) kB")
_FORGET_THE_HIGHEST = "5"
"""To clear_refs (proc_pid_clear_refs(5))."""


class Done(NamedTuple):
    """`memory` is the most that was resident, in MB; `files` the most that were open at once, and
    `left` those that are open still. None where nobody can tell.
    """

    code: int
    out: str
    err: str
    memory: float | None
    files: int | None
    left: int | None


class Again:
    """For one thread."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, *arguments: object) -> Done:
        """However long it takes. Raises EOFError where the process has ended with it."""
        wanted, answers = self._process.stdin, self._process.stdout
        assert wanted
        assert answers
        files = OpenFiles(self._process.pid)
        try:
            wanted.write(json.dumps([*map(str, arguments)]) + "\n")
            wanted.flush()
            told = answers.readline()
        finally:
            files.stop()
        if not told:
            raise EOFError(f"the process ended in {arguments}")
        return Done(**json.loads(told), files=files.most)


@contextmanager
def again(env: Mapping[str, str]) -> Iterator[Again]:
    """The process ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-P", __file__],
        env={**os.environ, **env},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield Again(process)


class OpenFiles:
    """Counts those of a process until it is stopped, on systems that tell."""

    def __init__(self, process_id: int) -> None:
        self._folder = PROCESSES / str(process_id) / "fd"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.most: int | None = None
        self._thread.start()

    def _watch(self) -> None:
        while (count := _open_files(self._folder)) is not None:
            self.most = max(count, self.most or 0)
            if self._ended.wait(0.05):
                return

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


def _open_files(folder: Path) -> int | None:
    try:
        return len(os.listdir(folder))  # noqa: PTH208 - names are enough
    except OSError:
        return None


# ── within the process ──────────────────────────────────────────────────────────────────────────


def serve(wanted: IO[str], answers: IO[str]) -> None:
    for line in wanted:
        answers.write(json.dumps(_once(json.loads(line))) + "\n")
        answers.flush()


def _once(arguments: Sequence[str]) -> dict[str, Any]:
    _forget_the_highest()
    sys.argv[1:] = arguments
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        sys.stdout.flush()
        sys.stderr.flush()
        said = [_read(stream) for stream in (out, err)]
    gc.collect()
    return {
        "code": code,
        "out": said[0],
        "err": said[1],
        "memory": _highest(),
        "left": _open_files(PROCESSES / "self/fd"),
    }


def _read(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


def _forget_the_highest() -> None:
    if PROCESSES.exists():
        (PROCESSES / "self/clear_refs").write_text(_FORGET_THE_HIGHEST)


def _highest() -> float | None:
    status = PROCESSES / "self/status"
    found = _HIGHEST.search(status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 / 1e6 if found else None


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "w") as to_whoever_asked:
        serve(sys.stdin, to_whoever_asked)
