"""A process that has imported what the program needs, and becomes the program as often as asked.

File 0 is a socket. Each message is what `forking.Forked` says of a process, with four descriptors:
its standard streams, and a socket to which its number goes and then its exit code. The server
imports, and does nothing else that a process could inherit; it has one thread.

Started with a constraint and arguments (`KIND TO ARGUMENT...`), it is itself the program under it.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import marshal
import os
import pkgutil
import resource
import runpy
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

import lookervault
from lookervault.cli import commands

_STDERR = 2


def load() -> None:
    for module in pkgutil.walk_packages(lookervault.__path__, "lookervault."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    _make_commands()
    gc.collect()
    gc.freeze()  # a collection in a child would copy what it shares with the others


def _make_commands() -> None:
    """What typer and pydantic make of their signatures takes a fifth of a short run. It does not
    depend on what a process is given; one of each kind is not forked, and makes it by itself.
    """
    commands.build = functools.cache(commands.build)
    whole: Any = commands.build("--help")
    for command in (whole, *map(commands.build, whole.commands)):
        _make_parameters(command)


def _make_parameters(command: Any) -> None:
    for parameter in command.params:
        parameter.get_runtime_param()
    for one in getattr(command, "commands", {}).values():
        _make_parameters(one)


def serve(requests: int) -> bool:
    """True in each process that is to be the program; False in the server, in the end."""
    asked = socket.socket(fileno=requests)
    running: dict[int, tuple[int, int]] = {}
    while True:
        for ready in select.select([requests, *running], [], [])[0]:
            if ready != requests:
                _ended(ready, *running.pop(ready))
                continue
            message, descriptors, _, _ = socket.recv_fds(asked, 2**20, 4)
            if not message:
                return False
            process = os.fork()
            if not process:
                asked.detach()
                become(marshal.loads(message), descriptors[:3])  # noqa: S302 - it comes from the tests
                return True
            for descriptor in descriptors[:3]:
                os.close(descriptor)
            _tell(descriptors[3], process)
            running[os.pidfd_open(process)] = process, descriptors[3]


def _ended(watch: int, process: int, report: int) -> None:
    _tell(report, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    os.close(report)
    os.close(watch)


def _tell(report: int, number: int) -> None:
    with suppress(BrokenPipeError):  # whoever asked has gone
        os.write(report, b"%d" % number)


def become(wanted: dict[str, Any], streams: Sequence[int]) -> None:
    """What a new interpreter finds: streams, environment, place, arguments; no other file."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(len(streams), os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(wanted["env"])
    time.tzset()
    if wanted["umask"] >= 0:
        os.umask(wanted["umask"])
    os.chdir(wanted["cwd"])
    sys.path[0] = str(Path.cwd())
    sys.argv = ["-m", *wanted["arguments"]]
    sys.orig_argv = [sys.executable, "-m", "lookervault", *wanted["arguments"]]
    sys.stdin = _stream(sys.stdin, 0, "r")
    sys.stdout = _stream(sys.stdout, 1, "w")
    sys.stderr = _stream(sys.stderr, 2, "w")
    if constraint := wanted["constraint"]:
        constrain(*constraint)
    gc.enable()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def constrain(kind: str, to: int) -> None:
    """What `forking.Constraint` says. Root may write everywhere, so root becomes the user."""
    if kind != "uid":
        limit = getattr(resource, kind)
        resource.setrlimit(limit, (to, resource.getrlimit(limit)[1]))
    elif os.geteuid() == 0:
        os.setuid(to)


def _stream(old: TextIO, number: int, mode: str) -> TextIO:
    """As the interpreter makes it: with the locale's encoding, which is the server's."""
    return TextIOWrapper(
        open(number, f"{mode}b", closefd=False),
        encoding=old.encoding,
        errors=old.errors,
        newline="\n" if mode == "w" else None,
        line_buffering=number == _STDERR or os.isatty(number),
    )


def run() -> None:
    try:
        runpy.run_module("lookervault", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _CODE.append(ended.code)
        raise


_CODE: list[int] = []


def end() -> None:
    """The last that is done at the exit; then the process is over.

    An interpreter would take its modules apart, by which nothing is written or closed any more that
    anybody could notice, and which takes longer than most commands.
    """
    if _CODE:
        sys.stdout.flush()  # where it cannot, the interpreter is left to say so
        sys.stderr.flush()
        os._exit(*_CODE)


if __name__ == "__main__":
    _, *given = sys.argv
    if given:
        load()  # a user may not read where it is installed, perhaps
        constrain(given[0], int(given[1]))
        sys.argv[1:] = given[2:]
        run()
    # Ctrl-C is for the tests, which end this; one for a process that is just begun has to wait.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    atexit.register(end)  # before all others, so it is called after them
    gc.disable()
    load()
    if serve(0):
        run()
