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
        self._names = frozenset(names)
        self._spelled = tuple(name.encode() for name in names)
        choice = b"|".join(re.escape(name) for name in self._spelled)
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
        named = sum(map(body.count, self._spelled))
        return named > 0 and named != len(self._null.findall(body))

    def _spans(self, body: bytes) -> list[tuple[int, int, str]]:
        """(start, end, path) of each secret value. Raises `DamageError`."""
        spans: list[tuple[int, int, str]] = []
        place = _Place()
        secret_depth = 0  # depth of the container that is being cut, 0 outside
        secret_start = 0
        for kind, start, end in scan.tokens(body):
            if kind is Kind.CLOSE:
                place.leave()
                if secret_depth and place.depth < secret_depth:
                    spans.append((secret_start, end, place.path()))
                    secret_depth = 0
                continue
            if kind is Kind.KEY:
                place.key = body[start:end]
                continue
            place.advance()
            is_secret = not secret_depth and place.name() in self._names
            if kind is Kind.OPEN:
                place.enter(body[start:end])
                if is_secret:
                    secret_depth, secret_start = place.depth, start
            elif is_secret and body[start:end] != b"null":
                spans.append((start, end, place.path()))
        return spans
