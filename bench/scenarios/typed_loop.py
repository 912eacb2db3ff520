"""How much faster a run is than what people write with the SDK."""

from __future__ import annotations

from bench.scenario import Bench, Figure, Finding, Result, Server, items_per_second, ratios, values
from bench.scenarios.dashboards import recipe

_WORKERS = 8


def run(bench: Bench) -> Finding:
    content = recipe(bench)
    latency = bench.pick(0.1, 0.01)
    singles, paged = bench.pick((200, 2_000), (5, 50))
    with bench.serving(content) as server:
        server.set(latency=latency)
        found = bench.interleaved(
            bench.pick(3, 1),
            {
                "ours": lambda: _ours(bench, server),
                "singly": lambda: _typed(bench, server, items=singles, page_size=0),
                "pages": lambda: _typed(bench, server, items=paged, page_size=100),
            },
        )
        stats = server.stats()
    ours, singly, pages = found["ours"], found["singly"], found["pages"]
    return Finding(
        title="A run against a loop over the SDK's typed calls",
        how=f"{content.count:,} dashboards of 27 kB, {latency * 1000:g} ms a call, {_WORKERS}"
        " threads in all of them. The loop is the one people write: `all_dashboards(fields="
        '"id")` for the ids, then `ThreadPoolExecutor.map` over `dashboard(id)`, each model'
        " serialized to a file of JSON. Its clock starts after imports, login and ids; it runs"
        f" over the first {singles:,} only, which favours it: the SDK's converter keeps what each"
        " call registers, so each call is slower than the one before. The better loop, over"
        f" offset pages of 100 from `search_dashboards` (the first {paged:,}), is measured, too;"
        " it keeps typed models' losses (unknown fields, nulls) and offset pages' gaps. Ours is"
        " the whole run over all of them, from the login to the closed vault.",
        figures=[
            Figure(
                "ours ÷ typed `dashboard(id)`, items a second",
                ratios(ours, singly, items_per_second),
                "×",
                "≥ 10",
            ),
            Figure(
                "ours ÷ typed `search_dashboards` pages", ratios(ours, pages, items_per_second), "×"
            ),
            Figure("ours", values(ours, items_per_second), "items/s"),
            Figure("typed `dashboard(id)`", values(singly, items_per_second), "items/s"),
            Figure("typed `search_dashboards` pages", values(pages, items_per_second), "items/s"),
        ],
        server_cpu=[stats["cpu"]],
    )


def _ours(bench: Bench, server: Server) -> Result:
    return bench.client("extract", url=server.url, types=["dashboards"], workers=_WORKERS)


def _typed(bench: Bench, server: Server, *, items: int, page_size: int) -> Result:
    return bench.client("typed", url=server.url, workers=_WORKERS, items=items, page_size=page_size)
