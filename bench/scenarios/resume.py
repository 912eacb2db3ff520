"""What it costs to go on with a run that was killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.render import Recipe
from bench.scenario import ROOT, Bench, Figure, Finding, Result, Server, values

_SHARES = (0.3, 0.6, 0.9)
_WORKERS = 8
_LATENCY = 0.02
"""So that a look at the server's count comes in time to kill at the call that is meant."""


def run(bench: Bench) -> Finding:
    content = Recipe(bench.pick(5_000, 400))
    runs = bench.pick(2, 1)
    with bench.serving(content) as server, TemporaryDirectory() as folder:
        whole = _whole(server, Path(folder) / "whole.db")
        found = {
            share: [
                _killed(server, Path(folder) / f"{share}-{n}.db", share, whole) for n in range(runs)
            ]
            for share in _SHARES
        }
    return Finding(
        title="Going on with a killed run",
        how=f"A made-up company of {whole['items']:,} items, all types, {_WORKERS} workers."
        " `kill -9` reaches the run after 30, 60 or 90 % of the calls that it takes undisturbed"
        f" ({whole['calls']:,}); the same command then goes on. More calls is those of both"
        " together, beyond the undisturbed ones: the census of the second part, which logs in and"
        " asks anew what there is, and what was fetched twice, as it was under way when the run was"
        " killed. The latter is a figure of its own: calls for objects that they name, of both"
        " parts together and beyond the undisturbed ones, as a share of all undisturbed calls. Each"
        " root equalled the undisturbed one.",
        figures=[
            *_figures(found, "fetched twice", _twice, "%", "≤ 3"),
            *_figures(found, "more calls", _more, "%"),
            *_figures(found, "calls of the second part", lambda result: result["second"]["calls"]),
        ],
    )


def _figures(
    found: Mapping[float, list[Result]],
    what: str,
    compute: Callable[[Result], float],
    unit: str = "",
    target: str = "",
) -> list[Figure]:
    return [
        Figure(f"killed at {share:.0%}: {what}", values(results, compute), unit, target)
        for share, results in found.items()
    ]


def _more(result: Result) -> float:
    return _share(result, "calls")


def _twice(result: Result) -> float:
    return _share(result, "named")


def _share(result: Result, count: str) -> float:
    """In percent of all undisturbed calls."""
    first, second, whole = result["first"], result["second"], result["whole"]
    return float(100 * (first[count] + second[count] - whole[count]) / whole["calls"])


def _whole(server: Server, vault: Path) -> Result:
    server.set(latency=_LATENCY)
    told = _finish(_start(server, vault))
    return {"items": told["items"], "root": told["root_hash"], **_calls(server)}


def _calls(server: Server) -> Result:
    """`named` are those for objects that they name; the others are the census."""
    stats = server.stats()
    return {count: stats[count] for count in ("calls", "named")}


def _killed(server: Server, vault: Path, share: float, whole: Result) -> Result:
    server.set(latency=_LATENCY)
    with _start(server, vault) as process:
        while server.stats()["calls"] < share * whole["calls"]:
            if process.poll() is not None:
                raise RuntimeError("the run was over before it could be killed")
            time.sleep(0.001)
        process.kill()
    first = _calls(server)
    server.set(latency=_LATENCY)
    told = _finish(_start(server, vault))
    if told["root_hash"] != whole["root"]:
        raise RuntimeError("the root is another than that of the undisturbed run")
    return {"first": first, "second": _calls(server), "whole": whole}


def _start(server: Server, vault: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lookervault", "extract", "--json", "--quiet"]
    command += ["--vault", str(vault), "--workers", str(_WORKERS)]
    env = {
        **{k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")},
        "LOOKERSDK_BASE_URL": server.url,
        "LOOKERSDK_CLIENT_ID": "bench",
        "LOOKERSDK_CLIENT_SECRET": "bench",
    }
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE)


def _finish(process: subprocess.Popen[bytes]) -> Result:
    out, _ = process.communicate()
    told: Result = json.loads(out)
    if process.returncode or told["status"] != "complete":
        raise RuntimeError(f"the run is {told['status']}: {told.get('error') or told['missing']}")
    return told
