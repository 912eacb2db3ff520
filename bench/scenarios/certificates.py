"""What the certificate of a run costs."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, Result, Server, ratios, values, wall

_WORKERS = 8


def run(bench: Bench) -> Finding:
    content = Recipe(bench.pick(5_000, 400))
    with bench.serving(content) as server:
        found = bench.interleaved(
            bench.pick(5, 1),
            {
                "signed": lambda: _extract(bench, server, signed=True),
                "unsigned": lambda: _extract(bench, server, signed=False),
            },
        )
    signed, unsigned = found["signed"], found["unsigned"]
    return Finding(
        title="Certificates",
        how=f"A made-up company of {signed[0]['items']:,} items, all types, {_WORKERS} workers, no"
        " latency: a run that waits for Looker is longer, and its certificate costs the same. A"
        " run with a key reads it, with the import of what signs, and signs the statement of"
        f" {signed[0]['bytes']:,} bytes; without, the statement is chained only. The cost of a"
        " certificate is that of one more, of the same run, written and rolled back: reading the"
        " run's rows, spelling, hash, signature, insertion.",
        figures=[
            Figure("share of a signed run", values(signed, _share), "%", "≤ 2"),
            Figure("share of an unsigned run", values(unsigned, _share), "%", "≤ 2"),
            Figure("reading the key", values(signed, lambda r: r["key"] * 1000), "ms"),
            Figure("a signed certificate", values(signed, _certificate_ms), "ms"),
            Figure("an unsigned certificate", values(unsigned, _certificate_ms), "ms"),
            Figure("signed run ÷ unsigned run", ratios(signed, unsigned, wall), "×"),
            Figure("signed run", values(signed, wall), "s"),
            Figure("unsigned run", values(unsigned, wall), "s"),
        ],
        server_cpu=values([*signed, *unsigned], lambda r: r["server_cpu"]),
    )


def _extract(bench: Bench, server: Server, *, signed: bool) -> Result:
    server.set()
    result = bench.client("certified", url=server.url, signed=signed, workers=_WORKERS)
    return {**result, "server_cpu": server.stats()["cpu"]}


def _share(result: Result) -> float:
    return float(100 * (result["key"] + result["certificate"]) / result["wall"])


def _certificate_ms(result: Result) -> float:
    return float(result["certificate"] * 1000)
