"""The API's description, as the tests of the content types read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "data" / "looker-4.0.oas.json"

type Schema = dict[str, Any]


@cache
def description() -> Schema:
    loaded: Schema = json.loads(_FILE.read_bytes())
    return loaded


@cache
def gets() -> dict[str, tuple[str, Schema]]:
    """(path, operation) of each GET, by operationId."""
    paths = description()["paths"].items()
    every = ((path, methods["get"]) for path, methods in paths if "get" in methods)
    return {operation["operationId"]: (path, operation) for path, operation in every}


def schema_of(name: str) -> Schema:
    """Of an object that a type holds: `Dashboard`, or `ContentMeta[]` for an array of them."""
    one: Schema = {"$ref": f"#/components/schemas/{name.removesuffix('[]')}"}
    return {"type": "array", "items": one} if name.endswith("[]") else one


def answer_of(operation_id: str) -> Schema:
    answer = gets()[operation_id][1]["responses"]["200"]["content"]["application/json"]["schema"]
    found: Schema = answer
    return found


def steps(path: str) -> tuple[str, ...]:
    """`a[].b` is `("a", "[]", "b")`."""
    return tuple(path.replace("[]", ".[]").removeprefix(".").split("."))


def follow(schema: Schema, path: tuple[str, ...]) -> Schema | None:
    """The schema at a path, None where there is no such member."""
    for step in path:
        schema = _resolved(schema)
        inside = schema.get("items") if step == "[]" else _members(schema).get(step)
        if inside is None:
            return None
        schema = inside
    return schema


def members(schema: Schema) -> Iterator[tuple[str, ...]]:
    """The path of every member at any depth; a schema inside itself is not entered again."""
    yield from _walk(schema, (), frozenset())


def _walk(
    schema: Schema, path: tuple[str, ...], entered: frozenset[str]
) -> Iterator[tuple[str, ...]]:
    reference = schema.get("$ref")
    if reference in entered:
        return
    if reference is not None:
        entered |= {reference}
    resolved = _resolved(schema)
    if resolved.get("type") == "array":
        yield from _walk(resolved["items"], (*path, "[]"), entered)
    for name, inside in _members(resolved).items():
        yield (*path, name)
        yield from _walk(inside, (*path, name), entered)


def _resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].split("/")[-1]]
    return schema


def _members(schema: Schema) -> Schema:
    found: Schema = _resolved(schema).get("properties", {})
    return found
