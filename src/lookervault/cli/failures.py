"""Errors as a person reads them: what happened, why, what to do now. On stderr."""

from __future__ import annotations

import errno
import traceback
from typing import Any

from lookervault.cli import said
from lookervault.cli.said import Level
from lookervault.errors import Exit, Interrupted, LookerVaultError


def explain(
    error: LookerVaultError, *, debug: bool = False, json: bool = False, run: int | None = None
) -> int:
    """`json`: stdout gets the error, too. Wrong usage alone leaves it empty."""
    if json and error.exit_code != Exit.USAGE:
        _print_json(error)
    if debug and not said.is_for_programs():
        traceback.print_exception(error)
    code = int(error.exit_code)
    said.say(
        error.message, level=Level.ERROR, event="error", hint=error.hint, exit_code=code, run=run
    )
    return error.exit_code


def interrupted(*, json: bool = False) -> int:
    if json:
        _print_json(Interrupted("Interrupted.", hint="Run the same command again."))
    said.say("Interrupted.", event="interrupted", exit_code=int(Exit.INTERRUPTED))
    return Exit.INTERRUPTED


def unexpected(error: Exception, *, debug: bool = False, json: bool = False) -> int:
    """A command line that cannot be understood, or a defect of the program."""
    if (usage := getattr(error, "format_message", None)) is not None:
        return _usage(error, usage())
    return explain(in_words(error, debug=debug), debug=debug, json=json)


def in_words(error: Exception, *, debug: bool = False) -> LookerVaultError:
    """The error itself if it is one of ours; of what is none, one that has it as its cause."""
    if isinstance(error, LookerVaultError):
        return error
    if isinstance(error, OSError):
        known = LookerVaultError(f"The system refused: {error}.", hint=_hint(error))
    else:
        known = LookerVaultError(
            f"This should not have happened ({type(error).__name__}: {error}).",
            hint="" if debug else _REPORT,
        )
    known.__cause__ = error
    return known


_REPORT = "The same command with --debug shows where. Please report it with what that shows."


def _hint(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "Free some space where that is written, then run the command again."
    return "Check that what is named exists and may be read and written."


def _print_json(error: LookerVaultError) -> None:
    from lookervault.cli import output
    from lookervault.cli.report import failure

    try:
        output.print_json(failure(error))
    except OSError:  # stdout is what failed; stderr tells
        output.silence()


def _usage(error: Exception, message: str) -> int:
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "lookervault") if context else "lookervault"
    said.say(
        message,
        level=Level.ERROR,
        event="usage",
        hint=f"`{path} --help` shows what it takes.",
        exit_code=int(Exit.USAGE),
    )
    return Exit.USAGE


def note(message: str, **fields: Any) -> None:
    said.say(message, **fields)


def warn(message: str, *, event: str = "warning", **fields: Any) -> None:
    said.say(message, level=Level.WARNING, event=event, **fields)
