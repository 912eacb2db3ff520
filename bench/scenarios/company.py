"""A whole company: every type, in the mixture of the demo."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, Result, Server, values, wall

_LATENCY = 0.1
_WORKERS = 10
_ONCE_EVER = ["merge_queries", "queries"]


def run(bench: Bench) -> Finding:
    content = Recipe(bench.pick(50_000, 400))
    with bench.serving(content) as server:
        found = bench.interleaved(
            bench.pick(2, 1),
            {
                "all": lambda: _extract(bench, server, []),
                "without": lambda: _extract(bench, server, _ONCE_EVER),
            },
        )
    everything, without = found["all"], found["without"]
    return Finding(
        title="50,000 mixed items",
        how=f"A made-up company as the demo draws it, {_WORKERS} workers,"
        f" {_LATENCY * 1000:g} ms a call, so that no client of {_WORKERS} threads can send more"
        f" than {_WORKERS / _LATENCY:g} calls a second. Everything is {everything[0]['items']:,}"
        f" items of {everything[0]['raw'] / 1e6:,.0f} MB in {everything[0]['calls']:,} calls."
        f" Without {' and '.join(_ONCE_EVER)}, each of which takes a call of its own, once ever,"
        f" it is {without[0]['items']:,} items in {without[0]['calls']:,} calls, most of them for"
        " folders: their looks and their access lists have to be asked for folder by folder.",
        figures=[
            *_figures("everything", everything),
            *_figures(f"without {', '.join(_ONCE_EVER)}", without),
        ],
        server_cpu=values([*everything, *without], lambda r: r["server_cpu"]),
    )


def _figures(what: str, results: list[Result]) -> list[Figure]:
    return [
        Figure(f"{what}: whole run", values(results, wall), "s", "< 90"),
        Figure(
            f"{what}: calls × latency ÷ workers",
            values(results, lambda r: r["calls"] * _LATENCY / _WORKERS),
            "s",
        ),
        Figure(f"{what}: client's CPU", values(results, lambda r: r["cpu"]), "s"),
        Figure(f"{what}: items a second", values(results, lambda r: r["items"] / r["wall"])),
        Figure(f"{what}: peak memory", values(results, lambda r: r["peak_mb"]), "MB"),
    ]


def _extract(bench: Bench, server: Server, exclude: list[str]) -> Result:
    server.set(latency=_LATENCY)
    result = bench.client("extract", url=server.url, exclude=exclude, workers=_WORKERS)
    return {**result, "server_cpu": server.stats()["cpu"]}
