"""How much longer a run takes than the download alone."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, Result, Server, ratios, values, wall
from bench.scenarios.dashboards import recipe

_WORKERS = 8


def run(bench: Bench) -> Finding:
    content: Recipe = recipe(bench)
    per_object, latency, per_row = bench.pick((0.01, 0.05, 1e-4), (0.001, 0.01, 0.0))
    with bench.serving(content) as server:
        server.set(latency=latency, per_object=per_object, per_row=per_row)
        rounds = bench.interleaved(
            bench.pick(5, 1),
            {"ours": lambda: _ours(bench, server), "bare": lambda: _bare(bench, server)},
        )
        stats = server.stats()
    ours, bare = rounds["ours"], rounds["bare"]
    return Finding(
        title="A whole run against a bare download",
        how=f"{content.count:,} dashboards, {_WORKERS} threads, pages of 100 that take"
        f" {latency + 100 * per_object:g} s each ({per_object * 1000:g} ms an object on top of"
        f" {latency * 1000:g} ms a call; {per_row * 1000:g} ms a row of a census). The bare"
        " download gets the same pages of ids through the same HTTP client in as many threads,"
        " knows the ids and is logged in beforehand, and drops the bodies. Ours is everything from"
        " the login to the closed vault: whoever calls, census of live and trashed dashboards,"
        " probe of id lists, pages, hashes, compression, transactions, root, seal.",
        figures=[
            Figure("our wall ÷ bare download's wall", ratios(ours, bare, wall), "×", "≤ 1.3"),
            Figure("our wall", values(ours, wall), "s"),
            Figure("bare download's wall", values(bare, wall), "s"),
        ],
        server_cpu=[stats["cpu"]],
    )


def _ours(bench: Bench, server: Server) -> Result:
    return bench.client("extract", url=server.url, types=["dashboards"], workers=_WORKERS)


def _bare(bench: Bench, server: Server) -> Result:
    return bench.client("bare", url=server.url, workers=_WORKERS, page_size=100)
