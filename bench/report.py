"""Findings as a table for the terminal and as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from bench.machine import commit, machine
from bench.scenario import Figure, Finding

_HEAD = """# Benchmarks

Written by `make bench` from {commit}; not edited by hand. Each figure is the median of n
runs, with the lowest and the highest in brackets; without brackets it is from one run. What is
compared was measured in the same run, in turns, against the same server: a process of its own
that serves bytes rendered beforehand, over HTTP on the loopback. Clients are processes of their
own, too, so their CPU, memory and time are theirs alone. The code is in `bench/`.

Machine: {machine}
"""


def page(findings: Iterable[Finding]) -> str:
    return "\n".join([_HEAD.format(machine=machine(), commit=commit()), *map(_section, findings)])


def updated(old: str, findings: Iterable[Finding]) -> str:
    """The page with these findings in place of what it said under their titles.

    Each says by itself which code was measured, which need not be that of the page.
    """
    head, *sections = old.split("\n## ")
    by_title = {section.partition("\n")[0]: section for section in sections}
    for finding in findings:
        section = _section(finding).removeprefix("## ")
        by_title[finding.title] = f"{section}\nMeasured from {commit()}.\n"
    return "\n## ".join([head, *by_title.values()])


def _section(finding: Finding) -> str:
    lines = [
        f"## {finding.title}",
        "",
        finding.how,
        "",
        "| what | target | measured |",
        "|---|---|---|",
        *(f"| {f.what} | {f.target} | {measured(f)} |" for f in finding.figures),
        "",
    ]
    if finding.server_cpu:
        total = sum(finding.server_cpu)
        lines += [f"The server took {total:.1f} s of CPU for all of these runs.", ""]
    return "\n".join(lines)


def table(finding: Finding) -> str:
    width = max(len(figure.what) for figure in finding.figures)
    rows = (f"  {f.what:{width}}  {measured(f):32} {f.target}" for f in finding.figures)
    return "\n".join([finding.title, *rows])


def measured(figure: Figure) -> str:
    unit = f" {figure.unit}" if figure.unit and figure.unit != "×" else figure.unit
    shown = f"{_number(figure.median)}{unit}"
    if len(figure.values) == 1:
        return shown
    lowest, highest = _number(min(figure.values)), _number(max(figure.values))
    return f"{shown} ({lowest}–{highest}, n = {len(figure.values)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
