"""Splitting, hashing and cutting, on JSON texts in any spelling that the grammar allows.

A text is drawn as a tree whose leaves carry their spelling, so that the tests know what the
program has to find out: which keys are equal, which numbers a double cannot carry.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from hashlib import sha256
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lookervault.content.canonical import Canon, member, split
from lookervault.content.redaction import Redactor

few = settings(max_examples=120, deadline=None)

NOISE = ("can", "tile.can", "tiles[].can", "tiles[].query.url", "[].can")
CANON = Canon(NOISE)
SECRETS = ("token", "reset_url")
REDACTOR = Redactor(SECRETS)

# Values, as Python has them.

keys = st.one_of(
    st.sampled_from(
        ["id", "can", "tile", "tiles", "query", "url", *SECRETS, 'a":1,"a', "é", "", ":"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=4),
)
numbers = st.one_of(
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e6, 1e6).map(lambda value: round(value, 2)),
)
leaves = st.one_of(
    st.none(), st.booleans(), numbers, st.text(st.characters(codec="utf-8"), max_size=8), keys
)
values = st.recursive(
    leaves,
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(keys, below, max_size=5)),
    max_leaves=25,
)
objects = st.dictionaries(keys, values, max_size=6)

# Spellings of a value.

spaces = st.text(" \t\n\r", max_size=2)
Draw = Callable[[st.SearchStrategy[Any]], Any]


def string(draw: Draw, text: str) -> str:
    short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f"}
    short |= {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    spelled = []
    for char in text:
        units = char.encode("utf-16-be").hex()
        escapes = "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
        ways = [escapes, escapes.upper().replace("\\U", "\\u")]
        if char in short:
            ways.append(short[char])
        if char >= " " and char not in '"\\':
            ways += [char] * 3
        spelled.append(draw(st.sampled_from(ways)))
    return f'"{"".join(spelled)}"'


def number(draw: Draw, value: float) -> str:
    """Any spelling that is an integer, or that a double carries: others are marked, see below."""
    exact = Decimal(repr(value))
    ways = [f"{exact:f}", f"{exact:e}", f"{exact:E}"]
    ways.append(ways[0] + ("0" if "." in ways[0] else ".0"))
    carried = [
        way for way in ways if way.lstrip("-").isdigit() or Decimal(repr(float(way))) == exact
    ]
    return str(draw(st.sampled_from([repr(value), *carried])))


def spell(draw: Draw, value: Any) -> str:
    before, after = draw(spaces), draw(spaces)
    return f"{before}{_spell(draw, value)}{after}"


def _spell(draw: Draw, value: Any) -> str:
    match value:
        case str():
            return string(draw, value)
        case None | bool():
            return json.dumps(value)
        case int() | float():
            return number(draw, value)
        case list():
            return f"[{','.join(spell(draw, element) for element in value) or draw(spaces)}]"
        case dict():
            return spell_members(draw, draw(st.permutations(list(value.items()))))
    raise TypeError(value)


def spell_members(draw: Draw, members: Iterable[tuple[str, Any]]) -> str:
    spelled = [
        f"{draw(spaces)}{string(draw, key)}{draw(spaces)}:{spell(draw, value)}"
        for key, value in members
    ]
    return f"{{{','.join(spelled) or draw(spaces)}}}"


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# What counts as equal: noise is left out, and a number is its value.


def essence(value: Any, path: str = "") -> Any:
    match value:
        case dict():
            inside = f"{path}." if path else ""
            return {
                key: essence(below, inside + key)
                for key, below in value.items()
                if inside + key not in NOISE
            }
        case list():
            return [essence(element, f"{path}[]") for element in value]
        case bool() | None | str():
            return (type(value).__name__, value)
        case _:
            return ("number", Decimal(repr(value)))


@few
@given(st.data(), st.lists(values, max_size=5))
def test_split_gives_the_elements_byte_for_byte(data: st.DataObject, elements: list[Any]) -> None:
    spelled = [_spell(data.draw, element).encode() for element in elements]
    odd = data.draw(st.sampled_from([b"1", b'"\\ud800"', b'{"a":' * 1200 + b"[]" + b"}" * 1200]))
    spelled.insert(data.draw(st.integers(0, len(spelled))), odd)
    padded = [f"{data.draw(spaces)}".encode() + s + b"\n" for s in spelled]
    assert split(b"\t[" + b",".join(padded) + b" ] ") == spelled


@few
@given(st.data(), values)
def test_spelling_and_order_of_keys_leave_the_hash(data: st.DataObject, value: Any) -> None:
    reading = CANON.read(spell(data.draw, value).encode())
    assert reading == CANON.read(compact(value))
    assert not reading.raw_hashed
    assert essence(reading.obj) == essence(value)


@few
@given(st.data(), objects, values, values)
def test_noise_leaves_the_hash(data: st.DataObject, obj: dict[str, Any], a: Any, b: Any) -> None:
    tiles = obj.get("tiles")
    tile = {"can": a, "query": {"url": a, "x": 1}}
    one = obj | {"can": a, "tile": {"can": a}, "tiles": [tile, tiles]}
    other = obj | {"tile": {}, "tiles": [{"query": {"x": 1, "url": b}}, tiles]}
    assert CANON.read(compact(one)).hash == CANON.read(spell(data.draw, other).encode()).hash
    assert essence(CANON.read(compact(one)).obj) == essence(one)


@few
@given(st.data(), values)
def test_any_other_change_changes_the_hash(data: st.DataObject, value: Any) -> None:
    changed = data.draw(st.one_of(change(value), values))
    same = essence(changed) == essence(value)
    assert (CANON.read(compact(changed)).hash == CANON.read(compact(value)).hash) == same


def change(value: Any) -> st.SearchStrategy[Any]:
    """The value with another value in one place."""
    if isinstance(value, list) and value:
        return st.integers(0, len(value) - 1).flatmap(
            lambda i: change(value[i]).map(lambda new: [*value[:i], new, *value[i + 1 :]])
        )
    if isinstance(value, dict) and value:
        return st.sampled_from(sorted(value)).flatmap(
            lambda key: change(value[key]).map(lambda new: value | {key: new})
        )
    return leaves


@few
@given(st.data(), objects, values)
def test_equal_keys_anywhere_are_marked(data: st.DataObject, obj: dict[str, Any], v: Any) -> None:
    assume(obj)
    again = data.draw(st.sampled_from(sorted(obj)))
    twice = data.draw(st.permutations([*obj.items(), (again, v)]))
    if data.draw(st.booleans()):
        inner = spell_members(data.draw, twice)
    else:
        inner = "{" + ",".join(compact({key: below}).decode()[1:-1] for key, below in twice) + "}"
    holder = data.draw(
        st.sampled_from(['{"x":[1,%s]}', '{"can":{"y":%s}}', "%s", '[[%s],"\\u003a"]'])
    )
    body = (holder % inner).encode()
    reading = CANON.read(body)
    assert reading.raw_hashed
    assert reading.hash == sha256(body).digest()
    assert essence(reading.obj) == essence(json.loads(body))


@few
@given(st.data(), objects, st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_that_a_double_does_not_carry_are_marked(
    data: st.DataObject, obj: dict[str, Any], value: Decimal
) -> None:
    spelling = data.draw(st.sampled_from([f"{value:e}", f"{value:f}"]))
    assume("." in spelling or "e" in spelling)
    assume(len(spelling) < 200)
    body = compact(obj | {"n": "N"}).replace(b'"n":"N"', b'"n":' + spelling.encode())
    assume(b'"n":' + spelling.encode() in body)
    exact = Decimal(repr(float(spelling))) == Decimal(spelling)
    reading = CANON.read(body)
    assert reading.raw_hashed == (not exact)
    assert exact or reading.hash == sha256(body).digest()


@few
@given(st.data(), st.binary(max_size=12), values)
def test_whatever_the_bytes_are_nothing_is_raised_and_what_is_unread_is_marked(
    data: st.DataObject, junk: bytes, value: Any
) -> None:
    body = compact(value)
    at = data.draw(st.integers(0, len(body)))
    body = body[:at] + junk + body[data.draw(st.integers(at, len(body))) :]
    reading = CANON.read(body)
    assert reading.obj is not None or reading.raw_hashed or body.strip() == b"null"
    assert not reading.raw_hashed or reading.hash == sha256(body).digest()
    member(body, "id")


@few
@given(st.data(), objects)
def test_member_finds_what_a_decoder_finds(data: st.DataObject, obj: dict[str, Any]) -> None:
    key = data.draw(st.sampled_from([*sorted(obj), "id"]))
    found = member(_spell(data.draw, obj).encode(), key)
    value = obj.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        assert found is None
    elif isinstance(value, str):
        assert found == value
    else:
        assert found is not None
        assert Decimal(found) == Decimal(repr(value))


# Secrets.

SECRET = "s3cr3t-"


def seal(value: Any, *, cut: bool) -> Any:
    """The value with `null` (`cut`) or with a secret's sign in the values of secret names."""
    if isinstance(value, list):
        return [seal(element, cut=cut) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        key: (
            seal(below, cut=cut)
            if key not in SECRETS or below is None
            else None
            if cut
            else [SECRET, below]
        )
        for key, below in value.items()
    }


