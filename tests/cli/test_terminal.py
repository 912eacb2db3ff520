"""What a person sees in a terminal, wide or narrow; and what a hostile title cannot do there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lookervault.content.registry import TYPES
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from scripts.picture import Screen
from tests.cli.running import program
from tests.cli.terminals import Shown, in_terminal

WIDTHS = [40, 80, 120]
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
LONGEST_WORD = 64
"""A root is not broken, so that it can be copied."""

LEAST_HELP = 50
"""Columns that the help is made for, at least."""


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_run_shows_how_far_it_is_and_then_what_it_brought(columns: int) -> None:
    with EmbeddedLooker(items=60, seed=1, behaviour=Behaviour(latency_ms=40)) as slow:
        shown = in_terminal("extract", columns=columns, env=slow.env())
    assert shown.code == 0
    _check_progress(shown, columns)
    _check_summary(shown, columns)


def _check_progress(shown: Shown, columns: int) -> None:
    frames = [lines for lines in shown.frames if any("calls" in line for line in lines)]
    assert len(frames) > 3
    assert all(len(line) <= columns for lines in frames for line in lines if "calls" in line)
    assert any(line.startswith("looks") for lines in frames for line in lines)
    assert shown.raw.count(HIDE_CURSOR) == shown.raw.count(SHOW_CURSOR) > 0
    assert not any("types done" in line for line in shown.lines)  # it went away in the end


def _check_summary(shown: Shown, columns: int) -> None:
    assert all(len(line) <= columns or " " not in line for line in shown.lines)
    assert shown.widest <= max(columns, LONGEST_WORD)
    told = " ".join(shown.text.split())
    assert "Run 1 complete: everything that was asked for is in the vault" in told
    assert "Without embed_users, user_attribute_user_values: not asked for" in told
    assert told.startswith("Backup of https://")
    head = shown.lines.index("")
    table = shown.lines[head + 1 : shown.lines.index("", head + 1)]
    assert table[0].split()[:2] == ["type", "items"]
    assert table[-1].split()[0] == "all"
    assert len({line[:columns].rstrip()[-1:].isdigit() for line in table[1:]}) == 1


def test_the_summary_names_only_what_happened() -> None:
    with EmbeddedLooker(items=60, seed=1) as looker:
        first = in_terminal("extract", "boards", "users", "--quiet", env=looker.env())
        again = in_terminal("extract", "boards", "users", "--quiet", env=looker.env())
    assert first.lines[2].split() == ["type", "items", "new", "calls"]
    assert again.lines[2].split() == ["type", "items", "unchanged", "calls"]
    assert "everything that was asked for is in the vault" in again.told
    assert f"Without {len(TYPES) - 2} of {len(TYPES)} types: not asked for" in again.told
    assert first.raw.count(HIDE_CURSOR) == 0


def test_what_a_run_was_not_asked_for_is_told() -> None:
    of_folders = [name for name, one in TYPES.items() if one.in_scope]
    all_of_them = [name for name, one in TYPES.items() if one.default]
    with EmbeddedLooker(items=20, seed=1) as looker:
        env = looker.env()
        folder = in_terminal("extract", "--folder", "1", "-q", env=env)
        a_part = in_terminal("extract", "folders", "--folder", "1", "-q", env=env)
        without = in_terminal("extract", "--exclude", "boards", "-q", env=env)
        whole = in_terminal("extract", *all_of_them, "embed_users", "-q", env=env)
    assert "everything that was asked for of these folders is in the vault" in folder.told
    assert "Without" not in folder.told
    count = len(of_folders)
    assert f"Without {count - 1} of {count} types: not asked for" in a_part.told
    assert "Without boards, embed_users, user_attribute_user_values: not" in without.told
    assert "Without user_attribute_user_values: not asked for" in whole.told


def test_the_status_has_a_colour_where_colours_are_welcome() -> None:
    with EmbeddedLooker(items=20, seed=1) as looker:
        run = ("extract", "boards", "-q")
        assert "\x1b[32mRun 1" in in_terminal(*run, env=looker.env()).raw
        plain = in_terminal(*run, env=looker.env() | {"NO_COLOR": "1"})
        assert "\x1b[" not in plain.raw
        looker.behaviour.forbidden = {"all_boards": 403}
        partial = in_terminal(*run, env=looker.env())
    assert partial.code == 3
    assert "\x1b[33mRun 3" in partial.raw


@pytest.mark.parametrize("env", [{"CI": "true"}, {"TERM": "dumb"}])
def test_where_nobody_watches_there_is_no_display(env: dict[str, str]) -> None:
    with EmbeddedLooker(items=20, seed=1) as looker:
        shown = in_terminal("extract", "boards", env=looker.env() | env)
    assert shown.code == 0
    assert HIDE_CURSOR not in shown.raw


def test_the_display_has_no_colours_where_none_are_wanted() -> None:
    with EmbeddedLooker(items=20, seed=1, behaviour=Behaviour(latency_ms=40)) as looker:
        shown = in_terminal("extract", env=looker.env() | {"NO_COLOR": "1"})
    assert HIDE_CURSOR in shown.raw
    assert "\x1b[3" not in shown.raw


def test_nothing_of_the_display_gets_into_a_file(tmp_path: Path) -> None:
    result = tmp_path / "result"
    with EmbeddedLooker(items=20, seed=1, behaviour=Behaviour(latency_ms=40)) as looker:
        with result.open("wb") as stdout:
            shown = in_terminal("extract", env=looker.env(), stdout=stdout)
        assert HIDE_CURSOR in shown.raw
        text = result.read_text()
        assert "\x1b" not in text
        assert text.startswith("Backup of")
        shown = in_terminal("extract", "--json", env=looker.env(), stderr=subprocess.PIPE)
    assert '"status": "complete"' in shown.text


HOSTILE = {
    "escape": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "8-bit escape": "\x9b2J\x9d0;owned\x9c",
    "lines": "first\nsecond\r\nthird\u2028fourth",
    "bidi": "\u202etxt.exe\u2066 \u200f",
    "long": "x" * 3000,
    "wide": "収益ダッシュボード" * 20,
    "emoji": "👩‍👩‍👧‍👦 🇩🇪 family 📈" * 9,
    "blank": " ",
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    vault = tmp_path_factory.mktemp("hostile") / "hostile.db"
    with EmbeddedLooker(counts={"boards": len(HOSTILE)}, seed=1) as looker:
        boards = looker.store.ids("boards")
        for id, title in zip(boards, HOSTILE.values(), strict=True):
            looker.store.edit("boards", id, title=title)
        assert program("extract", "boards", "--vault", vault, env=looker.env()).code == 0
    return vault


@pytest.mark.parametrize("columns", WIDTHS)
def test_no_title_can_do_anything_to_a_terminal(hostile: Path, columns: int) -> None:
    shown = in_terminal("list", "boards", "--vault", hostile, columns=columns)
    assert shown.code == 0
    assert len(shown.lines) == 1 + len(HOSTILE)
    assert "\x1b" not in shown.raw
    assert not any(sign in shown.raw for sign in "\x9b\x9d\u2028\u202e\u2066\u200f")
    assert shown.widest <= columns
    assert "␛" in shown.text
    assert "…" in shown.text


def test_json_keeps_titles_and_tells_the_terminal_nothing(hostile: Path) -> None:
    rows = program("list", "boards", "--json", "--vault", hostile).json
    assert {row["name"] for row in rows} >= set(HOSTILE.values()) - {" "}
    shown = in_terminal("list", "boards", "--json", "--vault", hostile)
    assert "\x1b" not in shown.raw
    assert not any(sign in shown.raw for sign in "\x9b\x9d\u2028\u202e\u2066\u200f")


def test_show_prints_the_same_json_and_nothing_that_a_terminal_obeys(hostile: Path) -> None:
    rows = program("list", "boards", "--json", "--vault", hostile).json
    for row in rows:
        show = ["show", "boards", row["id"], "--vault", hostile]
        shown = in_terminal(*show)
        assert not any(sign in shown.raw for sign in "\x1b\x9b\x9d\u2028\u202e\u2066\u200f")
        assert json.loads(shown.raw) == program(*show).json


def test_an_id_cannot_do_anything_to_a_terminal_either(hostile: Path) -> None:
    shown = in_terminal("show", "boards", "\x1b[2Jnone", "--vault", hostile)
    assert shown.code == 1
    assert "\x1b" not in shown.raw
    shown = in_terminal("list", "\x1b[2Jboards", "--vault", hostile)
    assert shown.code == 2
    assert "\x1b" not in shown.raw


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("command", ["types", "runs", "runs show 1", "--help", "check --offline"])
def test_pages_fit_the_terminal(hostile: Path, command: str, columns: int) -> None:
    env = {
        "LOOKERSDK_BASE_URL": "https://looker.example",
        "LOOKERSDK_CLIENT_ID": "id",
        "LOOKERSDK_CLIENT_SECRET": "hidden-word",
        "LOOKERVAULT_VAULT": hostile.name,
    }
    shown = in_terminal(*command.split(), columns=columns, env=env, cwd=hostile.parent)
    assert shown.code == 0
    assert "hidden-word" not in shown.text
    columns = max(columns, LEAST_HELP) if command == "--help" else columns
    too_long = [line for line in shown.lines if len(line) > columns and " " in line.strip()]
    assert too_long == []


def test_it_does_not_matter_where_what_a_terminal_gets_is_cut() -> None:
    sent = "a━b\r\x1b[2Kxy\r\n\x1b[31mred\x1b[0m\x1b[1A\r\x1b[2Kü".encode()
    whole, piecemeal = Screen(), Screen()
    whole.feed(sent)
    for place in range(len(sent)):
        piecemeal.feed(sent[place : place + 1])
    assert [line.plain for line in whole.lines()] == ["ü", "red"]
    assert [line.plain for line in piecemeal.lines()] == ["ü", "red"]
