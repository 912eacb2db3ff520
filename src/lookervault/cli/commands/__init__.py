"""The commands, one module each; this is their only list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

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

_EXIT_CODES = """\b
Exit codes:
  0    complete
  1    failed
  2    wrong usage or configuration
  3    finished, but incomplete
  4    login or permission
  5    vault damaged
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
  LOOKERVAULT_LOG_FORMAT   json: stderr for programs
  NO_COLOR                 set: no colours
  CI                       set: plain progress"""


def _print_version(asked: bool) -> None:
    if asked:
        print(f"lookervault {__version__}")
        raise typer.Exit


def app() -> typer.Typer:
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

    root.command("extract")(extract.extract)
    root.command("list")(list_.list_items)
    root.command("show")(show.show)
    root.command("log")(log.log)
    root.command("diff", cls=diff.DiffCommand)(diff.diff)
    root.command("export")(export.export)
    root.command("import")(import_.import_tree)
    root.command("stats")(stats.stats)
    root.command("search")(search.search)
    root.command("uses")(uses.uses)
    root.command("status")(status.status)
    root.command("types")(types.types)
    root.command("check")(check.check)
    root.command("verify")(verify.verify)
    root.command("salvage")(salvage.salvage)
    root.command("forget")(forget.forget)
    root.command("gc")(gc.gc)
    root.add_typer(runs.app, name="runs")
    root.add_typer(certificate.app, name="certificate")
    root.add_typer(key.app, name="key")
    root.add_typer(snapshot.app, name="snapshot")
    root.add_typer(demo.app, name="demo")
    return root


def build() -> Callable[..., Any]:
    return typer.main.get_command(app())
