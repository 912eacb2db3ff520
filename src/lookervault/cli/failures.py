"""Errors as a person reads them: what happened, why, what to do now. On stderr."""

from __future__ import annotations

import errno
import sys
import traceback

from lookervault.cli.text import harmless
from lookervault.errors import Exit, Interrupted, LookerVaultError


def explain(error: LookerVaultError, *, debug: bool = False, json: bool = False) -> int:
    """`json`: stdout gets the error, too. Wrong usage alone leaves it empty."""
    if json and error.exit_code != Exit.USAGE:
        _print_json(error)
    if debug:
        traceback.print_exception(error)
    _say(f"Error: {harmless(error.message)}")
    if error.hint:
        _say(harmless(error.hint))
    return error.exit_code


def interrupted(*, json: bool = False) -> int:
    if json:
        _print_json(Interrupted("Interrupted.", hint="Run the same command again."))
    _say("Interrupted.")
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
    _say(f"Error: {harmless(message)}")
    _say(f"`{path} --help` shows what it takes.")
    return Exit.USAGE


def note(message: str) -> None:
    _say(harmless(message))


def warn(message: str) -> None:
    _say(f"Warning: {harmless(message)}")


def _say(message: str) -> None:
    print(message, file=sys.stderr)
