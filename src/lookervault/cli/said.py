"""What is said beside the result, on stderr: lines for people, or an object a line for programs.

Every line of the program on stderr is made here, apart from a display on a terminal and from the
traceback that `--debug` asks for; where programs read, there is neither.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from lookervault.cli.text import harmless
from lookervault.errors import UsageError

FLAG = "--log-format"
VARIABLE = "LOOKERVAULT_LOG_FORMAT"


class Form(StrEnum):
    TEXT = "text"
    JSON = "json"


class Level(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_STDERR = 2
_WORDS = {Level.INFO: "", Level.WARNING: "Warning: ", Level.ERROR: "Error: "}


class Voice:
    """`form` is set once, before anything is said."""

    form = Form.TEXT


VOICE = Voice()


def choose(arguments: Sequence[str], env: Mapping[str, str]) -> None:
    """By the command line, else by the environment. Raises `UsageError` where that is no form.

    Read before the command line is understood: what is wrong with it is to be said in that form.
    """
    text, source = _asked(arguments) or (env.get(VARIABLE) or Form.TEXT, f"environment {VARIABLE}")
    try:
        VOICE.form = Form(text.strip().lower())
    except ValueError:
        raise UsageError(
            f"{text!r} ({source}) is no form of log.", hint="Write text or json."
        ) from None


def _asked(arguments: Sequence[str]) -> tuple[str, str] | None:
    """The last one counts; behind `--` there is none."""
    flags = arguments[: arguments.index("--")] if "--" in arguments else arguments
    found = None
    for number, flag in enumerate(flags):
        name, equals, text = flag.partition("=")
        if name == FLAG:
            found = text if equals else "".join(flags[number + 1 : number + 2])
    return None if found is None else (found, f"flag {FLAG}")


def is_for_programs() -> bool:
    return VOICE.form is Form.JSON


def say(
    message: str, *, level: Level = Level.INFO, event: str = "note", hint: str = "", **fields: Any
) -> None:
    """`fields` are for programs only; those that are None are left out."""
    print(told(message, level=level, event=event, hint=hint, **fields), file=sys.stderr, flush=True)


def say_at_once(message: str, *, event: str) -> None:
    """From a signal handler, which may have come between two halves of another line."""
    os.write(_STDERR, f"{told(message, event=event)}\n".encode())


def told(
    message: str, *, level: Level = Level.INFO, event: str = "note", hint: str = "", **fields: Any
) -> str:
    """As `say` writes it, without the end of the line."""
    if is_for_programs():
        return record(time.time(), message, level=level, event=event, hint=hint, **fields)
    return "\n".join([_WORDS[level] + harmless(message), *([harmless(hint)] if hint else [])])


def record(
    now: float, message: str, *, level: Level, event: str, hint: str = "", **fields: Any
) -> str:
    """One JSON object in visible ASCII, whatever the locale; `now` in seconds since 1970."""
    when = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    said = {
        "time": when.replace("+00:00", "Z"),
        "level": level,
        "event": event,
        "message": message,
        "hint": hint or None,
        **fields,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None})
