"""`--metrics`: what Prometheus' own parser makes of the file, however the command ended."""

from __future__ import annotations

import re
import signal
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lookervault.content.registry import TYPES
from lookervault.demo.behaviour import Behaviour, Fault
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import ended, program, started, wait_until

FIGURES = Path("company.prom")


def figures(command: str = "extract", path: Path = FIGURES) -> dict[str, float]:
    """Without the beginning that all names of the command have. Each has a help, type and vault."""
    found = {}
    for family in text_string_to_metric_families(path.read_text()):
        assert family.type == "gauge"
        assert family.documentation
        (sample,) = family.samples
        assert sample.labels.keys() == {"vault"}
        assert re.fullmatch(r"lookervault_[a-z_]+", sample.name)
        found[sample.name.removeprefix(f"lookervault_{command}_")] = sample.value
    return found


def extract(looker: EmbeddedLooker, *flags: str, **env: str) -> dict[str, Any]:
    done = program("extract", "--json", "--metrics", FIGURES, *flags, env=looker.env() | env)
    told: dict[str, Any] = done.json
    return told | {"code": done.code}


def test_a_run_leaves_its_figures() -> None:
    faults = {"all_boards": [Fault.BAD_GATEWAY], "all_themes": [Fault.TOO_MANY_SILENT]}
    with EmbeddedLooker(items=60, seed=1, behaviour=Behaviour(faults_for=faults)) as looker:
        told = extract(looker, LOOKERVAULT_MONTHLY_CALLS="10000")
        sent = len(looker.log)
    found = figures()
    assert (told["code"], found["success"], found["exit_code"]) == (0, 1, 0)
    for name in ("items", "calls", "retries", "throttled"):
        assert found[name] == told[name] > 0, name
    assert found["received_bytes"] == told["bytes"]
    assert found["missing"] == 0
    assert found["vault_bytes"] == Path("lookervault.db").stat().st_size
    assert (found["month_calls"], found["month_calls_quota"]) == (sent, 10_000)
    began = found["timestamp_seconds"] - found["duration_seconds"]
    assert began <= found["last_complete_timestamp_seconds"] + 1
    assert 0 <= found["last_complete_age_seconds"] <= found["duration_seconds"] + 1


def test_an_incomplete_run_leaves_what_is_missing() -> None:
    refused = Behaviour(forbidden={"all_themes": 403})
    with EmbeddedLooker(items=1, behaviour=refused) as looker:
        assert extract(looker)["code"] == 3
    found = figures()
    assert (found["success"], found["exit_code"], found["missing"]) == (0, 3, 1)
    assert "last_complete_timestamp_seconds" not in found
    assert "month_calls_quota" not in found


@pytest.mark.parametrize(
    ("env", "code"),
    [
        ({"LOOKERSDK_CLIENT_SECRET": "wrong"}, 4),
        ({"LOOKERSDK_BASE_URL": "http://127.0.0.1:9"}, 1),
        ({"LOOKERSDK_BASE_URL": "ftp://looker.example"}, 2),
        ({"LOOKERVAULT_MONTHLY_CALLS": "many"}, 2),
    ],
)
def test_a_run_that_never_began_leaves_figures_beside_those_of_the_vault(
    looker: EmbeddedLooker, env: dict[str, str], code: int
) -> None:
    assert program("extract", "boards", env=looker.env()).code == 0
    done = program("extract", "boards", "--metrics", FIGURES, env=looker.env() | env)
    assert done.code == code, done
    found = figures()
    assert (found["success"], found["exit_code"], found["calls"]) == (0, code, 0)
    assert found["last_complete_timestamp_seconds"] > 0


def test_a_run_that_is_stopped_leaves_figures() -> None:
    slow = Behaviour(latency_ms=200)
    with EmbeddedLooker(items=60, seed=1, behaviour=slow) as looker:
        flags = ("extract", "--workers", "1", "--metrics", FIGURES)
        with started(*flags, env=looker.env()) as process:
            wait_until(lambda: len(looker.log) > 5)
            process.send_signal(signal.SIGTERM)
            assert ended(process).code == 130
    found = figures()
    assert (found["success"], found["exit_code"]) == (0, 130)
    assert found["calls"] > 0


