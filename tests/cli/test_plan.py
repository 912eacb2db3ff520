"""`extract --plan` and `--fit-quota`: what a run will cost, and what the quota permits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import Completed, program


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(60, 2) as server:
        yield server


def test_a_plan_fetches_and_writes_nothing_and_says_what_it_took(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    found = program("extract", "--plan", "--json", env=looker.env()).json
    assert found["planning_calls"] == len(looker.log) < 40
    assert list(tmp_path.iterdir()) == []
    program("extract", "--max-calls", "60", env=looker.env())
    rest = program("extract", "--plan", "--json", env=looker.env()).json
    assert (rest["resumes"], rest["types"]["dashboards"]["due"]) == (1, False)
    looker.log.clear()
    done = program("extract", "--json", env=looker.env()).json
    assert rest["run"]["calls"] == pytest.approx(len(looker.log), rel=0.1)
    assert found["run"]["calls"] == pytest.approx(60 + len(looker.log) - 4, rel=0.1)
    assert found["types"].keys() == done["types"].keys()
    assert found["month"]["calls"] > found["run"]["calls"]

    looker.log.clear()
    bare = {"LOOKERSDK_BASE_URL": "", "LOOKERSDK_CLIENT_ID": "", "LOOKERSDK_CLIENT_SECRET": ""}
    again = program("extract", "--plan", "--json", env=bare).json
    assert (len(looker.log), again["planning_calls"]) == (0, 0)
    assert not again["types"]["settings"]["due"]
    assert again["types"]["settings"]["every"] == 7
    assert again["run"]["calls"] == again["session_calls"] + sum(
        cost["calls"] for cost in again["types"].values()
    )
    told = program("extract", "--plan", env=bare)
    assert told.code == 0
    assert f"about {again['run']['calls']} calls" in told.text
    assert "no call was sent" in told.text


def test_before_a_first_run_the_answers_that_planning_got_tell_the_pace() -> None:
    with EmbeddedLooker(items=1, seed=1, behaviour=Behaviour(latency_ms=30)) as slow:
        for workers in (1, 5):
            words = ("extract", "looks", "users", "--plan", "--json", "--workers", str(workers))
            found = program(*words, env=slow.env()).json
            assert found["run"]["seconds"] >= round(found["run"]["calls"] * 0.03 / workers, 1)
            looks, users = (found["types"][name] for name in ("looks", "users"))
            assert (looks["calls"] > users["calls"]) == (looks["seconds"] > users["seconds"])


def test_what_one_call_reads_is_not_asked_for(looker: EmbeddedLooker) -> None:
    looker.log.clear()
    found = program("extract", "themes", "settings", "--plan", "--json", env=looker.env()).json
    assert (found["planning_calls"], len(looker.log)) == (0, 0)
    assert found["run"]["seconds"] == pytest.approx(found["run"]["calls"] / 10), "nothing tells"


def test_the_quota_chooses_the_schedule_of_a_run(looker: EmbeddedLooker) -> None:
    assert (
        "The next run has a schedule."
        in program("extract", "--fit-quota", env=quota(looker, 5_000)).told
    )
    plain = program("extract", "--plan", "--json", env=quota(looker, 2_000)).json
    assert (plain["fits"], plain["fit"]) == (False, None)
    planned = program("extract", "--plan", "--fit-quota", "--json", env=quota(looker, 2_000)).json
    assert planned["fits"]
    month = planned["month"]
    assert month["calls"] < month["most"] == planned["fit"]["month_calls"] <= 2_000
    assert (planned["fit"]["content"], planned["types"]["users"]["every"]) == (0, 7)
    done = program("extract", "--fit-quota", "--json", env=quota(looker, 2_000)).json
    assert done["types"].keys() == {n for n, cost in planned["types"].items() if cost["due"]}
    assert "users" in done["not_due"]
    assert planned["run"]["calls"] == pytest.approx(done["calls"] + 1, rel=0.1)
    shown = program("extract", "--plan", "--fit-quota", env=quota(looker, 2_000)).text
    assert "content: every run; others: every 7 days" in shown
    assert "where everything is due in the first one" in " ".join(shown.split())
    for refused, why in (
        (
            program("extract", "--plan", "--fit-quota", env=looker.env()),
            "LOOKERVAULT_MONTHLY_CALLS",
        ),
        (program("extract", "--fit-quota", env=looker.env()), "LOOKERVAULT_MONTHLY_CALLS"),
        (program("extract", "--fit-quota", env=quota(looker, 100)), "the cheapest one"),
        (program("extract", "--plan", "--folder", "1", env=looker.env()), "--folder"),
    ):
        assert (refused.code, why in refused.told) == (2, True)


@pytest.mark.parametrize("most", [3, 8, 30, 60, 500])
def test_a_limited_first_run_leaves_out_what_its_plan_says(
    looker: EmbeddedLooker, most: int
) -> None:
    found = limited(looker, most)
    assert [one["part"] for one in found] == ["changed"] * len(found)
    assert all(one["calls"] == one["of"] for one in found[1:]), "only one is read in part"
    done = program("extract", "--max-calls", str(most), "--json", env=looker.env())
    assert done.code == (3 if found else 0)
    if done.json["run"] is not None:
        assert {one["type"] for one in found} == left_out(done)
    else:
        assert {one["type"] for one in found} > {"dashboards", "settings"}


def test_what_is_only_proven_is_left_out_before_what_has_changed(looker: EmbeddedLooker) -> None:
    program("extract", env=looker.env())
    whole = limited(looker, 1, "--prove", "100")
    parts = [(one["type"], one["part"]) for one in whole]
    proven = [(name, "proven") for name in ("dashboards", "looks")]
    assert [part for part in parts if "proven" in part] == proven
    assert parts[0] == ("dashboards", "changed")
    assert {"merge_queries", "queries"} == {name for name, _ in parts[parts.index(proven[1]) + 1 :]}
    some = program("extract", "--plan", "--json", "--prove", "100", env=looker.env()).json
    most = some["run"]["calls"] - sum(one["of"] for one in whole if one["part"] == "proven") + 2
    found = limited(looker, most, "--prove", "100")
    first = found[0]
    assert (first["type"], first["part"], first["of"] - first["calls"]) == (*proven[0], 2)
    words = ("extract", "--max-calls", str(most), "--prove", "100")
    shown = " ".join(program(*words, "--plan", env=looker.env()).text.split())
    assert f"by --max-calls {most}, probably: what is proven of dashboards (" in shown
    assert "what is proven of looks, merge_queries, queries" in shown
    assert left_out(program(*words, "--json", env=looker.env())) == {one["type"] for one in found}


def limited(looker: EmbeddedLooker, most: int, *more: str) -> list[dict[str, Any]]:
    words = ("extract", "--plan", "--max-calls", str(most), "--json", *more)
    found = program(*words, env=looker.env()).json
    assert found["max_calls"] == most
    left: list[dict[str, Any]] = found["left_out"]
    return left


def left_out(done: Completed) -> set[str]:
    return {one["type"] for one in done.json["missing"] if one["reason"] == "budget"}


def quota(looker: EmbeddedLooker, calls: int) -> dict[str, str]:
    return {**looker.env(), "LOOKERVAULT_MONTHLY_CALLS": str(calls)}
