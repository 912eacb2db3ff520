"""A client in a process of its own: `python -m bench.client NAME ARGUMENTS` prints one JSON object.

NAME is a module of `bench.clients`; its `run` gets the arguments and returns what it found.
"""

from __future__ import annotations

import importlib
import json
import sys

from lookervault.extraction.memory import peak_memory_mb


def main(name: str, arguments: str) -> None:
    result = importlib.import_module(f"bench.clients.{name}").run(**json.loads(arguments))
    print(json.dumps({**result, "peak_mb": peak_memory_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