def test_a_run_in_which_nothing_is_due_is_a_success() -> None:
    weekly = [f"--every={one.name}=7d" for one in TYPES.values() if one.default]
    with EmbeddedLooker(items=1) as looker:
        assert extract(looker, *weekly)["run"] == 1
        told = extract(looker, *weekly)
    assert (told["run"], told["code"]) == (None, 0)
    found = figures()
    assert (found["success"], found["calls"], found["items"]) == (1, 0, 0)


def test_status_and_verify_leave_theirs_under_other_names(looker: EmbeddedLooker) -> None:
    commands = {
        "extract": ["boards"],
        "status": ["--max-age", "26h"],
        "verify": [],
    }
    names: list[str] = []
    for command, flags in commands.items():
        path = Path(f"{command}.prom")
        done = program(command, *flags, "--metrics", path, env=looker.env())
        assert done.code == 0, done
        names += [f.name for f in text_string_to_metric_families(path.read_text())]
    assert len(names) == len(set(names)), "the collector takes no name from two files"
    status, verify = figures("status", Path("status.prom")), figures("verify", Path("verify.prom"))
    assert (status["success"], status["certificates_ok"]) == (1, 1)
    assert status["items"] == verify["items"] > 0
    assert verify["findings"] == 0
    with closing(sqlite3.connect("lookervault.db")) as vault:
        vault.execute("UPDATE objects SET data = x'00' WHERE id = 1")
        vault.execute("UPDATE runs SET items = 0")
        vault.commit()
    for command, name, figure in (("status", "certificates_ok", 0), ("verify", "findings", 2)):
        assert program(command, "--metrics", FIGURES).code == 5
        found = figures(command)
        assert (found["success"], found["exit_code"], found[name]) == (0, 5, figure)
    Path("lookervault.db").write_bytes(bytes(4096))
    assert program("status", "--metrics", FIGURES).code == 5
    assert figures("status").keys() == {
        "timestamp_seconds",
        "success",
        "exit_code",
        "duration_seconds",
    }


@pytest.mark.parametrize("umask", [0o077, 0o022])
def test_others_may_read_the_figures(vault: Path, umask: int) -> None:
    FIGURES.symlink_to("elsewhere")
    assert program("status", "--vault", vault, "--metrics", FIGURES, umask=umask).code == 0
    assert not FIGURES.is_symlink(), "what a link leads to is not written to"
    assert stat.S_IMODE(FIGURES.stat().st_mode) == 0o644
    assert [path.name for path in Path().iterdir()] == [FIGURES.name], "nothing else is left"


def test_figures_that_cannot_be_written_change_nothing_but_what_is_said(vault: Path) -> None:
    done = program("status", "--vault", vault, "--metrics", "nowhere/company.prom")
    assert done.code == 0
    assert "Status" in done.text
    assert done.told == (
        "Warning: The metrics could not be written to nowhere/company.prom:"
        " No such file or directory."
    )
    Path("taken").mkdir()
    assert program("status", "--vault", vault, "--metrics", "taken").code == 0
    assert [path.name for path in Path().iterdir()] == ["taken"]


def test_a_vault_may_have_any_name(vault: Path) -> None:
    name = 'odd "name"\\\nof é.db'
    Path(name).write_bytes(vault.read_bytes())
    assert program("status", "--vault", name, "--metrics", FIGURES).code == 0
    labels = {
        sample.labels["vault"]
        for family in text_string_to_metric_families(FIGURES.read_text())
        for sample in family.samples
    }
    assert labels == {name}


def test_a_plan_is_no_run(looker: EmbeddedLooker) -> None:
    done = program("extract", "--plan", "--json", "--metrics", FIGURES, env=looker.env())
    assert done.code == 0
    assert not FIGURES.exists()


def test_a_run_into_a_store_leaves_figures_of_what_it_sent(looker: EmbeddedLooker) -> None:
    Path("store").mkdir()
    url = f"file://{Path.cwd()}/store"
    told = extract(looker, "boards", "--store", url, "--no-encryption")
    assert told["code"] == 0
    found = figures()
    assert found["items"] == told["items"] > 0
    assert found["last_complete_timestamp_seconds"] > 0
    assert "vault_bytes" not in found, "the vault is gone"
    assert f'vault="{url}"' in FIGURES.read_text()
