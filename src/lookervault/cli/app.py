"""`lookervault`: the commands, and the one place where errors become messages."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from lookervault import __version__
from lookervault.errors import Exit, LookerVaultError


def main() -> NoReturn:
    """Runs the program on `sys.argv` and exits. No traceback reaches a person without --debug."""
    if sys.argv[1:] == ["--version"]:  # not worth the time that loading the commands takes
        print(f"lookervault {__version__}")
        sys.exit(Exit.COMPLETE)
    from lookervault.cli import failures, output, said, terminal

    terminal.open_streams()
    debug, json = "--debug" in sys.argv, "--json" in sys.argv
    try:
        said.choose(sys.argv[1:], os.environ)
        code = _run(sys.argv[1:] or ["--help"])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = failures.interrupted(json=json)
    except LookerVaultError as error:
        code = failures.explain(error, debug=debug, json=json)
    except Exception as error:  # noqa: BLE001 -- a person gets a message, never a traceback
        code = failures.unexpected(error, debug=debug, json=json)
        output.silence()  # what is left in its buffer may be why, and would complain again
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    from lookervault.cli.commands import build

    result = build(arguments[0])(arguments, standalone_mode=False)
    if result == Exit.INTERRUPTED and not isinstance(result, Exit):  # typer's word for Ctrl-C
        raise KeyboardInterrupt
    return int(result or 0)
