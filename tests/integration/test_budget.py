"""Calls that are limited, of a run and of a month: never passed, and what is left out is named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookervault.cli.budget import counted
from lookervault.demo.behaviour import Fault
from lookervault.demo.server import EmbeddedLooker
from lookervault.storage.lock import ProcessLock
from lookervault.storage.repository import Repository
from tests.cli.running import Completed, program

pytestmark = pytest.mark.xdist_group("budget")


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(30, 5, counts={"dashboards": 25, "looks": 10}) as one:
        yield one


def extract(looker: EmbeddedLooker, *more: str, quota: int | None = None) -> Completed:
    env = looker.env()
    if quota is not None:
        env["LOOKERVAULT_MONTHLY_CALLS"] = str(quota)
    return program("extract", "--json", *more, env=env)


def sent(looker: EmbeddedLooker) -> int:
    """As Looker counts: every request, logins too."""
    count = len(looker.log)
    looker.log.clear()
    return count


def test_no_call_more_is_sent_and_what_is_left_out_is_named(looker: EmbeddedLooker) -> None:
    done = extract(looker, "--max-calls", "25")
    assert (done.code, sent(looker)) == (3, 25)
    found = done.json
    assert found["status"] == "interrupted"
    left = {one["type"] for one in found["missing"] if one["reason"] == "budget"}
    assert "settings" in left
    assert "dashboards" not in left, "content goes first"
    assert found["types"]["dashboards"]["items"] > 20
    assert "--max-calls" in done.err


def test_run_after_run_everything_is_brought(looker: EmbeddedLooker) -> None:
    codes = []
    for _ in range(12):
        codes.append(extract(looker, "--max-calls", "60").code)
        assert sent(looker) <= 60
        if codes[-1] == 0:
            break
    assert codes[-1] == 0
    assert set(codes[:-1]) == {3}
    rows = program("runs", "--json").json
    assert [row["status"] for row in rows] == ["complete"], "one run, gone on with"
    assert extract(looker, "--fresh").json["root_hash"] is not None


def test_retries_count(looker: EmbeddedLooker) -> None:
    looker.behaviour.faults_for = {"search_dashboards": [Fault.ERROR_500] * 3}
    extract(looker, "--max-calls", "20")
    assert sent(looker) == 20


def test_what_has_changed_comes_before_what_is_only_proven(looker: EmbeddedLooker) -> None:
    names = ("dashboards", "looks")
    assert extract(looker, *names).code == 0
    looker.store.edit("looks", looker.store.ids("looks")[0], title="Changed")
    sent(looker)
    whole = extract(looker, *names, "--prove", "100")
    calls = sent(looker)
    assert whole.code == 0
    looker.store.edit("looks", looker.store.ids("looks")[1], title="Changed, too")
    short = extract(looker, *names, "--prove", "100", "--max-calls", str(calls - 4))
    assert short.code == 3
    assert short.json["types"]["looks"]["changed"] == 1


# A month.


def test_a_run_that_would_pass_the_quota_is_not_begun(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    first = extract(looker, "dashboards", quota=10_000)
    assert first.code == 0
    used = sent(looker)
    assert months(tmp_path) == [used]
    refused = extract(looker, "dashboards", quota=used + 5)
    assert (refused.code, sent(looker)) == (3, 0)
    assert f"of the {used + 5} of a month" in refused.json["error"]["message"]
    assert "It fits from" in refused.json["error"]["hint"]
    some = extract(looker, "dashboards", "--max-calls", "5", quota=used + 5)
    assert (some.code, sent(looker)) == (3, 5)
    assert months(tmp_path) == [used + 5]
    nothing = extract(looker, "dashboards", "--max-calls", "5", quota=used + 5)
    assert (nothing.code, sent(looker)) == (3, 0)


def test_a_quota_that_no_run_fits_is_called_that(looker: EmbeddedLooker) -> None:
    assert extract(looker, "dashboards").code == 0
    refused = extract(looker, "dashboards", quota=3)
    assert (refused.code, "It never fits" in refused.json["error"]["hint"]) == (3, True)


def test_a_first_run_that_would_pass_the_quota_is_not_begun_either(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    refused = extract(looker, quota=90)
    used = sent(looker)
    assert (refused.code, refused.json["run"]) == (3, None)
    assert 0 < used < 45, "it was looked at, to know"
    assert f"{used} calls told that" in refused.json["error"]["message"]
    assert months(tmp_path) == [used]
    begun = extract(looker, "--max-calls", "30", quota=90)
    assert (begun.code, sent(looker), begun.json["run"]) == (3, 30, 1)


def months(folder: Path, *, outside: bool = False) -> list[int]:
    with Repository.open(folder / "lookervault.db", write=False) as vault:
        return list(vault.months(outside=outside).values())


# Outside runs.

OTHERS = [["check"], ["extract", "--plan"], ["verify", "--against-looker", "--sample", "5"]]
in_turn = pytest.mark.parametrize("command", OTHERS, ids=lambda words: words[0])


@in_turn
def test_what_is_sent_outside_runs_counts_too(
    looker: EmbeddedLooker, tmp_path: Path, command: list[str]
) -> None:
    assert extract(looker, "dashboards").code == 0
    used = sent(looker)
    certificate = program("certificate", "show", "1", "--json").json
    others = 0
    for _ in range(2):
        assert program(*command, "--json", env=looker.env()).code == 0
        others += sent(looker)
        assert (months(tmp_path), months(tmp_path, outside=True)) == ([used + others], [others])
    row = program("runs", "--json").json[0]
    assert (row["month_calls"], row["month_calls_outside_runs"]) == (used + others, others)
    assert program("runs").text.split()[-3:] == [row["month"], f"{used + others}", f"{others}"]
    assert program("verify", "--deep", "--json").json["status"] == "ok"
    assert program("certificate", "show", "1", "--json").json == certificate
    assert extract(looker, "dashboards", quota=used + others + 5).code == 3
    assert others > 10


@in_turn
def test_while_another_process_writes_the_vault_it_is_said_what_is_not_counted(
    looker: EmbeddedLooker, tmp_path: Path, command: list[str]
) -> None:
    assert extract(looker, "dashboards").code == 0
    used = sent(looker)
    lock = ProcessLock(tmp_path / "lookervault.db", now=0)
    try:
        done = program(*command, "--json", env=looker.env())
    finally:
        lock.release()
    assert (done.code, months(tmp_path)) == (0, [used])
    assert f"{sent(looker)} calls are not in the count of " in done.told
    assert "is in use by process" in done.told


def test_a_vault_of_an_earlier_format_is_left_as_it_is(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    kept = Path(__file__).parents[1] / "data" / "vaults" / "format-1.db"
    vault = tmp_path / "lookervault.db"
    shutil.copy(kept, vault)
    done = program("check", env=looker.env())
    assert (done.code, vault.read_bytes() == kept.read_bytes()) == (0, True)
    assert f"{sent(looker)} calls are not in the count of " in done.told
    assert "of an earlier format" in done.told


def test_where_there_is_no_vault_none_is_made_to_count(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    done = program("check", env=looker.env())
    assert (done.code, done.err, list(tmp_path.iterdir())) == (0, "", [])


def test_calls_are_counted_before_they_are_sent_and_the_rest_given_back(tmp_path: Path) -> None:
    vault = tmp_path / "lookervault.db"
    Repository.open(vault, write=True).close()
    with counted(vault) as before:
        before()
        assert months(tmp_path)[0] > 1, "a killed process has counted enough"
        lock = ProcessLock(vault, now=0)
        for _ in range(49):
            before()
        lock.release()
    assert months(tmp_path) == months(tmp_path, outside=True) == [50]


# What is not due.


def test_what_is_not_due_is_neither_missing_nor_proven(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    assert extract(looker).code == 0
    second = extract(looker)
    found: dict[str, Any] = second.json
    assert (second.code, found["status"], found["missing"]) == (0, "complete", [])
    assert found["not_due"]["settings"] == 1
    assert "settings" not in found["types"]
    assert not [one for one in looker.log[-60:] if "setting" in one.operation_id]
    said = program("certificate", "show", "2", "--json").json
    assert said["statement"]["as_of"]["settings"]["run"] == 1
    assert program("certificate", "check", "2").code == 0
    assert program("verify").code == 0
    assert [row["not_due"] for row in program("runs", "--json").json] == [0, 5]
    assert "without types that were not due" in program("runs").text
    told = program("runs", "show", "2").text
    assert "Not due" in told
    assert "settings (as of run 1)" in " ".join(told.split())
    with Repository.open(tmp_path / "lookervault.db", write=False) as vault:
        assert vault.proving().last("settings")("host_url", 1) == 1
        assert vault.open_ids("settings"), "it is still there"
    assert "settings" in extract(looker, "--every", "settings=run").json["types"]
    assert extract(looker, "settings").json["types"].keys() >= {"settings"}


def test_where_nothing_is_due_nothing_is_called(looker: EmbeddedLooker) -> None:
    every = [f"{name}=30d" for name in extract(looker).json["types"]]
    sent(looker)
    flags = [flag for one in every for flag in ("--every", one)]
    done = extract(looker, *flags)
    assert (done.code, sent(looker)) == (0, 0)
    assert done.json["run"] is None
    assert done.json["due_from"] > "2026"


@pytest.mark.parametrize(
    "text",
    ["settings", "settings=soon", "settings=999d", "settings=366w", "settings=7dd", "stuff=7d"],
)
def test_what_is_no_interval_is_refused(text: str, looker: EmbeddedLooker) -> None:
    assert extract(looker, "--every", text).code == 2
    assert sent(looker) == 0
