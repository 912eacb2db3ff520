"""Splitting, hashing and cutting, on JSON texts in any spelling that the grammar allows.

A text is drawn as a tree whose leaves carry their spelling, so that the tests know what the
program has to find out: which keys are equal, which numbers a double cannot carry.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from lookervault.content.canonical import Canon, member, split
from lookervault.content.redaction import Redactor

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

# Spellings of a value, by chance: an example that fails shrinks in its value alone.

chance = st.randoms(use_true_random=True)
SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f"}
SHORT |= {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Hole:
    """A value that is spelled later."""


def space(chance: Random) -> str:
    return "".join(chance.choices(["", " ", "\t", "\r\n"], [8, 1, 1, 1], k=2))


def string(chance: Random, text: str) -> str:
    spelled = []
    for char in text:
        units = char.encode("utf-16-be").hex()
        escapes = "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
        ways = [escapes, escapes.upper().replace("\\U", "\\u"), SHORT.get(char, escapes)]
        if char >= " " and char not in '"\\':
            ways += [char] * 3
        spelled.append(chance.choice(ways))
    return f'"{"".join(spelled)}"'


def number(chance: Random, value: float) -> str:
    exact = Decimal(repr(value))
    if exact != Decimal(repr(float(value))):
        return repr(value)  # an integer that must not be spelled as another number
    plain = f"{exact:f}"
    zero = f"{plain}0" if "." in plain else f"{plain}.0"
    return chance.choice([repr(value), plain, zero, f"{exact:e}", f"{exact:E}"])


def spell(chance: Random, value: Any) -> str:
    return f"{space(chance)}{spell_bare(chance, value)}{space(chance)}"


def spell_bare(chance: Random, value: Any) -> str:
    match value:
        case str():
            return string(chance, value)
        case None | bool():
            return json.dumps(value)
        case int() | float():
            return number(chance, value)
        case Hole():
            return HOLE
        case list():
            elements = [spell(chance, element) for element in value]
            return f"[{','.join(elements) or space(chance)}]"
        case dict():
            return spell_members(chance, value.items())
    raise TypeError(value)


def spell_members(chance: Random, members: Iterable[tuple[str, Any]]) -> str:
    spelled = [
        f"{space(chance)}{string(chance, key)}{space(chance)}:{spell(chance, value)}"
        for key, value in members
    ]
    chance.shuffle(spelled)
    return f"{{{','.join(spelled) or space(chance)}}}"


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# What counts as equal: noise is left out, and a number is its value.


def essence(value: Any, noise: Sequence[str] = NOISE, path: tuple[str, ...] = ()) -> Any:
    match value:
        case dict():
            steps = {tuple(way.replace("[]", ".[]").strip(".").split(".")) for way in noise}
            return {
                key: essence(below, noise, (*path, key))
                for key, below in value.items()
                if (*path, key) not in steps
            }
        case list():
            return [essence(element, noise, (*path, "[]")) for element in value]
        case bool() | None | str():
            return (type(value).__name__, value)
        case _:
            return ("number", Decimal(repr(value)))


ODD = [b"1", b'"\\ud800"', b'{"a":' * 10_000 + b"[]" + b"}" * 10_000]


@given(chance, st.lists(values, max_size=5), st.sampled_from(ODD))
def test_split_gives_the_elements_byte_for_byte(
    chance: Random, elements: list[Any], odd: bytes
) -> None:
    spelled = [odd, *(spell_bare(chance, element).encode() for element in elements)]
    chance.shuffle(spelled)
    padded = [space(chance).encode() + element + b"\n" for element in spelled]
    assert split(b"\t[" + b",".join(padded) + b" ] ") == spelled


@given(chance, values)
def test_spelling_and_order_of_keys_leave_the_hash(chance: Random, value: Any) -> None:
    reading = CANON.read(spell(chance, value).encode())
    assert reading.hash == CANON.read(compact(value)).hash
    assert not reading.raw_hashed
    assert essence(reading.obj, ()) == essence(value, ())


@given(chance, objects, values, values)
def test_noise_leaves_the_hash(chance: Random, obj: dict[str, Any], a: Any, b: Any) -> None:
    rest = [obj.pop("tiles", None)]
    tile = {"can": a, "query": {"url": a, "x": 1}}
    one = obj | {"can": a, "tile": {"can": a}, "tiles": [tile, rest]}
    other = obj | {"tile": {}, "tiles": [{"query": {"x": 1, "url": b}}, rest]}
    assert CANON.read(compact(one)).hash == CANON.read(spell(chance, other).encode()).hash
    assert essence(CANON.read(compact(one)).obj, ()) == essence(one, ())


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


@given(chance, st.dictionaries(keys, values, min_size=1, max_size=5), values, st.booleans())
def test_equal_keys_anywhere_are_marked(
    chance: Random, obj: dict[str, Any], value: Any, odd: bool
) -> None:
    twice = [*obj.items(), (chance.choice(sorted(obj)), value)]
    if odd:
        inner = spell_members(chance, twice)
    else:
        inner = "{" + ",".join(compact({k: v}).decode()[1:-1] for k, v in twice) + "}"
    holder = chance.choice(['{"x":[1,%s]}', '{"can":{"y":%s}}', "%s", '[[%s],"\\u003a"]'])
    body = holder.replace("%s", inner).encode()
    reading = CANON.read(body)
    assert reading.raw_hashed
    assert reading.hash == sha256(body).digest()
    assert essence(reading.obj, ()) == essence(json.loads(body), ())


@given(objects, st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from("ef"))
def test_numbers_that_a_double_does_not_carry_are_marked(
    obj: dict[str, Any], value: Decimal, form: str
) -> None:
    spelling = format(value, form)
    assume(set(spelling) & set(".e") and len(spelling) < 200)
    body = b'{"o":%b,"n":%b}' % (compact(obj), spelling.encode())
    exact = Decimal(repr(float(spelling))) == Decimal(spelling)
    reading = CANON.read(body)
    assert reading.raw_hashed == (not exact)
    assert exact or reading.hash == sha256(body).digest()


@given(values, st.binary(max_size=12), st.floats(0, 1), st.integers(0, 4))
def test_whatever_the_bytes_are_nothing_is_raised_and_what_is_unread_is_marked(
    value: Any, junk: bytes, place: float, lost: int
) -> None:
    body = compact(value)
    at = int(place * len(body))
    body = body[:at] + junk + body[at + lost :]
    reading = CANON.read(body)
    assert reading.obj is not None or reading.raw_hashed or body.strip() == b"null"
    assert not reading.raw_hashed or reading.hash == sha256(body).digest()
    member(body, "id")


@given(chance, objects, keys)
def test_member_finds_what_a_decoder_finds(chance: Random, obj: dict[str, Any], other: str) -> None:
    key = chance.choice([*sorted(obj), other])
    found = member(spell_bare(chance, obj).encode(), key)
    value = obj.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        assert found is None
    elif isinstance(value, str):
        assert found == value
    else:
        assert found is not None
        assert Decimal(found) == Decimal(repr(value))


# Secrets.

HOLE = "\0"
"""Stands in a text where a secret is to be; no JSON text has it."""


def pierce(value: Any) -> Any:
    """The value with a hole under each secret name that has a value."""
    if isinstance(value, list):
        return [pierce(element) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        key: Hole() if key in SECRETS and below is not None else pierce(below)
        for key, below in value.items()
    }


def fill(text: str, chance: Random, secret: Any) -> bytes:
    first, *rest = text.split(HOLE)
    return first.encode() + b"".join(
        spell_bare(chance, secret).encode() + piece.encode() for piece in rest
    )


@given(chance, values, values.filter(lambda value: value is not None))
def test_secrets_become_null_and_every_other_byte_stays(
    chance: Random, value: Any, secret: Any
) -> None:
    text = spell(chance, pierce(value))
    body, expected = fill(text, chance, secret), text.replace(HOLE, "null").encode()
    cut, paths = REDACTOR.cut(body)
    assert cut == expected
    assert bool(paths) == (HOLE in text)
    assert json.loads(cut) == json.loads(expected)
    assert REDACTOR.cut(cut) == (cut, ())


@given(chance, st.lists(st.tuples(keys, leaves), max_size=6), values, st.sampled_from(SECRETS))
def test_secrets_are_cut_from_equal_keys_and_odd_bytes_too(
    chance: Random, members: list[tuple[str, Any]], secret: Any, name: str
) -> None:
    assume(secret is not None)
    pierced = [(key, pierce({key: value})[key]) for key, value in members]
    inner = spell_members(chance, [*pierced, (name, Hole()), (name, Hole())])
    before, after = b'{"o":["\\ud800","\xff",1e999],"p":', b"}"
    cut, paths = REDACTOR.cut(before + fill(inner, chance, secret) + after)
    assert cut == before + inner.replace(HOLE, "null").encode() + after
    assert f"p.{name}" in paths
