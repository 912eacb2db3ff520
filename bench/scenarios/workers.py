"""What more workers bring where the time goes into waiting, and how busy they are."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, Result, Server, values

_PAGE = 10


def run(bench: Bench) -> Finding:
    content = Recipe(bench.pick(10_000, 300), "users", 2050)
    latency = bench.pick(0.3, 0.01)
    runs = bench.pick({1: 1, 8: 3, 50: 3}, {1: 1, 8: 1, 50: 1})
    with bench.serving(content) as server:
        found = {
            count: [_extract(bench, server, latency, count) for _ in range(times)]
            for count, times in runs.items()
        }
    serial = found[1][0]
    mean = serial["raw"] / serial["items"]
    return Finding(
        title="Workers, and how busy they are",
        how=f"{content.count:,} users of {mean / 1000:.1f} kB on average in pages of {_PAGE},"
        f" {latency * 1000:g} ms a call whatever it is. “Whole run” counts from the login to the"
        " closed vault, with the calls that cannot overlap (login, version, user, roles, census);"
        " “pages” from the first page's request to the last page's answer, on the server's clock."
        " Utilization is what the run reports, the workers' busy time ÷ (workers × the time of"
        " fetching); in flight is what the server saw: held calls at once ÷ workers while pages"
        " were fetched.",
        figures=[
            *_speedup("whole run", found, lambda result: result["wall"]),
            *_speedup("pages", found, lambda result: result["paging"]),
            Figure("1 worker, whole run", values(found[1], lambda result: result["wall"]), "s"),
            Figure(
                "utilization, 8 workers", values(found[8], lambda r: r["utilization"]), "", "≥ 0.9"
            ),
            Figure("utilization, 50 workers", values(found[50], lambda r: r["utilization"])),
            Figure("in flight ÷ 8 workers", values(found[8], lambda r: r["in_flight"] / 8)),
            Figure("in flight ÷ 50 workers", values(found[50], lambda r: r["in_flight"] / 50)),
        ],
        server_cpu=[result["server_cpu"] for count in found for result in found[count]],
    )


_TARGETS = {8: "≥ 6.5", 50: "≥ 30"}


def _speedup(what: str, found: dict[int, list[Result]], seconds: object) -> list[Figure]:
    assert callable(seconds)
    serial = seconds(found[1][0])
    return [
        Figure(
            f"{count} workers ÷ 1, {what}",
            [serial / seconds(result) for result in found[count]],
            "×",
            target,
        )
        for count, target in _TARGETS.items()
    ]


def _extract(bench: Bench, server: Server, latency: float, workers: int) -> Result:
    server.set(latency=latency)
    result = bench.client(
        "extract", url=server.url, types=["users"], workers=workers, page_size=_PAGE
    )
    stats = server.stats()
    paging = stats["last_page"] - stats["first_page"]
    in_flight = stats["pages"] * latency / paging
    return {**result, "paging": paging, "in_flight": in_flight, "server_cpu": stats["cpu"]}
