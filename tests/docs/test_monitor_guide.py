"""The guide to monitoring: what it shows is shown, and what it counts on is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from lookervault.cli.health import WORDS
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import shell
from tests.docs.running import ROOT, blocks, fits

PAGE = ROOT / "docs/how-to/monitor-the-nightly-job.md"
NIGHT, *_ = [block for block in blocks(PAGE, "sh") if "extract --quiet" in block]
STATUS, LOGS = blocks(PAGE, "console")


@pytest.fixture
def env() -> Iterator[dict[str, str]]:
    with EmbeddedLooker(items=20, seed=1) as looker:
        yield {**looker.env(), "LOOKERVAULT_MONTHLY_CALLS": "10000"}


def written() -> dict[str, str]:
    """Name of each metric of the night, and the command that wrote it."""
    return {
        family.name: path.stem.removeprefix("lookervault-")
        for path in Path().glob("lookervault-*.prom")
        for family in text_string_to_metric_families(path.read_text())
    }


def test_the_night_leaves_all_metrics_of_the_table_and_of_the_rules(env: dict[str, str]) -> None:
    done = shell(f"set -e\n{NIGHT}", env)
    assert done.code == 0, done.err
    there = written()
    assert set(there.values()) == {"extract", "status", "verify"}
    (table,) = re.findall(r"behind `lookervault_extract_`.*?\n\n", PAGE.read_text(), re.DOTALL)
    named = {
        f"lookervault_extract_{name}"
        for row in table.strip().splitlines()[2:]
        for name in re.findall(r"`([a-z_]+)`", row.split("|")[1])
    }
    assert named == {name for name, command in there.items() if command == "extract"}
    (rules,) = blocks(PAGE, "yaml")
    asked = {
        name
        for group in YAML(typ="safe").load(rules)["groups"]
        for rule in group["rules"]
        for name in re.findall(r"lookervault_\w+", rule["expr"])
    }
    assert asked - there.keys() == set()


@pytest.mark.parametrize("example", [STATUS, LOGS], ids=["status", "logs"])
def test_each_example_shows_what_the_page_says(example: str, env: dict[str, str]) -> None:
    assert shell("lookervault extract --quiet", env).code == 0
    command, _, shown = example.removeprefix("$ ").partition("\n")
    done = shell(command, env)
    assert done.code == 0, done.err
    assert fits(shown, done.text), done.text


def test_each_word_of_status_is_in_the_table() -> None:
    page = PAGE.read_text()
    assert [word for word in WORDS if f"`{word}`" not in page] == []
