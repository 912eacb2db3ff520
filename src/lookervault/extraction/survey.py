"""What could be extracted, without extracting it: one cheap call for each type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lookervault.content.model import ContentType
from lookervault.errors import CallError, RefusedError
from lookervault.extraction.retry import Client
from lookervault.extraction.visibility import caller, version


def survey(client: Client, types: Sequence[ContentType]) -> dict[str, Any]:
    """Raises `LookerVaultError` where the login is refused or nobody answers."""
    looker = version(client)
    who = caller(client)
    answers = [
        {"type": t.name, "status": _ask(client, t), "permission": t.permission} for t in types
    ]
    return {
        "instance": looker.web_url,
        "looker_version": looker.release,
        "user": who.name,
        "roles": list(who.roles),
        "sees_all": who.sees_all,
        "types": answers,
        "complete": who.sees_all and all(one["status"] == "ok" for one in answers),
    }


def _ask(client: Client, content_type: ContentType) -> str:
    """`ok`, or the reason why its listing was refused. Types found inside others are not asked."""
    operation = content_type.source.operations[0]
    if "{" in operation.path or content_type.after:
        return "ok"
    try:
        client.get(operation, params={"limit": "1", "fields": content_type.key or "id"})
    except RefusedError:
        return "ok"  # the question was not understood, and the user may ask
    except CallError as error:
        return error.reason
    return "ok"
