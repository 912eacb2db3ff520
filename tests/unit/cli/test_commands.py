"""The commands, and which of them are built for what was asked."""

from __future__ import annotations

from typing import Any

import pytest

from lookervault.cli.commands import build

ALL: Any = build()


def described(command: Any) -> object:
    """What it is called, takes and says of itself, and that of what belongs to it."""
    belong = getattr(command, "commands", {}).values()
    options = [(one.name, one.opts, one.help, one.default) for one in command.params]
    return type(command), command.name, options, command.help, [described(one) for one in belong]


@pytest.mark.parametrize("name", ALL.commands)
def test_a_command_that_is_asked_for_is_built_alone_and_is_the_same(name: str) -> None:
    built: Any = build(name)
    assert [*built.commands] == [name]
    assert described(built.commands[name]) == described(ALL.commands[name])


@pytest.mark.parametrize("asked", ["lsit", "--help", "--version", ""])
def test_for_anything_else_all_are_built(asked: str) -> None:
    assert described(build(asked)) == described(ALL)
