"""What a scenario is given and what it gives back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import msgspec

from bench.commands import Ran, ran
from bench.prepared import is_made
from bench.render import Recipe

ROOT = Path(__file__).parents[1]

_LONG = {"url", "env", "keys"}
"""Arguments that are not shown."""

type Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table: a measured number, one value for each run."""

    what: str
    values: list[float]
    unit: str = ""
    target: str = ""

    @property
    def median(self) -> float:
        return median(self.values)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a scenario found. `how` says what was done, in whole sentences."""

    title: str
    how: str
    figures: list[Figure]
    server_cpu: list[float] = field(default_factory=list)
    """Seconds that the server took, one value for each run; empty without a server."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running byte server."""

    url: str

    def set(self, **behaviour: float) -> None:
        """Sets how it behaves, see `bench.server.Behaviour`; the counts start anew."""
        self._control(f"set?{urlencode(behaviour)}")

    def stats(self) -> Result:
        return self._control("stats")

    def check(self) -> None:
        """Raises where it was asked for something that was not prepared."""
        if unknown := self.stats()["unknown"]:
            raise RuntimeError(f"{unknown} calls met nothing that was prepared")

    def _control(self, what: str) -> Result:
        with urllib.request.urlopen(f"{self.url}/bench/{what}") as answer:  # noqa: S310  our own
            found: Result = json.load(answer)
            return found


@dataclass(frozen=True, slots=True)
class Bench:
    """`content` is the folder that keeps what was rendered, for all scenarios of one run."""

    content: Path
    quick: bool = False

    def pick[T](self, full: T, quick: T) -> T:
        """Sizes and numbers of runs: those that tell something, or those of a smoke test."""
        return quick if self.quick else full

    def note(self, text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    def prepared(self, recipe: Recipe) -> Path:
        folder = self.content / recipe.name
        if not is_made(folder):
            self.note(f"rendering {recipe.name}")
            _run("bench.render", str(folder), msgspec.json.encode(recipe).decode())
        return folder

    @contextmanager
    def serving(self, recipe: Recipe) -> Iterator[Server]:
        folder = self.prepared(recipe)
        command = [sys.executable, "-m", "bench.server", str(folder)]
        with subprocess.Popen(command, cwd=ROOT, env=_env(), stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                server = Server(f"http://127.0.0.1:{int(process.stdout.readline())}")
                yield server
                server.check()
            finally:
                process.terminate()

    def client(self, name: str, **arguments: Any) -> Result:
        """Runs a module of `bench.clients` in a process of its own."""
        found: Result = json.loads(_run("bench.client", name, json.dumps(arguments)))
        self.note(f"{name} {_short(arguments)}: {_short(found)}")
        return found

    def program(self, *arguments: str, env: Mapping[str, str]) -> Ran:
        """A command of the program; `env` goes before what this process has."""
        done = ran([sys.executable, "-m", "lookervault", *arguments], {**_env(), **env})
        self.note(f"{' '.join(arguments)}: {done.seconds:.2f} s, {done.peak_mb:.0f} MB")
        return done

    def interleaved[T](
        self, runs: int, variants: Mapping[str, Callable[[], T]]
    ) -> dict[str, list[T]]:
        """A B A B: what drifts on the machine meets all of them."""
        found: dict[str, list[T]] = {name: [] for name in variants}
        for _ in range(runs):
            for name, variant in variants.items():
                found[name].append(variant())
        return found


def values(results: list[Result], compute: Callable[[Result], float]) -> list[float]:
    return [compute(result) for result in results]


def ratios(
    above: list[Result], below: list[Result], compute: Callable[[Result], float]
) -> list[float]:
    """Each round's ratio: both were measured one after the other."""
    return [compute(a) / compute(b) for a, b in zip(above, below, strict=True)]


def items_per_second(result: Result) -> float:
    return float(result["items"] / result["wall"])


def wall(result: Result) -> float:
    return float(result["wall"])


def _run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=_env(), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def _env() -> dict[str, str]:
    """Ours, without proxies: everything is on the loopback."""
    return {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}


def _short(values: Mapping[str, Any]) -> str:
    told = {k: v for k, v in values.items() if k not in _LONG}
    shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in told.items()}
    return " ".join(f"{key}={value}" for key, value in shown.items())
