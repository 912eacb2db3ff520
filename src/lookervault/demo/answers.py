"""What a handler answers with, and Looker's error bodies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lookervault.demo.kind import Row, encode

JSON = "application/json"
_DOCUMENTATION = "https://cloud.google.com/looker/docs/"


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """An error answer; handlers raise it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def refusal(status: int, message: str, *, field_name: str = "", code: str = "") -> Refusal:
    body: Row = {"message": message, "documentation_url": _DOCUMENTATION}
    if field_name:
        detail = {"field": field_name, "code": code, "message": message}
        body["errors"] = [detail | {"documentation_url": _DOCUMENTATION}]
    return Refusal(Answer(encode(body), status))


def not_found() -> Refusal:
    return refusal(404, "Not found")


def forbidden() -> Refusal:
    return refusal(403, "You do not have permission to access this resource.")


def unauthorized() -> Refusal:
    return refusal(401, "Requires authentication.")


def too_many(*, retry_after: int | None) -> Refusal:
    """`retry_after` in seconds."""
    refused = refusal(429, "Too many requests.").answer
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Refusal(replace(refused, headers=headers))
