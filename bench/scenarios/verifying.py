"""How fast a vault is proven."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, Result, values


def run(bench: Bench) -> Finding:
    with bench.serving(Recipe(bench.pick(20_000, 400))) as server:
        results = [
            bench.client("verified", url=server.url, workers=8) for _ in range(bench.pick(3, 1))
        ]
    first = results[0]
    return Finding(
        title="Verifying",
        how=f"A vault of {first['items']:,} items of a made-up company:"
        f" {first['raw'] / 1e6:,.0f} MB of content in a file of {first['disk'] / 1e6:,.0f} MB,"
        " which the system has in its cache. MB are those of the content, as the API gave it.",
        figures=[
            Figure("verify", values(results, lambda r: _mb(r, "plain")), "MB/s", "≥ 300"),
            Figure("verify: CPU", values(results, lambda r: r["cpu"]), "s"),
            Figure("verify --deep", values(results, lambda r: _mb(r, "deep")), "MB/s"),
            Figure("verify --quick", values(results, lambda r: r["quick"]), "s"),
        ],
    )


def _mb(result: Result, how: str) -> float:
    return float(result["raw"] / 1e6 / result[how])
