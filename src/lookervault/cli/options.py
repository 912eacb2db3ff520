"""Options that several commands have."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from lookervault.cli import said

_AGO = re.compile(r"-\d+[hdwmyHDWMY]")


class TimesCommand(TyperCommand):
    """Its arguments may be times: `-7d` is one, and no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [a[1:] if _AGO.fullmatch(a) else a for a in args])


def complete_type(incomplete: str) -> list[tuple[str, str]]:
    """Content types for the shell's completion."""
    from lookervault.content.registry import TYPES

    return [(t.name, t.holds) for t in TYPES.values() if t.name.startswith(incomplete)]


VaultOption = Annotated[
    Path | None,
    typer.Option(
        "--vault",
        help="The vault's file. Environment: LOOKERVAULT_VAULT. Default: lookervault.db.",
        show_default=False,
        metavar="FILE",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
LogFormatOption = Annotated[
    str | None,
    typer.Option(
        said.FLAG,
        help=f"What is said on stderr: for people, or as JSON. Environment: {said.VARIABLE}.",
        metavar="text|json",
        show_default=False,
    ),
]
"""For the help: `said.choose` has read it by the time that a command begins."""
MetricsOption = Annotated[
    Path | None,
    typer.Option(
        "--metrics",
        help="Write figures for Prometheus to this file, however it ends.",
        metavar="FILE",
        show_default=False,
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
TypeArgument = Annotated[
    str,
    typer.Argument(
        metavar="TYPE",
        autocompletion=complete_type,
        help="A content type, such as dashboards. `lookervault types` lists them.",
    ),
]
WhichArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="An id, its beginning, `latest`, or a time: 2026-11-01, -7d."
    ),
]
"""A snapshot."""
InstanceOption = Annotated[
    str | None,
    typer.Option(
        "--instance",
        help="Of which Looker, where a store has snapshots of several: company.looker.com.",
        metavar="HOST",
        show_default=False,
    ),
]
RunOption = Annotated[
    int | None, typer.Option("--run", help="As of this run.", metavar="N", show_default=False)
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="As of this time: 2026-11-01, yesterday, -7d.",
        metavar="WHEN",
        show_default=False,
    ),
]
AllowHttpOption = Annotated[
    bool | None,
    typer.Option(
        "--allow-http",
        help="Permit a base URL without encryption: the secret then travels in the clear.",
        show_default=False,
    ),
]
CaFileOption = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        help="Certificates of a private authority. Environment: REQUESTS_CA_BUNDLE, SSL_CERT_FILE.",
        show_default=False,
        metavar="FILE",
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        help="Where Looker is. Environment: LOOKERSDK_BASE_URL; looker.ini: base_url.",
        show_default=False,
        metavar="URL",
    ),
]
ClientSecretFileOption = Annotated[
    Path | None,
    typer.Option(
        "--client-secret-file",
        help="A file with the client secret. Environment: LOOKERVAULT_CLIENT_SECRET_FILE.",
        show_default=False,
        metavar="FILE",
    ),
]
ClientSecretCommandOption = Annotated[
    str | None,
    typer.Option(
        "--client-secret-command",
        help="A program that prints the client secret, with its arguments."
        " Environment: LOOKERVAULT_CLIENT_SECRET_COMMAND.",
        show_default=False,
        metavar="CMD",
    ),
]

CONNECTION = {
    "vault": VaultOption,
    "base_url": BaseUrlOption,
    "allow_http": AllowHttpOption,
    "ca_file": CaFileOption,
    "client_secret_file": ClientSecretFileOption,
    "client_secret_command": ClientSecretCommandOption,
}
"""What each command that talks to Looker takes, by the names of `Settings`."""
type Flags = Mapping[str, Any]
"""What the command line gave of them, None where nothing."""


STORE = {
    "store": Annotated[
        str | None,
        typer.Option(
            "--store",
            help="Where snapshots are: s3://, gs://, az:// or file://. Environment:"
            " LOOKERVAULT_STORE.",
            show_default=False,
            metavar="URL",
        ),
    ],
    "recipient": Annotated[
        list[str] | None,
        typer.Option(
            "--recipient",
            help="To whom a new store is encrypted: age1…. Environment: LOOKERVAULT_RECIPIENTS.",
            show_default=False,
            metavar="AGE_KEY",
        ),
    ],
    "identity": Annotated[
        Path | None,
        typer.Option(
            "--identity",
            help="The age identity that reads content. Environment: LOOKERVAULT_IDENTITY.",
            show_default=False,
            metavar="FILE",
        ),
    ],
    "index_key": Annotated[
        Path | None,
        typer.Option(
            "--index-key",
            help="The key of all but content. Environment: LOOKERVAULT_INDEX_KEY.",
            show_default=False,
            metavar="FILE",
        ),
    ],
    "no_encryption": Annotated[
        bool | None,
        typer.Option("--no-encryption", help="Do not encrypt a new store.", show_default=False),
    ],
}
"""What each command takes that works on a store, by the names of `StoreSettings`."""


def connecting(command: Callable[..., int]) -> Callable[..., int]:
    """The command with the options of `CONNECTION` in place of its parameter `flags`."""
    return _with(CONNECTION, "flags", command)


READING = {"vault": VaultOption} | {
    name: STORE[name] for name in ("store", "identity", "index_key")
}
READING |= {"instance": InstanceOption}
"""What each command takes that reads a vault, or the newest snapshot of a store."""


def reading[T](command: Callable[..., T]) -> Callable[..., T]:
    """The command with the options of `READING` in place of its parameter `source`."""
    return _with(READING, "source", command)


def _keep(name: str, what: str) -> Any:
    option = typer.Option(f"--keep-{name}", help=what, metavar="N", min=1, show_default=False)
    return Annotated[int | None, option]


RETENTION = {
    "last": _keep("last", "Keep the newest N runs."),
    "daily": _keep("daily", "One for each of N days with runs."),
    "weekly": _keep("weekly", "One for each of N weeks."),
    "monthly": _keep("monthly", "One for each of N months."),
    "yearly": _keep("yearly", "One for each of N years."),
    "within": Annotated[
        str | None,
        typer.Option(
            "--keep-within",
            help="Keep all within this time before the newest run: 30d, 2m, 1y6m.",
            metavar="DURATION",
            show_default=False,
        ),
    ],
}
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Only show what would be done.")
]


def retaining[T](command: Callable[..., T]) -> Callable[..., T]:
    """The command with the options of `RETENTION` in place of its parameter `keep`."""
    return _with(RETENTION, "keep", command)


def storing[T](command: Callable[..., T]) -> Callable[..., T]:
    """The command with the options of `STORE` in place of its parameter `place`."""
    return _with(STORE, "place", command)


def _with[T](
    options: Mapping[str, Any], parameter: str, command: Callable[..., T]
) -> Callable[..., T]:
    @functools.wraps(command)
    def with_options(**given: Any) -> T:
        flags = {name: given.pop(name) for name in options}
        return command(**given, **{parameter: flags})

    own = inspect.signature(command, eval_str=True)
    taken = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in options.items()
    ]
    shown = [
        each
        for one in own.parameters.values()
        for each in (taken if one.name == parameter else [one])
    ]
    with_options.__signature__ = own.replace(parameters=shown)  # type: ignore[attr-defined]  # PEP 362
    return with_options
