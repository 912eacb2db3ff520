"""What it costs to go on with a run that was killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
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
        nearly = [_killed(server, Path(folder) / f"end-{n}.db", 0.995, whole) for n in range(runs)]
    return Finding(
        title="Going on with a killed run",
        how=f"A made-up company of {whole['items']:,} items, all types, {_WORKERS} workers."
        " `kill -9` reaches the run after 30, 60 or 90 % of the calls that it takes undisturbed"
        f" ({whole['calls']:,}); the same command then goes on. More calls is those of both"
        " together, beyond the undisturbed ones: what was under way when the run was killed, and"
        " the census of the types that were done, which is looked at again. A run that is killed"
        " just before its end shows what that census alone costs. Each root equalled the"
        " undisturbed one.",
        figures=[
            *(
                Figure(
                    f"killed at {share:.0%}: more calls",
                    values(results, _more),
                    "%",
                    "≤ 3 + census",
                )
                for share, results in found.items()
            ),
            Figure("killed just before its end: more calls", values(nearly, _more), "%"),
            *(
                Figure(
                    f"killed at {share:.0%}: calls of the second part",
                    values(results, lambda r: r["second"]),
                )
                for share, results in found.items()
            ),
        ],
    )


def _more(result: Result) -> float:
    return float(100 * (result["first"] + result["second"] - result["whole"]) / result["whole"])


def _whole(server: Server, vault: Path) -> Result:
    server.set(latency=_LATENCY)
    told = _finish(_start(server, vault))
    return {"items": told["items"], "root": told["root_hash"], "calls": server.stats()["calls"]}


def _killed(server: Server, vault: Path, share: float, whole: Result) -> Result:
    server.set(latency=_LATENCY)
    with _start(server, vault) as process:
        while server.stats()["calls"] < share * whole["calls"]:
            if process.poll() is not None:
                raise RuntimeError("the run was over before it could be killed")
            time.sleep(0.001)
        process.kill()
    first = server.stats()["calls"]
    server.set(latency=_LATENCY)
    told = _finish(_start(server, vault))
    if told["root_hash"] != whole["root"]:
        raise RuntimeError("the root is another than that of the undisturbed run")
    return {"first": first, "second": server.stats()["calls"], "whole": whole["calls"]}


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
