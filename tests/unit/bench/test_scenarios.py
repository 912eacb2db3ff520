from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.machine import commit
from bench.render import Recipe, sized, sized_bodies
from bench.report import measured, page, updated
from bench.scenario import Figure, Finding
from bench.scenarios import SCENARIOS


def test_a_tiny_scenario_runs_from_rendering_to_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "docs" / "benchmarks.md"
    main(["bare_download", "--quick", "--content", str(tmp_path), "--output", str(output)])
    assert "## A whole run against a bare download" in output.read_text()
    assert "our wall ÷ bare download's wall" in capsys.readouterr().out


def test_an_unknown_scenario_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["faster"])
    said = capsys.readouterr().err
    assert all(name in said for name in SCENARIOS)


def test_objects_are_cut_to_size_and_stay_objects() -> None:
    dashboards = list(sized_bodies(Recipe(30, "dashboards", 27_000)))
    assert len({identity for identity, _ in dashboards}) == 30
    for identity, body in dashboards:
        assert len(body) <= 27_000
        assert json.loads(body)["id"] == identity


def test_an_object_that_fits_is_left_as_it_is() -> None:
    body = b'{"id":"1","updated_at":null,"name":"x"}'
    assert sized(body, 200) == body


def test_a_figure_shows_its_median_and_its_range() -> None:
    assert measured(Figure("x", [3.0, 1.0, 2.0], "s")) == "2 s (1–3, n = 3)"
    assert measured(Figure("x", [1234.5], "×")) == "1,234×"


def test_the_page_has_a_table_for_each_finding() -> None:
    finding = Finding("Speed", "It was measured.", [Figure("ours", [10.0], "s", "≤ 12")], [0.5])
    text = page([finding])
    assert "| ours | ≤ 12 | 10 s |" in text
    assert "The server took 0.5 s of CPU" in text


def test_a_scenario_that_ran_again_replaces_its_own_part_only() -> None:
    speed = Finding("Speed", "Old.", [Figure("ours", [10.0])])
    size = Finding("Size", "Kept.", [Figure("ours", [3.0])])
    new = Finding("Speed", "New.", [Figure("ours", [11.0])])
    text = updated(page([speed, size]), [new])
    assert text == page([new, size]).replace(
        "\n\n## Size", f"\n\nMeasured from {commit()}.\n\n## Size"
    )
