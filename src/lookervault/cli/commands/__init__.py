"""The commands, one module each; this is their only list."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import typer
from typer.core import TyperCommand

from lookervault import __version__
from lookervault.cli.commands import (
    certificate,
    check,
    demo,
    diff,
    export,
    extract,
    forget,
    gc,
    import_,
    key,
    list_,
    log,
    runs,
    salvage,
    search,
    show,
    snapshot,
    stats,
    status,
    types,
    uses,
    verify,
)
from lookervault.cli.options import TimesCommand

_EXIT_CODES = """\b
Exit codes:
  0    complete
  1    failed
  2    wrong usage or configuration
  3    finished, but incomplete
  4    login or permission
  5    vault or store damaged
  130  interrupted"""

_ENVIRONMENT = """\b
Environment (flags come first):
  LOOKERSDK_BASE_URL       where Looker is
  LOOKERSDK_CLIENT_ID      the API key
  LOOKERSDK_CLIENT_SECRET  the API key's secret
  LOOKERVAULT_CLIENT_SECRET_FILE
                           a file that holds it
  LOOKERVAULT_CLIENT_SECRET_COMMAND
                           what prints it
  LOOKERSDK_VERIFY_SSL     false: trust anyone
  LOOKERSDK_TIMEOUT        seconds to wait
  REQUESTS_CA_BUNDLE, SSL_CERT_FILE
                           a private authority
  HTTPS_PROXY, NO_PROXY    how to get there
  LOOKERVAULT_VAULT        the vault's file
  LOOKERVAULT_MONTHLY_CALLS
                           calls of a month
  LOOKERVAULT_SIGNING_KEY  signs certificates
  LOOKERVAULT_STORE        where snapshots are
  LOOKERVAULT_RECIPIENTS, LOOKERVAULT_IDENTITY,
  LOOKERVAULT_INDEX_KEY    their keys
  LOOKERVAULT_HEARTBEAT    told how runs end
  LOOKERVAULT_LOG_FORMAT   json: for programs
  NO_COLOR                 set: no colours
  CI                       set: plain progress"""


_COMMANDS: dict[str, tuple[Callable[..., int | None], type[TyperCommand]]] = {
    "extract": (extract.extract, TyperCommand),
    "list": (list_.list_items, TyperCommand),
    "show": (show.show, TyperCommand),
    "log": (log.log, TyperCommand),
    "diff": (diff.diff, TimesCommand),
    "export": (export.export, TyperCommand),
    "import": (import_.import_tree, TyperCommand),
    "stats": (stats.stats, TyperCommand),
    "search": (search.search, TyperCommand),
    "uses": (uses.uses, TyperCommand),
    "status": (status.status, TyperCommand),
    "types": (types.types, TyperCommand),
    "check": (check.check, TyperCommand),
    "verify": (verify.verify, TyperCommand),
    "salvage": (salvage.salvage, TyperCommand),
    "forget": (forget.forget, TyperCommand),
    "gc": (gc.gc, TyperCommand),
}
_GROUPS = {
    "runs": runs.app,
    "certificate": certificate.app,
    "key": key.app,
    "snapshot": snapshot.app,
    "demo": demo.app,
}


def _print_version(asked: bool) -> None:
    if asked:
        print(f"lookervault {__version__}")
        raise typer.Exit


def app(names: Collection[str]) -> typer.Typer:
    root = typer.Typer(
        name="lookervault",
        help="A backup of a whole Looker instance: exact, and complete or it says what is missing."
        f"\n\n{_EXIT_CODES}\n\n{_ENVIRONMENT}",
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @root.callback()
    def _root(
        version: bool = typer.Option(
            False, "--version", help="Show the version.", callback=_print_version, is_eager=True
        ),
    ) -> None:
        pass

    for name, (command, kind) in _COMMANDS.items():
        if name in names:
            root.command(name, cls=kind)(command)
    for name, group in _GROUPS.items():
        if name in names:
            root.add_typer(group, name=name)
    return root


def build(asked: str | None = None) -> Callable[..., Any]:
    """With the name of a command, that one alone: all of them take longer than most run."""
    names = _COMMANDS.keys() | _GROUPS.keys()
    return typer.main.get_command(app({asked} if asked in names else names))
