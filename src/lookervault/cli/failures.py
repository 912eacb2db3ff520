"""Errors as a person reads them: what happened, why, what to do now. On stderr."""

from __future__ import annotations

import sys
import traceback

from lookervault.cli.text import harmless
from lookervault.errors import Exit, LookerVaultError


def explain(error: LookerVaultError, *, debug: bool = False) -> int:
    if debug:
        traceback.print_exception(error)
    _say(f"Error: {harmless(error.message)}")
    if error.hint:
        _say(harmless(error.hint))
    return error.exit_code


def interrupted() -> int:
    _say("Interrupted.")
    return Exit.INTERRUPTED


def unexpected(error: Exception, *, debug: bool = False) -> int:
    """A command line that cannot be understood, or a defect of the program."""
    if (usage := getattr(error, "format_message", None)) is not None:
        return _usage(error, usage())
    if debug:
        traceback.print_exception(error)
    if isinstance(error, OSError):
        _say(f"Error: the system refused: {harmless(str(error))}.")
        return Exit.FAILED
    _say(f"Error: this should not have happened ({type(error).__name__}: {harmless(str(error))}).")
    if not debug:
        _say("The same command with --debug shows where. Please report it with what that shows.")
    return Exit.FAILED


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
