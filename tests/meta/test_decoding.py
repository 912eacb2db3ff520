"""What threads decode is prepared: msgspec 0.22 crashes else, see `lookervault.decoding`."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator

import msgspec

from lookervault.decoding import decodable
from tests.meta.repository import ROOT

_SOURCE = ROOT / "src"
_DECODING = {"decode", "convert", "decoded", "unpacked"}
_THREADS = """
import sys, threading
import msgspec
from lookervault.decoding import decodable

sys.setswitchinterval(1e-6)
many = [(f"field{number}", int | None, None) for number in range(40)]
for number in range(100):
    inner = msgspec.defstruct(f"Inner{number}", many)
    outer = decodable(msgspec.defstruct(f"Outer{number}", [("inner", list[inner]), *many]))
    at_once = threading.Barrier(4)

    def decode(outer=outer, at_once=at_once):
        at_once.wait()
        assert msgspec.json.decode(b'{"inner":[{"field1":1}]}', type=outer).inner[0].field1 == 1

    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("decoded")
"""


def test_threads_may_decode_what_is_prepared() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _THREADS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "decoded\n")


def test_every_struct_that_is_decoded_by_its_name_is_prepared() -> None:
    wanted = set(_decoded_by_name())
    prepared = set(_decorated())
    assert len(wanted) > 10
    assert wanted - prepared == set()


def _decoded_by_name() -> Iterator[type]:
    """Structs that calls name as what to decode; a decoder of a module is made when it is."""
    for module, tree in _modules():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _name(call.func) in _DECODING:
                named = [*call.args, *(word.value for word in call.keywords)]
                for node in (each for one in named for each in ast.walk(one)):
                    yield from _structs(module, node)


def _decorated() -> Iterator[type]:
    for module, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and decodable.__name__ in map(
                _name, node.decorator_list
            ):
                yield getattr(importlib.import_module(module), node.name)


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(_SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(_SOURCE).with_suffix("").parts)
        text = path.read_text(encoding="utf-8")
        if "msgspec" in text and "__" not in name:
            yield name, ast.parse(text)


def _structs(module: str, node: ast.AST) -> Iterator[type]:
    if isinstance(node, ast.Name):
        found = getattr(importlib.import_module(module), node.id, None)
        if isinstance(found, type) and issubclass(found, msgspec.Struct):
            yield found


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
