"""`looker.ini`, the SDK's own file of settings."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from lookervault.errors import UsageError

SECTION = "Looker"


def read_ini(path: Path, *, required: bool) -> Mapping[str, str]:
    """The section `[Looker]`; empty where there is no file and none is `required`.

    Raises `UsageError`. No message repeats a line of the file: it may hold the secret.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if not required:
            return {}
        raise UsageError(
            f"There is no file {path}.", hint="Give the path of a looker.ini that exists."
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.",
            hint="Make it readable for you, or run in another folder.",
        ) from None
    return _section(text, path)


def _section(text: str, path: Path) -> Mapping[str, str]:
    # No interpolation: a percent sign in a secret is a percent sign.
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UsageError(
            f"{path} is not in the form of an ini file{_line(error)}.",
            hint=f"Write a line [{SECTION}], then lines such as"
            " base_url=https://company.looker.com.",
        ) from None
    if not parser.has_section(SECTION):
        raise UsageError(
            f"{path} has no section [{SECTION}].",
            hint=f"Put a line [{SECTION}] above the settings, or run in another folder.",
        )
    return {key: _unquoted(value) for key, value in parser[SECTION].items()}


def _line(error: configparser.Error) -> str:
    if isinstance(error, configparser.MissingSectionHeaderError):
        return f": line {error.lineno} stands before any [section]"
    if isinstance(error, configparser.ParsingError):
        return f": line {error.errors[0][0]} is not understood"
    if isinstance(error, configparser.DuplicateOptionError | configparser.DuplicateSectionError):
        return f": line {error.lineno} repeats what stands above it"
    return ""


def _unquoted(value: str) -> str:
    """Without the quotes around it, which the SDK drops, too."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] in "\"'" else value
