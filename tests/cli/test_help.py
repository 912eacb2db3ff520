"""What the program says of itself: every command's help, its examples, and its reference."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest

from lookervault import __version__
from lookervault.cli.commands import build
from lookervault.content.registry import TYPES
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import INSTALLED, program

pytestmark = pytest.mark.xdist_group("help")

ROOT = Path(__file__).parents[2]


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*path, name))


PATHS = [path for path, _ in _commands(build()) if path]
EXAMPLES = sorted(
    {
        line
        for path, command in _commands(build())
        for line in re.findall(r"^ +lookervault (.+)$", command.help or "", re.MULTILINE)
    }
)
RUN = [line for line in EXAMPLES if not line.startswith("demo")]


def test_there_are_examples_to_try() -> None:
    assert len(EXAMPLES) > 15
    assert {line.split()[0] for line in EXAMPLES} == {path[0] for path in PATHS}


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_each_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    done = program(*path, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"lookervault {' '.join(path)}" in done.text.partition("Examples:")[2]


def test_without_arguments_the_help_is_shown_with_commands_and_exit_codes() -> None:
    done = program("--help")
    assert done.code == 0
    for path in PATHS:
        assert path[0] in done.text
    for code in (0, 1, 2, 3, 4, 5, 130):
        assert re.search(rf"^ +{code} +\w", done.text, re.MULTILINE)
    assert program() == program("-h") == done


@pytest.mark.parametrize("flags", [["--version"], ["--version", "list"]])
def test_the_version_is_told(flags: list[str]) -> None:
    done = program(*flags)
    assert (done.code, done.text, done.err) == (0, f"lookervault {__version__}\n", "")


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedLooker, Path]]:
    """A vault with a run in it, whose certificate is signed."""
    folder = tmp_path_factory.mktemp("worked")
    vault, key = folder / "lookervault.db", folder / "signing.pem"
    (folder / "public.key").write_bytes(program("key", "new", "--out", key).out)
    with EmbeddedLooker(items=1) as looker:
        env = looker.env() | {"LOOKERVAULT_SIGNING_KEY": str(key)}
        assert program("extract", "--vault", vault, env=env).code == 0
        yield looker, vault


class InStore:
    """A store with a snapshot of that vault, and the keys of it, for examples that name others."""

    def __init__(self, folder: Path, vault: Path) -> None:
        identity = pyrage.x25519.Identity.generate()
        self._folder, self._vault = folder, vault
        self._recipient = str(identity.to_public())
        (folder / "key.txt").write_text(f"{identity}\n")
        self.env = {
            "LOOKERVAULT_STORE": f"file://{folder}/store",
            "LOOKERVAULT_INDEX_KEY": str(folder / "index.key"),
            "LOOKERVAULT_IDENTITY": str(folder / "key.txt"),
        }
        made = self.env | {"LOOKERVAULT_RECIPIENTS": self._recipient}
        assert program("snapshot", "push", "--vault", vault, env=made).code == 0

    def arguments(self, example: list[str]) -> list[str]:
        found = []
        for word in example:
            if word.startswith("age1"):
                found.append(self._recipient)
            elif word in ("lookervault.db", "public.key"):
                found.append(str(self._vault.with_name(word)))
            elif word.endswith((".key", ".txt")):
                found.append(str(self._folder / word))
            elif re.match(r"\w+://", word):
                plain = "--no-encryption" in example
                found.append(f"file://{self._folder}/{'plain' if plain else 'store'}")
            else:
                found.append("now" if word == "yesterday" else word)
        return found


@pytest.fixture(scope="module")
def stored(
    worked: tuple[EmbeddedLooker, Path], tmp_path_factory: pytest.TempPathFactory
) -> InStore:
    return InStore(tmp_path_factory.mktemp("stored"), worked[1])


def _there(looker: EmbeddedLooker) -> dict[str, str]:
    """What this Looker has in place of things in examples."""

    def objects(type: str) -> list[dict[str, Any]]:
        return [json.loads(looker.store.body(type, id)) for id in looker.store.ids(type)]

    model = objects("lookml_models")[0]
    return {
        "42": objects("looks")[0]["id"],
        "ann@example.com": next(user["email"] for user in objects("users") if user["email"]),
        "sales": model["name"],
        "orders": model["explores"][0]["name"],
    }


INSTEAD = {"--at": "now", "--rate": "500"}
"""The run that the test made is younger, and it has not the time that the example takes."""


def _with_instead(arguments: list[str]) -> None:
    for option, value in INSTEAD.items():
        if option in arguments:
            arguments[arguments.index(option) + 1] = value


@pytest.mark.parametrize("line", RUN)
def test_each_example_runs(line: str, worked: tuple[EmbeddedLooker, Path], stored: InStore) -> None:
    looker, vault = worked
    arguments = shlex.split(line.partition(" >")[0])
    if "12" in arguments:
        arguments[arguments.index("12")] = looker.store.ids("dashboards")[0]
    if arguments[0] == "uses":
        there = _there(looker)
        arguments = [there.get(word, word) for word in arguments]
    if arguments[0] == "diff":  # there is one run, and it is young
        times = {"2": "1", "-7d": "now", "yesterday": "now"}
        arguments = [times.get(word, word) for word in arguments]
        arguments += ["1"] if arguments[1] == "dashboards" else []
    if arguments[0] == "import":
        assert program("export", "tree", env={"LOOKERVAULT_VAULT": str(vault)}).code == 0
    if arguments[0] == "salvage":
        arguments[1] = str(vault)
    _with_instead(arguments)
    env = looker.env()
    if "--fit-quota" in arguments:
        env["LOOKERVAULT_MONTHLY_CALLS"] = "10000"
    if arguments[0] != "extract":
        env["LOOKERVAULT_VAULT"] = str(vault)
    if "--store" in line or arguments[0] == "snapshot":
        arguments = stored.arguments(arguments)
        env |= stored.env
    done = program(*arguments, env=env)
    assert (done.code, bool(done.out)) == (0, True), done


def test_the_reference_is_what_the_program_says() -> None:
    done = program("--check", command=(sys.executable, "-m", "lookervault.cli.reference"), cwd=ROOT)
    assert done.code == 0, done.err


def completing(instruction: str, typed: str = "") -> str:
    """What the installed program tells a shell."""
    asked = {
        "_LOOKERVAULT_COMPLETE": instruction,
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    done = program(env=asked, command=[str(INSTALLED)])
    assert done.err == ""
    return done.text


@pytest.mark.parametrize(
    ("shell", "mark"), [("bash", "COMPREPLY"), ("zsh", "#compdef"), ("fish", "complete --command")]
)
def test_shells_get_a_script_that_completes(shell: str, mark: str) -> None:
    assert mark in completing(f"source_{shell}")


def test_commands_and_types_are_completed() -> None:
    assert completing("complete_bash", "lookervault ext").split() == ["extract"]
    offered = completing("complete_bash", "lookervault list da").split()
    assert offered == [name for name in TYPES if name.startswith("da")]
