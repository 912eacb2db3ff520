"""What a night costs on a vault with earlier runs."""

from __future__ import annotations

from math import ceil

from bench.scenario import Bench, Figure, Finding, Result

_COMPANY = {"dashboards": 5_000, "looks": 3_000, "users": 500, "folders": 400}
_MANY = {"dashboards": 50_000}


def run(bench: Bench) -> Finding:
    company = bench.pick(_COMPANY, {"dashboards": 60, "looks": 40, "users": 20})
    many = bench.pick(_MANY, {"dashboards": 300})
    found = bench.client("night", counts=company, types=[])
    big = bench.client("night", counts=many, types=["dashboards"])
    return Finding(
        title="A night on a vault with an earlier run",
        how=f"An embedded Looker of {company['dashboards']:,} dashboards, {company['looks']:,}"
        f" looks and {company['users']:,} users, all types, every type due. After a first run, 12"
        " dashboards are edited and 3 deleted; a second run reads what has changed, a fourteenth"
        f" of what seems unchanged ({found['proven']:,} items) and all types that have no"
        " `updated_at`. Calls are those that the server counted, with the login; bytes are those of"
        " the answers. A page is 100 objects or 8 MiB, and those in the trash have one apart. The"
        f" last two lines: {many['dashboards']:,} dashboards alone.",
        figures=[*_company(found), *_parts(found), *_many(big)],
    )


def _company(found: Result) -> list[Figure]:
    return [
        Figure("edits seen", [found["edits"]], target=f"= {found['edits_made']}"),
        Figure("deletions seen", [found["deletions"]], target=f"= {found['deletions_made']}"),
        Figure(
            "bytes of the night ÷ of the first run", [_share(found, "bytes")], "%", target="≤ 15"
        ),
        Figure("calls of the first run", [found["full_calls"]]),
        Figure("calls of the night", [found["calls"]]),
        Figure("the same where only a night's types are due", [found["usual_calls"]]),
        Figure("bytes that the vault grew", [found["grown"]], "B"),
    ]


def _parts(found: Result) -> list[Figure]:
    parts = dict(found["parts"])
    page, edits, proven = found["page_dashboards"], found["edits"], found["proven_dashboards"]
    pages = ceil(edits / page) + ceil(proven / page) + 1
    targets = {
        "pages dashboards": f"≤ {pages} = ⌈{edits} ÷ {page}⌉ + ⌈{proven} ÷ {page}⌉ + 1",
        "whether what is not listed is gone": f"= {found['deletions']}",
        "session": "the login, three calls",
        "pages looks": "a folder each",
    }
    return [
        Figure(f"calls of the night: {name}", [count], target=targets.get(name, ""))
        for name, count in sorted(parts.items())
    ]


def _many(found: Result) -> list[Figure]:
    return [
        Figure("50,000 dashboards: calls of the first run", [found["full_calls"]]),
        Figure("calls of the night ÷ of the first run", [_share(found, "calls")], "%", "≤ 20"),
    ]


def _share(found: Result, what: str) -> float:
    return float(100 * found[what] / found[f"full_{what}"])
