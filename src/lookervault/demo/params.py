"""The query string of a request, with Looker's way of refusing what it cannot read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lookervault.demo.answers import Refusal, refusal


class Params:
    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._values = dict(pairs)

    def text(self, name: str) -> str | None:
        return self._values.get(name) or None

    def number(self, name: str) -> int | None:
        """422 unless it is a whole number from 0."""
        text = self.text(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise _invalid(name, text, "a whole number")
        return int(text)

    def flag(self, name: str) -> bool | None:
        """422 unless it is `true` or `false`."""
        text = self.text(name)
        if text is None:
            return None
        if text.lower() not in ("true", "false"):
            raise _invalid(name, text, "true or false")
        return text.lower() == "true"

    def required(self, name: str) -> str:
        text = self.text(name)
        if text is None:
            raise refusal(422, "Validation Failed", field_name=name, code="missing_field")
        return text

    def many(self, name: str) -> list[str] | None:
        """An SDK-style list: a JSON array, commas, the name repeated, or any mixture."""
        given = [value for key, value in self._pairs if key in (name, f"{name}[]")]
        if not given:
            return None
        return [each for value in given for each in _listed(name, value)]


def _listed(name: str, value: str) -> list[str]:
    if not value.startswith("["):
        return [each.strip() for each in value.split(",") if each.strip()]
    try:
        return [str(each) for each in msgspec.json.decode(value, type=list[str | int])]
    except msgspec.DecodeError as error:
        raise _invalid(name, value, "a list") from error


def _invalid(name: str, text: str, expected: str) -> Refusal:
    return refusal(422, f"{name} must be {expected}, not {text!r}", field_name=name, code="invalid")
