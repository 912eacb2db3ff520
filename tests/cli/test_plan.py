"""`extract --plan` and `--fit-quota`: what a run will cost, and what the quota permits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program


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


def test_the_quota_chooses_the_schedule_of_a_run(looker: EmbeddedLooker) -> None:
    assert (
        "The next run has a schedule."
        in program("extract", "--fit-quota", env=quota(looker, 5_000)).told
    )
    plain = program("extract", "--plan", "--json", env=quota(looker, 2_000)).json
    assert (plain["fits"], plain["fit"]) == (False, None)
    planned = program("extract", "--plan", "--fit-quota", "--json", env=quota(looker, 2_000)).json
    assert planned["fits"]
    assert planned["month"]["calls"] == planned["fit"]["month_calls"] <= 2_000
    assert (planned["fit"]["content"], planned["types"]["users"]["every"]) == (0, 7)
    done = program("extract", "--fit-quota", "--json", env=quota(looker, 2_000)).json
    assert done["types"].keys() == {n for n, cost in planned["types"].items() if cost["due"]}
    assert "users" in done["not_due"]
    assert planned["run"]["calls"] == pytest.approx(done["calls"] + 1, rel=0.1)
    shown = program("extract", "--plan", "--fit-quota", env=quota(looker, 2_000)).text
    assert "content: every run; others: every 7 days" in shown
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


def quota(looker: EmbeddedLooker, calls: int) -> dict[str, str]:
    return {**looker.env(), "LOOKERVAULT_MONTHLY_CALLS": str(calls)}
