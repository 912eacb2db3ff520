"""`lookervault certificate show RUN` and `lookervault certificate check RUN|FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lookervault.cli.options import DebugOption, JsonOption, LogFormatOption, VaultOption

app = typer.Typer(no_args_is_help=True)


@app.callback()
def certificate() -> None:
    """What each run says of itself: shown, handed on, and checked.

    \b
    Examples:
      lookervault certificate show 1
      lookervault certificate check 1
    """


@app.command("show")
def show(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The run's number.")],
    export: Annotated[
        Path | None,
        typer.Option("--export", help="Write it to a file that can be handed on.", metavar="FILE"),
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Show the certificate of a run, or write it to a file.

    \b
    Examples:
      lookervault certificate show 1
      lookervault certificate show 1 --json
      lookervault certificate show 1 --export run-1.certificate
    """
    from lookervault.cli import certificates
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import check_run, open_vault

    with open_vault(vault) as repository:
        check_run(repository, run, or_forgotten=True)
        found = certificates.of_run(repository, run)
    if export is not None:
        certificates.export(found, export)
    if json:
        print_json(certificates.as_json(found))
    elif export is None:
        certificates.print_certificate(found)
    else:
        print(f"{found.hash}  {export}")


@app.command("check")
def check(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RUN|FILE", help="A run's number, or a file that `show --export` wrote."
        ),
    ],
    public_key: Annotated[
        list[str] | None,
        typer.Option(
            "--public-key",
            help="Who must have signed it: ed25519:… or a file with that. May be repeated.",
            metavar="KEY",
            show_default=False,
        ),
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Check a certificate: hash, signature, the chain to the first one, and the vault's content.

    A file is checked without a vault where there is none. It ends with 5 where the vault
    contradicts the certificate, with 1 where the certificate does not prove what it should.

    \b
    Examples:
      lookervault certificate check 1
      lookervault certificate check 1 --json
    """
    from lookervault.cli import certificates
    from lookervault.cli.output import print_json
    from lookervault.proof.keys import public_key as read_key

    trusted = [read_key(given) for given in public_key or []]
    found = certificates.check(what, vault, trusted)
    if json:
        print_json(certificates.verdict_as_json(found))
    else:
        certificates.print_verdict(found)
    return certificates.exit_code(found)