@few
@given(st.data(), st.one_of(objects, values))
def test_secrets_become_null_and_nothing_else_moves(data: st.DataObject, value: Any) -> None:
    body = spell(data.draw, seal(value, cut=False)).encode()
    cut, paths = REDACTOR.cut(body)
    assert essence(json.loads(cut)) == essence(seal(value, cut=True))
    assert SECRET.encode() not in cut
    assert bool(paths) == (cut != body)
    assert_only_cut(body, cut)
    assert REDACTOR.cut(cut) == (cut, ())


def assert_only_cut(body: bytes, cut: bytes) -> None:
    """Between the nulls, the pieces of `cut` are pieces of `body`, in the same order."""
    at = 0
    first, *rest = cut.split(b"null")
    assert body.startswith(first)
    at = len(first)
    for piece in rest:
        at = body.index(piece, at) + len(piece)
    assert cut.endswith(body[len(body) - len(rest[-1]) :] if rest else body)


@few
@given(st.data(), st.lists(st.tuples(keys, leaves), max_size=6))
def test_secrets_are_cut_from_equal_keys_and_odd_bytes_too(
    data: st.DataObject, members: list[tuple[str, Any]]
) -> None:
    members.append((data.draw(st.sampled_from(SECRETS)), SECRET))
    body = spell_members(data.draw, data.draw(st.permutations(members))).encode()
    odd = b'{"o":["\\ud800","\xff"],"p":' + body + b"}"
    cut, paths = REDACTOR.cut(odd)
    assert paths
    assert SECRET.encode() not in cut
    assert cut.startswith(b'{"o":["\\ud800","\xff"],"p":{')
    assert len(split(b"[" + cut + b"]")) == 1
