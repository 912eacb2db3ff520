"""JSON values as YAML, to be read by people: what no reader of YAML takes for something else.

A string stands bare only if it is made of words that mean nothing; texts of several lines, such as
SQL, stand as they are. Written for YAML 1.2, and read alike by readers of 1.1 except for the number
`1e5`, which those take for a string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from lookervault.content.unseen import UNSEEN

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\ufffe\uffff]|" + UNSEEN.pattern)
_LONGEST_BARE = 100


def dump(value: Any) -> str:
    """`value` is what JSON has, numbers as `msgspec.Raw`. Raises `RecursionError`."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    """The first line has no indentation: it may follow a key or a dash."""
    if isinstance(value, dict) and value:
        yield from _block(((f"{_key(k)}:", value[k]) for k in sorted(value)), indent, " ")
    elif isinstance(value, list) and value:
        yield from _block((("-", element) for element in value), indent, " ")
    else:
        yield _flow(value)


def _block(pairs: Any, indent: str, gap: str) -> Iterator[str]:
    lead = ""
    for head, value in pairs:
        nested = isinstance(value, dict | list) and value
        if not nested and isinstance(value, str) and _is_text(value):
            yield f"{lead}{head}{gap}{_chomping(value)}"
            yield from (f"{indent}  {line}" if line else "" for line in _text_lines(value))
        elif nested and head != "-":
            yield f"{lead}{head}"
            for number, line in enumerate(_lines(value, f"{indent}  ")):
                yield f"{indent}  {line}" if number == 0 else line
        else:
            inner = _lines(value, f"{indent}  ")
            yield f"{lead}{head}{gap}{next(inner)}"
            yield from inner
        lead = indent


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
    return json.dumps(value)  # null, true, false, [], {}


def _key(key: str) -> str:
    return _string(key)


def _string(text: str) -> str:
    if len(text) <= _LONGEST_BARE and _BARE.fullmatch(text) and text.lower() not in _WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\U{ord(found[0]):08x}", quoted)


def _is_text(text: str) -> bool:
    """Whether it can stand as it is: lines, without what is lost or unseen there."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and lines[0][:1] not in ("", " ", "\t")
        and lines[-1] != ""
        and not any(_UNPRINTABLE.search(line.replace("\t", "")) for line in lines)
        and not any(line.endswith((" ", "\t")) for line in lines)
    )


def _chomping(text: str) -> str:
    return "|" if text.endswith("\n") else "|-"


def _text_lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")
