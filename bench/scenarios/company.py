"""A whole company: every type, in the mixture of the demo."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, Result, Server, values, wall

_LATENCY = 0.1


def run(bench: Bench) -> Finding:
    content = Recipe(bench.pick(50_000, 400))
    with bench.serving(content) as server:
        results = [_extract(bench, server, 10) for _ in range(bench.pick(3, 1))]
    first = results[0]
    return Finding(
        title="50,000 mixed items",
        how=f"Everything that a run without arguments extracts from a made-up company:"
        f" {first['items']:,} items, {first['raw'] / 1e6:,.0f} MB, {first['calls']:,} calls,"
        f" {_LATENCY * 1000:g} ms each, 10 workers. Dashboards are as large as the demo draws"
        " them.",
        figures=[
            Figure("whole run", values(results, wall), "s", "< 90"),
            Figure("items a second", values(results, lambda r: r["items"] / r["wall"])),
            Figure("client's CPU", values(results, lambda r: r["cpu"]), "s"),
            Figure("utilization", values(results, lambda r: r["utilization"])),
            Figure("calls", values(results, lambda r: r["calls"])),
            Figure("peak memory", values(results, lambda r: r["peak_mb"]), "MB"),
        ],
        server_cpu=values(results, lambda r: r["server_cpu"]),
    )


def _extract(bench: Bench, server: Server, workers: int) -> Result:
    server.set(latency=_LATENCY)
    result = bench.client("extract", url=server.url, types=[], workers=workers)
    return {**result, "server_cpu": server.stats()["cpu"]}
