"""A vault of the program's own run, its index, and questions to it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from bench.clients.extract import extracted, settings
from bench.measure import measured
from lookervault.content.registry import select
from lookervault.search.finding import search
from lookervault.search.index import ask
from lookervault.search.marks import Kind, explore
from lookervault.search.using import Target, uses
from lookervault.storage.contents import Contents
from lookervault.storage.repository import Repository
from lookervault.storage.search_file import index_path
from lookervault.storage.search_index import SearchIndex

_ITEMS, _PLACES = 20, 4
"""That are shown, as the commands do it."""


def run(url: str, workers: int, rounds: int) -> dict[str, Any]:
    """Seconds, one value for each round; the first one is not counted."""
    with TemporaryDirectory(prefix="lookervault-bench-") as folder:
        path = Path(folder) / "vault.db"
        made = extracted(settings(url), path, select([], []), {"workers": workers})
        return {**made, **asked(path, rounds)}


def asked(path: Path, rounds: int) -> dict[str, Any]:
    with Repository.open(path, write=False) as vault:
        with measured() as building:
            ask(vault, lambda _index, _contents: None, _silent)
        questions = _questions(vault)
        within = {name: _times(one, rounds) for name, one in questions.items()}
    field = _common(path)[2]
    commands = {
        "search TEXT": _command(path, rounds, "search", "revenue"),
        "uses FIELD": _command(path, rounds, "uses", field),
        "types": _command(path, rounds, "types"),
    }
    return {
        "build": building.wall,
        "build_cpu": building.cpu,
        "index": index_path(path).stat().st_size,
        "within": within,
        "commands": commands,
    }


def _questions(vault: Repository) -> dict[str, Callable[[], object]]:
    """The most common ones, which take longest."""
    model, view, field = _common(vault.path)
    plans = [msgspec.json.decode(body) for _, body in vault.bodies("scheduled_plans")]
    first = {key: next(p[key] for p in plans if p[key]) for key in ("look_id", "dashboard_id")}
    query = next(plan["query_id"] for plan in plans if plan["query_id"])
    look = Counter(msgspec.json.decode(body)["folder_id"] for _, body in vault.bodies("looks"))
    targets = {
        "uses FIELD": Target(Kind.FIELD, field),
        "uses --model": Target(Kind.MODEL, model),
        "uses --model --explore": Target(Kind.EXPLORE, explore(model, view)),
        "uses --look": Target(Kind.LOOK, first["look_id"]),
        "uses --dashboard": Target(Kind.DASHBOARD, first["dashboard_id"]),
        "uses --query": Target(Kind.QUERY, query),
        "uses --user": Target(Kind.USER, plans[0]["user_id"]),
        "uses --group": Target(Kind.GROUP, "1"),
        "uses --folder": Target(Kind.FOLDER, look.most_common(1)[0][0]),
    }
    texts = {
        "a word": "revenue",
        "a field": field,
        "two signs of Japanese": "売上",
        "three letters": "ion",
        "two letters": "er",
        "one letter": "e",
    }
    return {f"search, {name}": _searching(vault, text) for name, text in texts.items()} | {
        name: _using(vault, target) for name, target in targets.items()
    }


def _common(path: Path) -> tuple[str, str, str]:
    """Model, explore and field that looks have most often."""
    found: Counter[tuple[str, str, str]] = Counter()
    with Repository.open(path, write=False) as vault:
        for _, body in vault.bodies("looks"):
            query = msgspec.json.decode(body)["query"]
            found.update((query["model"], query["view"], field) for field in query["fields"])
    return found.most_common(1)[0][0]


def _searching(vault: Repository, text: str) -> Callable[[], object]:
    def question(index: SearchIndex, contents: Contents) -> object:
        return search(index, contents, text, limit=_ITEMS, places=_PLACES)

    return lambda: ask(vault, question, _silent)


def _using(vault: Repository, target: Target) -> Callable[[], object]:
    def question(index: SearchIndex, contents: Contents) -> object:
        return uses(index, contents, [target], limit=_ITEMS, places=_PLACES)

    return lambda: ask(vault, question, _silent)


def _times(question: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        question()
        times.append(time.perf_counter() - began)
    return times[1:]


def _command(path: Path, rounds: int, *arguments: str) -> list[float]:
    program = str(Path(sys.executable).with_name("lookervault"))
    command = [program, *arguments, *(() if arguments == ("types",) else ("--vault", str(path)))]

    def once() -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

    return _times(once, rounds)


def _silent(_: str) -> None:
    pass


if __name__ == "__main__":  # on a vault that is there: python -m bench.clients.searched FILE
    for name, value in asked(Path(sys.argv[1]), 5).items():
        shown = value if not isinstance(value, dict) else {k: median(v) for k, v in value.items()}
        print(name, shown)
