"""Secrets are cut out of an object before anything of it is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from lookervault.content import scan
from lookervault.content.scan import DamageError, Kind
from lookervault.errors import BadAnswerError

_SHOWN = 32
"""A path has at most twice as many steps; of a longer one the middle is left out."""


class Redactor:
    """Cuts the members of certain names out of the objects of one type. Immutable, thread-safe."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names` are ASCII words."""
        self._names = frozenset(name.encode("ascii") for name in names)
        choice = b"|".join(map(re.escape, sorted(self._names)))
        self._null = re.compile(rb'"(?:%b)"[ \t\n\r]*+:[ \t\n\r]*+null' % choice)

    def cut(self, body: bytes) -> tuple[bytes, tuple[str, ...]]:
        """The body with `null` for each secret, and the paths of what was cut.

        Every other byte stays. A secret that is `null` already is left and has no path.
        Raises `BadAnswerError` where the body is no JSON and may hold a secret.
        """
        if not self._may_hold(body):
            return body, ()
        try:
            spans = self._spans(body)
        except DamageError as damage:
            raise BadAnswerError(
                f"An answer that may hold secrets is no JSON ({damage}).",
                hint="Nothing of it is stored; the call is tried again.",
            ) from damage
        if not spans:
            return body, ()
        edges = [0, *chain.from_iterable((start, end) for start, end, _ in spans), len(body)]
        kept = (body[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2))
        return b"null".join(kept), tuple(dict.fromkeys(path for _, _, path in spans))

    def _may_hold(self, body: bytes) -> bool:
        """False only where the body certainly has no value to cut."""
        if not self._names:
            return False
        if b"\\u00" in body:
            return True
        named = sum(map(body.count, self._names))
        return named > 0 and named != len(self._null.findall(body))

    def _spans(self, body: bytes) -> list[tuple[int, int, str]]:
        """(start, end, path) of each secret value. Raises `DamageError`."""
        spans: list[tuple[int, int, str]] = []
        steps: list[bytes | int] = []  # a key or an index for each container that is open
        cutting = begin = 0  # steps to the secret that is open, and where it began
        for kind, start, end in scan.tokens(body):
            if kind is Kind.KEY:
                steps[-1] = _name(body[start:end])
            elif kind is Kind.CLOSE:
                steps.pop()
                if len(steps) == cutting > 0:
                    spans.append((begin, end, _path(steps)))
                    cutting = 0
            else:
                if steps and isinstance(index := steps[-1], int):
                    steps[-1] = index + 1
                secret = not cutting and bool(steps) and steps[-1] in self._names
                if kind is Kind.OPEN:
                    if secret:
                        cutting, begin = len(steps), start
                    steps.append(b"" if body[start:end] == b"{" else -1)
                elif secret and body[start:end] != b"null":
                    spans.append((start, end, _path(steps)))
        return spans


def _name(token: bytes) -> bytes:
    return scan.text(token).encode() if b"\\" in token else token[1:-1]


def _path(steps: Sequence[bytes | int]) -> str:
    """The path as people write it, `a.b[0].c`, in a length that does not grow with the depth."""
    if len(steps) > 2 * _SHOWN:
        return f"{_path(steps[:_SHOWN])}…{_path(steps[-_SHOWN:])}"
    path = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step.decode('utf-8', 'replace')}"
        for step in steps
    )
    return path.removeprefix(".")
