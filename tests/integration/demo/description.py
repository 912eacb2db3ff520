"""Looker's own description of its API, as something to check requests and answers against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_FILE = Path(__file__).parents[2] / "data" / "looker-4.0.oas.json"

#: Where the description contradicts itself: its words and the SDK say an array of dashboards.
_CORRECTED = {
    "search_lookml_dashboards": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Dashboard"},
    }
}


@cache
def _description() -> dict[str, Any]:
    description: dict[str, Any] = _as_json_schema(json.loads(_FILE.read_bytes()))
    return description


@cache
def operations() -> dict[str, dict[str, Any]]:
    """By operationId; each has `path` and `method` besides what the description says."""
    return {
        operation["operationId"]: operation | {"path": path, "method": method}
        for path, methods in _description()["paths"].items()
        for method, operation in methods.items()
    }


def parameters(operation_id: str) -> set[str]:
    """The names that the query string may have."""
    given = operations()[operation_id].get("parameters", [])
    return {parameter["name"] for parameter in given if parameter["in"] == "query"}


@cache
def _validator(operation_id: str, status: int) -> Draft202012Validator:
    responses = operations()[operation_id]["responses"]
    (content,) = list(responses[str(status)]["content"].values())[:1]
    schema = _CORRECTED.get(operation_id, content["schema"]) if status == 200 else content["schema"]
    return Draft202012Validator(schema | {"components": _description()["components"]})


def mistakes(operation_id: str, answer: object, status: int = 200) -> Iterator[str]:
    """What of the answer is not as described; fields that are not described are no mistake."""
    for error in _validator(operation_id, status).iter_errors(answer):
        yield f"{operation_id}: {error.json_path}: {error.message[:200]}"


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0's `nullable`, and references (which lose it), as JSON Schema has null."""
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {name: _as_json_schema(value) for name, value in node.items()}
    if node.pop("nullable", False) is True and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
        if "enum" in node and node["type"][0] != "array":
            node["enum"] = [*node["enum"], None]
    if node.get("type") in ("array", ["array", "null"]) and "enum" in node:
        node["items"] |= {"enum": node.pop("enum")}  # it is meant for each of the values
    properties = node.get("properties")
    if isinstance(properties, dict):
        node["properties"] = {name: _or_null(value) for name, value in properties.items()}
    if node.get("type") == "any":
        del node["type"]
    return node


def _or_null(schema: Any) -> Any:
    return {"anyOf": [schema, {"type": "null"}]} if "$ref" in schema else schema
