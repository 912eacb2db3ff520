"""`--log-format json`: what is said on stderr is one object a line, and stdout as it was."""

from __future__ import annotations

import json
import re
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import ended, program, started, wait_until
from tests.security.running import on_a_terminal, written

JSON = {"LOOKERVAULT_LOG_FORMAT": "json"}
SOURCE = Path(__file__).parents[2] / "src/lookervault"


def lines(err: str) -> list[dict[str, Any]]:
    """Raises where a line is none; each has what each has to have."""
    found = [json.loads(line) for line in err.splitlines()]
    for one in found:
        assert one["level"] in ("info", "warning", "error")
        assert one["event"]
        assert one["message"]
        assert datetime.fromisoformat(one["time"]).tzinfo is not None
        assert one["time"].endswith("Z")
    return found


def test_a_run_says_how_it_ended_and_the_page_is_the_same(looker: EmbeddedLooker) -> None:
    done = program("extract", "boards", "--log-format", "json", env=looker.env())
    assert done.code == 0, done.err
    (told,) = lines(done.err)
    assert told["event"] == "ended"
    run = program("runs", "--json").json[0]
    assert {name: told[name] for name in ("run", "status", "items", "calls")} == {
        name: run[name] for name in ("run", "status", "items", "calls")
    }
    assert re.search(r"^Run 1 +complete", done.text, re.MULTILINE)


def test_an_error_is_one_object_with_what_to_do(looker: EmbeddedLooker) -> None:
    env = looker.env() | JSON | {"LOOKERSDK_CLIENT_SECRET": "wrong"}
    done = program("extract", "boards", "--json", env=env)
    assert done.code == 4
    *_, told = lines(done.err)
    assert (told["level"], told["event"], told["exit_code"]) == ("error", "error", 4)
    assert told["hint"]
    assert done.json["error"]["message"] == told["message"]


@pytest.mark.parametrize(
    ("arguments", "event"),
    [(["runs", "--no-such-flag"], "usage"), (["nothing"], "usage"), (["runs"], "error")],
)
def test_wrong_usage_is_said_in_that_form_too(arguments: list[str], event: str) -> None:
    done = program(*arguments, env=JSON)
    assert (done.code, done.out) == (2, b"")
    (told,) = lines(done.err)
    assert (told["event"], told["exit_code"]) == (event, 2)


def test_no_traceback_comes_between_the_lines(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + bytes(200))
    done = program("runs", "--vault", "broken.db", "--debug", env=JSON)
    assert done.code == 1
    (told,) = lines(done.err)
    assert "no vault" in told["message"]


def test_the_flag_comes_before_the_environment() -> None:
    assert lines(program("runs", "--log-format=json", env={}).err)
    said = program("runs", "--log-format", "text", env=JSON).err
    assert said.startswith("Error: There is no vault at lookervault.db")
    assert lines(program("runs", "--log-format", "text", "--log-format", "JSON").err)


@pytest.mark.parametrize(
    ("flags", "env", "named"),
    [
        (["--log-format", "xml"], {}, "'xml' (flag --log-format)"),
        (["--log-format="], {}, "'' (flag --log-format)"),
        ([], {"LOOKERVAULT_LOG_FORMAT": "yaml"}, "'yaml' (environment LOOKERVAULT_LOG_FORMAT)"),
    ],
)
def test_another_form_is_wrong_usage(flags: list[str], env: dict[str, str], named: str) -> None:
    done = program("types", *flags, env=env)
    assert (done.code, done.out) == (2, b"")
    assert done.told == f"Error: {named} is no form of log. Write text or json."


def test_what_stands_behind_two_dashes_is_no_flag(vault: Path) -> None:
    done = program("show", "--vault", vault, "--", "boards", "--log-format=json")
    assert done.code == 1
    assert done.err.startswith("Error: The vault holds no boards with the id --log-format=json")


def test_a_signal_is_answered_by_an_object() -> None:
    slow = Behaviour(latency_ms=200)
    with EmbeddedLooker(items=60, seed=1, behaviour=slow) as looker:
        env = looker.env() | JSON
        with started("extract", "--workers", "1", "--json", env=env) as process:
            wait_until(lambda: len(looker.log) > 5)
            process.send_signal(signal.SIGTERM)
            done = ended(process)
    assert done.code == 130
    assert [(one["event"], one["level"]) for one in lines(done.err)] == [
        ("stopping", "info"),
        ("ended", "info"),
        ("error", "error"),
    ]
    assert {one.get("run") for one in lines(done.err)} == {None, 1}


def test_there_is_no_display_on_a_terminal(looker: EmbeddedLooker) -> None:
    code, shown = on_a_terminal("extract", "boards", "--json", env=looker.env() | JSON)
    assert code == 0
    assert "\x1b" not in shown
    code, shown = on_a_terminal("verify", "--log-format", "json")
    assert code == 0
    assert "\x1b" not in shown


def test_what_looker_calls_things_cannot_break_a_line(tmp_path: Path) -> None:
    name = 'odd\n"name"\x1b[2J\x7f\u202e\u2028é.db'
    err = written("runs", "--vault", name, env=JSON | {"LC_ALL": "C"}).stderr
    assert err.isascii()
    assert err.count(b"\n") == 1
    assert set(err) <= {10, *range(32, 127)}
    (told,) = lines(err.decode())
    assert name in told["message"]


def test_each_line_on_stderr_is_made_in_one_place() -> None:
    """What is written to the stream elsewhere are lines that `said` made, or a display."""
    speaking = re.compile(r"file=sys\.stderr|sys\.stderr\.write|os\.write\(")
    places = {
        path.relative_to(SOURCE).as_posix(): len(found)
        for path in SOURCE.rglob("*.py")
        if (found := speaking.findall(path.read_text(encoding="utf-8")))
    }
    tools = {"cli/reference.py": 1, "config/schema.py": 1}
    the_cursor = {"cli/stopping.py": 1}
    assert places == {"cli/said.py": 2, **the_cursor, **tools}
