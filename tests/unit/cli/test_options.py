"""Options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from lookervault.cli.commands import build
from lookervault.cli.options import CONNECTION, Flags, connecting

heard: list[tuple[bool, Flags, int]] = []


@connecting
def command(before: bool = False, *, flags: Flags, after: int = 7) -> int:
    heard.append((before, flags, after))
    return 0


def invoked(*arguments: str) -> tuple[bool, Flags, int]:
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return heard.pop()


def test_what_is_given_of_a_connection_comes_by_the_names_of_the_settings() -> None:
    nothing = dict.fromkeys(CONNECTION)
    assert invoked() == (False, nothing, 7)
    assert invoked("--before", "--after", "8", "--allow-http", "--vault", "v.db") == (
        True,
        nothing | {"allow_http": True, "vault": Path("v.db")},
        8,
    )


def _commands() -> dict[str, Any]:
    root: Any = build()
    return dict(root.commands)


@pytest.mark.parametrize("name", ["check", "extract", "verify"])
def test_each_command_that_talks_to_looker_has_all_of_them_in_one_order(name: str) -> None:
    names = [one.name for one in _commands()[name].params]
    assert [one for one in names if one in CONNECTION] == list(CONNECTION)
