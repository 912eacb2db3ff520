"""Linux and macOS: what only one of them has is used where it is written here, nowhere else.

Which names those are is known from the stubs of the standard library that mypy brings.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import mypy
import pytest

from tests.meta.repository import ROOT

SOURCE = ROOT / "src" / "lookervault"
STUBS = Path(mypy.__file__).parent / "typeshed" / "stdlib"

ALLOWED = {
    ("cli/commands/check.py", "platform"): "Python's version, which it tells everywhere",
    ("extraction/memory.py", "ctypes"): "mallopt, where the C library has it",
    ("extraction/memory.py", "/proc/self/status"): "the largest memory, where it is there",
    ("extraction/memory.py", "sys.platform"): "macOS tells the largest memory in another unit",
}
ASKING = {"sys": {"platform", "getwindowsversion"}, "os": {"name", "uname"}}
"""Names by which a program asks where it is."""
FOREIGN = {"ctypes", "msvcrt", "platform", "winreg"}
"""Modules of which nothing is the same everywhere."""
PLACES = ("/proc", "/sys/", "/dev/", "/run/")
"""Files that are of one system; `os.devnull` is of every one."""


@cache
def differing(module: str) -> frozenset[str]:
    """Names that Linux or macOS has and the other has not."""
    stub = next(
        (p for p in (STUBS / f"{module}.pyi", STUBS / module / "__init__.pyi") if p.exists()), None
    )
    if stub is None:
        return frozenset()
    body = ast.parse(stub.read_text(encoding="utf-8")).body
    return frozenset(set(_named(body, "linux")) ^ set(_named(body, "darwin")))


def _named(body: Iterable[ast.stmt], platform: str) -> Iterator[str]:
    for node in body:
        match node:
            case ast.If():
                yield from _named(
                    node.body if _holds(node.test, platform) else node.orelse, platform
                )
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name
            case ast.ImportFrom():
                yield from (one.asname or one.name for one in node.names)


def _holds(test: ast.expr, platform: str) -> bool:
    match test:
        case ast.BoolOp(op=ast.And()):
            return all(_holds(value, platform) for value in test.values)
        case ast.BoolOp(op=ast.Or()):
            return any(_holds(value, platform) for value in test.values)
        case ast.UnaryOp(op=ast.Not()):
            return not _holds(test.operand, platform)
        case ast.Compare(left=left, ops=[order], comparators=[ast.Constant(value=str(value))]):
            assert ast.unparse(left) == "sys.platform"
            return (platform == value) is isinstance(order, ast.Eq)
        case ast.Compare(ops=[order], comparators=[ast.Tuple() as version]):
            newer = sys.version_info >= ast.literal_eval(version)
            return newer is isinstance(order, ast.GtE)
    raise AssertionError(ast.unparse(test))


def uses(source: str) -> set[str]:
    """What of a module's code is not the same everywhere."""
    tree = ast.parse(source)
    words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    modules = {
        one.asname or one.name.partition(".")[0]: one.name.removesuffix(".path")
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for one in node.names
    }
    return {
        use
        for node in ast.walk(tree)
        if id(node) not in words or not isinstance(node, ast.Constant)
        for use in _uses_of(node, modules)
    }


def _uses_of(node: ast.AST, modules: dict[str, str]) -> Iterator[str]:
    match node:
        case ast.Import():
            yield from (one.name for one in node.names if one.name in FOREIGN)
        case ast.ImportFrom(module=str(module)):
            yield from (module for _ in range(module in FOREIGN))
            yield from _differing(module, [one.name for one in node.names])
        case ast.Attribute(value=ast.Name(id=name)) if name in modules:
            yield from _differing(modules[name], [node.attr])
        case ast.Constant(value=str(value)) if value.startswith(PLACES):
            yield value


def _differing(module: str, names: list[str]) -> Iterator[str]:
    special = differing(module) | ASKING.get(module, set())
    yield from (f"{module}.{name}" for name in names if name in special)


def test_what_is_not_the_same_everywhere_is_used_where_it_is_allowed_and_nowhere_else() -> None:
    found = {
        (path.relative_to(SOURCE).as_posix(), use)
        for path in SOURCE.rglob("*.py")
        for use in uses(path.read_text(encoding="utf-8"))
    }
    assert found == ALLOWED.keys()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os\nos.sched_getaffinity(0)", "os.sched_getaffinity"),
        ("import os as system\nsystem.memfd_create('')", "os.memfd_create"),
        ("def f():\n    import os\n    return os.O_DIRECT", "os.O_DIRECT"),
        ("from os import posix_fadvise", "os.posix_fadvise"),
        ("import fcntl\nfcntl.F_FULLFSYNC", "fcntl.F_FULLFSYNC"),
        ("import select\nselect.epoll()", "select.epoll"),
        ("import signal\nsignal.SIGPWR", "signal.SIGPWR"),
        ("import socket\nsocket.TCP_KEEPIDLE", "socket.TCP_KEEPIDLE"),
        ("import errno\nerrno.EREMOTEIO", "errno.EREMOTEIO"),
        ("import sys\nif sys.platform == 'linux': pass", "sys.platform"),
        ("from sys import platform", "sys.platform"),
        ("import os\nos.uname()", "os.uname"),
        ("from ctypes import CDLL", "ctypes"),
        ("import platform", "platform"),
        ("open('/proc/self/status')", "/proc/self/status"),
        ("open(f'/proc/{number}/fd')", "/proc/"),
    ],
)
def test_what_is_not_the_same_everywhere_is_found(source: str, found: str) -> None:
    assert uses(source) == {found}


@pytest.mark.parametrize(
    "source",
    [
        "'''/proc is Linux's.'''",
        "import os\nos.open('file', os.O_RDONLY | os.O_CLOEXEC)\nos.fsync(1)\nos.pread(1, 2, 3)",
        "import fcntl\nfcntl.flock(1, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "import signal\nsignal.SIGTERM",
        "import resource\nresource.getrusage(resource.RUSAGE_SELF)",
    ],
)
def test_what_both_have_is_no_finding(source: str) -> None:
    assert uses(source) == set()
