"""What `check` tells of a store. Nothing is written to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lookervault.config.stores import StoreSettings


def rows(place: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is set, each with its source."""
    from lookervault.config import stores
    from lookervault.config.values import without_password

    variables = {
        "store": stores.STORE,
        "recipient": stores.RECIPIENTS,
        "index_key": stores.INDEX_KEY,
        "identity": stores.IDENTITY,
    }
    found = []
    for name, variable in variables.items():
        flag = place[name]
        value = " ".join(flag) if isinstance(flag, list) else flag or os.environ.get(variable)
        source = f"flag --{name.replace('_', '-')}" if flag else f"environment {variable}"
        if value:
            found.append({"name": name, "value": without_password(str(value)), "source": source})
    return found


def check_url(url: str) -> None:
    """Raises `UsageError`. Calls nobody."""
    from lookervault.snapshot.targets import parsed

    parsed(url)


def ask(settings: StoreSettings) -> dict[str, Any]:
    """The store is reached, its keys are opened, and its snapshots are listed; raises as a push
    would there.
    """
    from lookervault.cli.stores import Opened

    there = Opened(settings, make=True)
    is_new = there.keys.unmade is not None
    ids = [] if is_new else [*there.catalog.ids()]
    return {
        "url": there.store.url,
        "is_new": is_new,
        "recipients": [*there.keys.recipients],
        "reads_content": there.keys.reads_content,
        "snapshots": len(ids),
        "newest": ids[0] if ids else None,
    }


def told(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """For people."""
    there = f"{found['snapshots']:,}, the newest {found['newest']}"
    if found["is_new"]:
        there = "none: the first push makes the store"
    elif found["newest"] is None:
        there = "none"
    to = ", ".join(found["recipients"])
    can = "content can be read with the identity" if found["reads_content"] else "not read here"
    sealed = f"encrypted to {to}; {can}" if to else "not encrypted"
    return [("store", found["url"]), ("snapshots", there), ("content", sealed)]
