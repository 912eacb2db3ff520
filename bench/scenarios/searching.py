"""How long a question takes, and what the index costs that answers it."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding


def run(bench: Bench) -> Finding:
    with bench.serving(Recipe(bench.pick(50_000, 400))) as server:
        result = bench.client("searched", url=server.url, workers=8, rounds=bench.pick(10, 1))
    within = [Figure(name, _ms(times), "ms", "< 100") for name, times in result["within"].items()]
    commands = [
        Figure(f"whole command: {name}", _ms(times), "ms")
        for name, times in result["commands"].items()
    ]
    return Finding(
        title="Search and uses",
        how=f"A vault of {result['items']:,} items of a made-up company, which the system has in"
        " its cache. Each question is asked in a process that is there, from looking whether the"
        " index is up to date to the 20 items with four places each that the command shows; what is"
        " asked for is what most items have. A whole command is a process of the installed program,"
        " whose modules are compiled; `types`, which opens no vault, is what starting takes."
        f" The content is {result['raw'] / 1e6:,.0f} MB, the vault {result['disk'] / 1e6:,.0f} MB.",
        figures=[
            *within,
            *commands,
            Figure("making the index", [result["build"]], "s"),
            Figure("making the index: CPU", [result["build_cpu"]], "s"),
            Figure("size of the index", [result["index"] / 1e6], "MB"),
        ],
    )


def _ms(times: list[float]) -> list[float]:
    return [1000 * each for each in times]
