"""Streams that end, are full, or are not there; servers that cannot be trusted."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli import running
from tests.cli.running import program, started
from tests.unit.looker.stand_in import serving

shell = partial(running.shell, installed=True)
"""What becomes of streams is up to the interpreter that ends, too."""

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")


def test_a_reader_that_has_seen_enough_is_no_failure(vault: Path) -> None:
    done = shell(f"(lookervault list users --vault '{vault}'; echo $? >&2) | head -n 1")
    assert done.text.startswith("id")
    assert done.err == "0\n"
    with started("show", "dashboards", "1", "--vault", str(vault)) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize("flags", ["", "--json"])
def test_whoever_does_not_read_on_changes_neither_the_run_nor_its_code(flags: str) -> None:
    """Not even of a run that takes so long that progress is told."""
    refused = Behaviour(forbidden={"all_themes": 403})
    with EmbeddedLooker(items=60, seed=1, behaviour=refused) as looker:
        for streams in ("2>&1 | true", "2>&1 >&- | true"):
            command = f"lookervault extract {flags} --vault left.db; echo $? > code"
            shell(f"({command}) {streams}", looker.env())
            assert Path("code").read_text() == "3\n"
            (*_, last) = program("runs", "--vault", "left.db", "--json").json
            assert last["status"] == "partial"


@needs_full
@pytest.mark.parametrize("command", ["list users", "list users --json", "runs show 1", "types"])
def test_a_result_that_cannot_be_written_is_an_error(vault: Path, command: str) -> None:
    option = "" if command == "types" else f"--vault '{vault}'"
    done = shell(f"lookervault {command} {option} > /dev/full")
    assert done.code == 1
    assert "No space left on device" in done.err
    assert len(done.err.splitlines()) == 2


@needs_full
def test_an_item_that_cannot_be_written_is_an_error(vault: Path, looker: EmbeddedLooker) -> None:
    id = looker.store.ids("dashboards")[0]
    done = shell(f"lookervault show dashboards {id} --vault '{vault}' > /dev/full")
    assert done.code == 1
    assert "No space left on device" in done.err


def test_streams_that_are_closed_change_nothing_else(vault: Path, looker: EmbeddedLooker) -> None:
    done = shell("lookervault extract boards --vault new.db <&- >&- 2>&-", looker.env())
    assert (done.code, done.text, done.err) == (0, "", "")
    done = shell("lookervault list boards --vault new.db --json <&- 2>&-")
    assert done.code == 0
    assert len(done.text) > 10
    assert shell(f"lookervault list users --vault '{vault}' >&-").err == ""


def test_text_is_printed_whatever_the_locale_says() -> None:
    title = "Umsatz – 収益 📈"
    with EmbeddedLooker(items=20, seed=1) as other:
        other.store.edit("boards", other.store.ids("boards")[0], title=title)
        env = other.env() | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        assert program("extract", "boards", env=env).code == 0
    listed = program("list", "boards", "--json", env=env)
    assert listed.json[0]["name"] == title
    assert program("list", "boards", env=env).code == 0
    latin = program("list", "boards", env=env | {"PYTHONIOENCODING": "latin-1"})
    assert latin.code == 0, latin.err


KEY = {"LOOKERSDK_CLIENT_ID": "id", "LOOKERSDK_CLIENT_SECRET": "hidden-word"}


def test_a_certificate_that_is_not_trusted_names_the_server_and_the_way_out() -> None:
    with serving("localhost.pem") as server:
        done = program("extract", "--base-url", server.url, env=KEY)
        assert (done.code, done.out) == (1, b"")
        assert server.url in done.told
        assert "--ca-file" in done.told
        assert server.requests == []

        unchecked = program("check", env=KEY | UNCHECKED | {"LOOKERSDK_BASE_URL": server.url})
        assert "Warning: Certificates are not checked" in unchecked.told
        assert "environment LOOKERSDK_VERIFY_SSL" in unchecked.told
        assert "hidden-word" not in unchecked.err + unchecked.text
        assert unchecked.code == 4  # the stand-in knows another secret


UNCHECKED = {"LOOKERSDK_VERIFY_SSL": "false"}


def test_what_is_ignored_is_remarked_on(looker: EmbeddedLooker) -> None:
    env = looker.env() | {"LOOKERSDK_API_VERSION": "3.1"}
    done = program("extract", "boards", "--json", env=env)
    assert done.code == 0
    assert done.json["status"] == "complete"
    assert "LOOKERSDK_API_VERSION is ignored: the API's version is always 4.0" in done.told


def test_only_debug_shows_where_an_error_came_from() -> None:
    done = program("runs", "--vault", "none.db", "--debug")
    assert done.code == 2
    assert "Traceback (most recent call last)" in done.err
    assert "Traceback" not in program("runs", "--vault", "none.db").err
