"""`demo`: the program tried on a made-up company, and that company served for trying more."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.running import ended, program, started


def test_a_second_demo_finds_everything_unchanged() -> None:
    first = program("demo", "--items", "200")
    assert first.code == 0, first
    assert "complete" in first.text
    for line in re.findall(r"^  lookervault (.*)$", first.text, re.MULTILINE):
        assert program(*line.split()).code == 0, line

    second = program("demo", "--items", "200", "--json")
    assert second.code == 0
    found = second.json
    assert (found["run"], found["status"]) == (2, "complete")
    for one in found["types"].values():
        assert one["unchanged"] == one["items"]
        assert (one["new"], one["changed"], one["deleted"]) == (0, 0, 0)


def test_another_seed_is_another_company() -> None:
    roots = {
        program("demo", "--items", "1", "--seed", seed, "--vault", f"{seed}.db", "--json").json[
            "root_hash"
        ]
        for seed in ("1", "2")
    }
    assert len(roots) == 2


@contextmanager
def served(*flags: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """The server, and the environment that it prints."""
    with started("demo", "serve", "--port", "0", "--items", "1", *flags) as server:
        assert server.stdout is not None
        exports = [server.stdout.readline().decode() for _ in range(3)]
        matches = [re.fullmatch(r"export (\w+)=(\S+)\n", line) for line in exports]
        yield server, {match[1]: match[2] for match in matches if match}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_how_to_reach_it_answers_and_ends_by_a_signal(number: signal.Signals) -> None:
    with served() as (server, env):
        assert set(env) == {
            "LOOKERSDK_BASE_URL",
            "LOOKERSDK_CLIENT_ID",
            "LOOKERSDK_CLIENT_SECRET",
        }
        assert program("extract", "themes", env=env).code == 0
        server.send_signal(number)
        done = ended(server)
    assert (done.code, done.out) == (0, b"")
    assert done.told == "Serving. Ctrl-C ends it."


def test_a_port_in_use_is_named() -> None:
    with served() as (_, env):
        port = env["LOOKERSDK_BASE_URL"].rpartition(":")[2]
        done = program("demo", "serve", "--port", port)
    assert (done.code, done.out) == (1, b"")
    assert port in done.told
    assert "--port" in done.told


def test_a_faulty_company_is_extracted_all_the_same() -> None:
    with served("--fault", "0.05", "--rps", "200") as (_, env):
        done = program("extract", "boards", "themes", "users", "--json", env=env)
    assert (done.code, done.json["status"]) == (0, "complete")
