"""How fast small items are written."""

from __future__ import annotations

from bench.scenario import Bench, Figure, Finding, items_per_second, values


def run(bench: Bench) -> Finding:
    items = bench.pick(50_000, 1_000)
    results = [bench.client("write", items=items, size=1_000) for _ in range(bench.pick(5, 1))]
    return Finding(
        title="Items written a second",
        how=f"{items:,} users cut to {results[0]['mean']:,.0f} bytes on average, already read and"
        " hashed, are compressed and stored in transactions of 100 by one thread of one process,"
        " into a new vault on the disk.",
        figures=[
            Figure("items a second", values(results, items_per_second), "", "≥ 5,000"),
            Figure(
                "items a CPU-second", values(results, lambda r: float(r["items"] / r["cpu"])), ""
            ),
        ],
    )
