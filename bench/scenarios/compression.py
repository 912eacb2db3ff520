"""How small content becomes."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, Result

_DEMO = 5_000


def run(bench: Bench) -> Finding:
    sizes = bench.pick((300, 5_000, 50_000), (300,))
    results = {items: _extract(bench, items) for items in sizes}
    return Finding(
        title="Compression",
        how="Bytes of all items of a demo company, as the API gave them, ÷ bytes of the closed"
        " vault's file, which also holds the runs, the versions, the indexes and each dictionary"
        " twice. 5,000 items is what `lookervault demo` extracts if not told otherwise; for a few"
        " hundred, what a vault has in any case weighs more.",
        figures=[
            Figure(
                f"{items:,} items ({result['raw'] / 1e6:,.1f} MB)",
                [result["raw"] / result["disk"]],
                ": 1",
                "≥ 8" if items >= _DEMO else "",
            )
            for items, result in results.items()
        ],
    )


def _extract(bench: Bench, items: int) -> Result:
    with bench.serving(Recipe(items)) as server:
        return bench.client("extract", url=server.url, workers=8)
