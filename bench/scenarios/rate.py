"""How much of an allowed rate is used, and how often it is exceeded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, Result, values

_PAGE = 10
_WORKERS = 8
_CASES: dict[str, tuple[dict[str, float], dict[str, Any]]] = {
    "not told, Retry-After: 1": ({"retry_after": 1}, {}),
    "not told, no Retry-After": ({}, {}),
    "told by --rate": ({"retry_after": 1}, {"rate": 20}),
}
"""How the server behaves, and with what flags the client runs."""


def run(bench: Bench) -> Finding:
    rate = bench.pick(20.0, 100.0)
    content = Recipe(bench.pick(18_000, 400), "users", 2050)
    bench.prepared(content)
    wanted = list(_CASES) * bench.pick(2, 1)
    # They wait most of the time, so they run at once.
    with ThreadPoolExecutor(len(wanted)) as pool:
        results = list(pool.map(lambda case: _extract(bench, content, rate, case), wanted))
    found = {
        case: [r for c, r in zip(wanted, results, strict=True) if c == case] for case in _CASES
    }
    seconds = results[0]["seconds"]
    return Finding(
        title="An allowed rate",
        how=f"The server lets {rate:g} calls a second through, in bursts of a second's worth, and"
        f" answers 429 to all others at once; other answers take 100 ms. {_WORKERS} workers fetch"
        f" {content.count:,} users in pages of {_PAGE}, about {seconds:.0f} s each time."
        " “Not told” means without --rate: the client has to find the rate by itself, from the"
        " first call on, its first collision included. Used is calls that were let through ÷ calls"
        " that could have been (burst + rate × seconds from the first call to the last).",
        figures=[
            figure
            for case, of_case in found.items()
            for figure in (
                Figure(f"{case}: used", values(of_case, lambda r: r["used"]), "", "≥ 0.9"),
                Figure(
                    f"{case}: calls answered 429",
                    values(of_case, lambda r: r["refused"]),
                    "%",
                    "≤ 2",
                ),
            )
        ],
        server_cpu=values(results, lambda r: r["server_cpu"]),
    )


def _extract(bench: Bench, content: Recipe, rate: float, case: str) -> Result:
    behaviour, flags = _CASES[case]
    if "rate" in flags:
        flags = {"rate": rate}
    with bench.serving(content) as server:
        server.set(latency=0.1, rate=rate, **behaviour)
        bench.client(
            "extract",
            url=server.url,
            types=["users"],
            workers=_WORKERS,
            page_size=_PAGE,
            **flags,
        )
        stats = server.stats()
    seconds = stats["last_call"] - stats["first_call"]
    let_through = stats["calls"] - stats["refused"]
    return {
        "used": let_through / (rate + rate * seconds),
        "refused": 100 * stats["refused"] / stats["calls"],
        "seconds": seconds,
        "server_cpu": stats["cpu"],
    }
