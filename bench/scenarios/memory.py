"""How much memory a large instance takes."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, values, wall

_LATENCY = 0.1
_WORKERS = 50


def run(bench: Bench) -> Finding:
    content = Recipe(bench.pick(100_000, 400))
    with bench.serving(content) as server:
        server.set(latency=_LATENCY)
        results = [
            bench.client("extract", url=server.url, workers=_WORKERS)
            for _ in range(bench.pick(2, 1))
        ]
        stats = server.stats()
    first = results[0]
    return Finding(
        title="Memory, 100,000 items and 50 workers",
        how=f"Everything of a made-up company: {first['items']:,} items, {first['raw'] / 1e6:,.0f}"
        f" MB, {_LATENCY * 1000:g} ms a call, {_WORKERS} workers; bodies with their length, not"
        " compressed by the server. Peak resident memory of the"
        " client's process, interpreter and libraries included.",
        figures=[
            Figure("peak memory", values(results, lambda r: r["peak_mb"]), "MB", "≤ 250"),
            Figure("whole run", values(results, wall), "s"),
            Figure("items a second", values(results, lambda r: r["items"] / r["wall"])),
        ],
        server_cpu=[stats["cpu"]],
    )
