"""The client secret out of a file, or out of what a command prints.

Nothing of either is ever shown: a message names the file or the program, and the setting's source.
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lookervault.config.exposure import is_exposed
from lookervault.errors import UsageError

LONGEST = 4096
"""Bytes; whatever is longer is no client secret."""

PATIENCE_S = 60.0
"""Seconds that a command may take: somebody may have to unlock a password store meanwhile."""


def from_file(text: str, source: str) -> tuple[str, bool]:
    """The secret without the line end behind it, and whether others may get at the file.

    A pipe will do, too. Raises `UsageError`.
    """
    what = _named(
        "The file with the client secret", text, source, it_is_one=Path(text).name != text
    )
    try:
        with Path(text).open("rb") as file:
            data, found = file.read(LONGEST + 1), os.fstat(file.fileno())
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise UsageError(
            f"{what} cannot be read: {getattr(error, 'strerror', None) or error}.",
            hint="Name a file that you may read, and that holds the client secret alone.",
        ) from None
    return _only_line(data, what), is_exposed(found)


def _named(what: str, text: str, source: str, *, it_is_one: bool) -> str:
    """Who puts the secret itself where its file or command belongs must not read it in a log."""
    if it_is_one or os.path.exists(text):  # noqa: PTH110 - a Path raises for a zero byte
        return f"{what}, {text!r} ({source}),"
    return f"{what} that the {source} names"


def from_command(
    text: str,
    source: str,
    *,
    patience_s: float = PATIENCE_S,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """What the command prints, without the line end behind it. Raises `UsageError`.

    No shell is between. What it says on stderr is not shown: it may hold the secret.
    """
    arguments = _split(text, source)
    program = arguments[0]
    there = os.sep in program or shutil.which(program) is not None
    what = _named("The command for the client secret", program, source, it_is_one=there)
    try:
        with subprocess.Popen(  # noqa: S603 - to run it is what was asked for
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        ) as process:
            try:
                data = _printed(process, clock() + patience_s, clock)
            except TimeoutError:
                raise UsageError(
                    f"{what} did not end within {patience_s:g} s.", hint=_BY_HAND
                ) from None
            finally:
                process.kill()  # which does nothing where it has ended
    except (OSError, ValueError) as error:  # ValueError: a zero byte in an argument
        raise UsageError(
            f"{what} cannot be run: {getattr(error, 'strerror', None) or 'it holds a zero byte'}.",
            hint="Is it installed, and in PATH? Give the program's whole path if it is not.",
        ) from None
    if process.returncode and len(data) <= LONGEST:
        raise UsageError(f"{what} failed: {_status(process.returncode)}.", hint=_BY_HAND)
    return _only_line(data, what)


_BY_HAND = "Run it by hand to see what it says; nothing of that is shown here."


def _split(text: str, source: str) -> list[str]:
    try:
        arguments = shlex.split(text)
    except ValueError as error:
        arguments, why = [], f"is no command line: {str(error).lower()}"
    else:
        why = "names no program"
    if arguments:
        return arguments
    raise UsageError(
        f"{source} {why}.",
        hint="Write a program and its arguments, such as: pass show looker. There is no shell;"
        " where you need one: sh -c '…'.",
    )


def _printed(process: subprocess.Popen[bytes], until: float, clock: Callable[[], float]) -> bytes:
    """Bounded in time and in size: a little more than `LONGEST` where there is more.

    Raises `TimeoutError`.
    """
    if process.stdout is None:
        raise AssertionError  # it was asked for
    data = b""
    while len(data) <= LONGEST:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - clock()))
        if not ready:
            raise TimeoutError
        chunk = os.read(process.stdout.fileno(), LONGEST)
        if not chunk:
            break
        data += chunk
    else:
        return data
    try:
        process.wait(max(0.0, until - clock()))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    return data


def _status(code: int) -> str:
    return f"it ended with exit status {code}" if code > 0 else f"signal {-code} ended it"


def _only_line(data: bytes, what: str) -> str:
    """What else may be wrong with the text is for `values.token_text` to say."""
    text = data.decode("utf-8-sig", "replace").removesuffix("\n").removesuffix("\r")
    if text and len(data) <= LONGEST:
        return text
    why = f"gives more than {LONGEST} bytes" if text else "gives nothing"
    raise UsageError(f"{what} {why}.", hint="The client secret alone is expected of it.")
