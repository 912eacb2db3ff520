"""What a byte of content costs."""

from __future__ import annotations

from bench.scenario import Bench, Figure, Finding, Result, Server, values
from bench.scenarios.dashboards import recipe


def run(bench: Bench) -> Finding:
    content = recipe(bench)
    with bench.serving(content) as server:
        server.set()
        rounds = bench.interleaved(
            bench.pick(5, 1),
            {"8": lambda: _extract(bench, server, 8), "1": lambda: _extract(bench, server, 1)},
        )
        stats = server.stats()
    eight, one = rounds["8"], rounds["1"]
    mean = eight[0]["raw"] / eight[0]["items"]
    return Finding(
        title="Content per CPU-second",
        how=f"{content.count:,} dashboards of {mean / 1000:.1f} kB on average, no latency, bodies"
        " not compressed by the server. CPU is user and system time of all threads of the client's"
        " process, from the login to the closed vault: network, splitting, redaction, hashes,"
        " compression and SQLite, and also the import of the SDK, which the login brings.",
        figures=[
            Figure("8 threads", values(eight, _mb_per_cpu), "MB/CPU-s", "≥ 30"),
            Figure("1 thread", values(one, _mb_per_cpu), "MB/CPU-s"),
            Figure("8 threads, by the clock", values(eight, _mb_per_second), "MB/s"),
            Figure("1 thread, by the clock", values(one, _mb_per_second), "MB/s"),
        ],
        server_cpu=[stats["cpu"]],
    )


def _extract(bench: Bench, server: Server, workers: int) -> Result:
    return bench.client("extract", url=server.url, types=["dashboards"], workers=workers)


def _mb_per_cpu(result: Result) -> float:
    return float(result["raw"] / 1e6 / result["cpu"])


def _mb_per_second(result: Result) -> float:
    return float(result["raw"] / 1e6 / result["wall"])
