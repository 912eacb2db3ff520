"""`lookervault check`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli.options import (
    DebugOption,
    Flags,
    JsonOption,
    LogFormatOption,
    connecting,
    storing,
)

if TYPE_CHECKING:
    from lookervault.config.settings import Settings

_WIDE = 100
"""Columns from which a table has room for a value and where it came from."""


@connecting
@storing
def check(
    offline: Annotated[
        bool, typer.Option("--offline", help="Only show the settings; call nobody.")
    ] = False,
    *,
    flags: Flags,
    place: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Show the settings and where each came from; log in; see what could be extracted.

    With a store, it is reached, its keys are tried, and its snapshots are counted.

    \b
    Examples:
      lookervault check
      lookervault check --offline
      lookervault check --json
    """
    from lookervault.cli import extraction, store_check
    from lookervault.cli.output import print_json, print_pairs
    from lookervault.config.settings import load
    from lookervault.config.stores import store_settings
    from lookervault.errors import Exit

    settings, store = load(flags, os.environ), store_settings(place, os.environ)
    if store is not None:
        store_check.check_url(store.url)
    extraction.warn_about(settings)
    rows = [*_settings(settings), *store_check.rows(place)]
    found: dict[str, Any] = {"settings": rows, "versions": _versions()}
    if not json:
        _print_settings(found)
    if store is not None and not offline:
        found |= {"store": store_check.ask(store)}
        if not json:
            print()
            print_pairs(store_check.told(found["store"]))
    if not offline:
        found |= _ask(settings)
        if not json:
            _print_looker(found)
    if json:
        print_json(found)
    return Exit.INCOMPLETE if found.get("complete") is False else Exit.COMPLETE


def _settings(settings: Settings) -> list[dict[str, str]]:
    return [
        {"name": name, "value": value, "source": source} for name, value, source in settings.rows()
    ]


def _versions() -> dict[str, str]:
    import platform

    from lookervault import __version__
    from lookervault.storage.repository import sqlite_version

    return {
        "lookervault": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite_version(),
    }


def _ask(settings: Settings) -> dict[str, Any]:
    """Raises `LookerVaultError` where Looker cannot be reached or refuses the login."""
    from lookervault.cli.budget import counted
    from lookervault.content.registry import TYPES
    from lookervault.extraction.survey import survey
    from lookervault.looker.client import Looker

    with counted(settings.vault) as before:
        client = Looker(settings, pool_size=1, before=before)
        try:
            return survey(client, [t for t in TYPES.values() if t.default], settings.base_url)
        finally:
            client.close()


def _print_settings(found: dict[str, Any]) -> None:
    from lookervault.cli.output import print_pairs, print_table
    from lookervault.cli.terminal import width

    rows = [(row["name"], row["value"], row["source"]) for row in found["settings"]]
    if (width() or _WIDE) >= _WIDE:
        print_table(("setting", "value", "from"), rows, keep=("setting", "value"))
    else:
        print_pairs([(name, f"{value} (from: {source})") for name, value, source in rows])
    print()
    print_pairs([(f"{name} version", value) for name, value in found["versions"].items()])


def _print_looker(found: dict[str, Any]) -> None:
    from lookervault.cli.output import print_pairs, print_table, print_text
    from lookervault.extraction.survey import NOT_CHECKED, OK

    print()
    seen = "everything" if found["sees_all"] else "not everything: a run would be partial"
    print_pairs(
        [
            ("Looker", f"{found['instance']}, release {found['looker_version'] or 'unknown'}"),
            ("API user", f"{found['user']} (roles: {', '.join(found['roles']) or 'none'})"),
            ("sees", seen),
        ]
    )
    for note in found["notes"]:
        print_text(note)
    unchecked = [t["type"] for t in found["types"] if t["status"] == NOT_CHECKED]
    refused = [t for t in found["types"] if t["status"] not in (OK, NOT_CHECKED)]
    print(f"\n{len(found['types']) - len(refused) - len(unchecked)} types can be read.")
    if refused:
        print("Of these, something or all would be missing:")
        rows = [(t["type"], t["status"], t["permission"]) for t in refused]
        print_table(("type", "answer", "the API user needs"), rows, keep=("type",))
    if unchecked:
        print_text(
            f"Not checked: {', '.join(unchecked)}. They are asked for by ids that others name, and"
            " the first ones looked at name none. A run tells."
        )
    print(f"Asking took {found['calls']} calls.")
