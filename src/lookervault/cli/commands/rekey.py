"""`lookervault snapshot rekey`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from lookervault.cli.options import DebugOption, Flags, JsonOption, LogFormatOption, storing


@storing
def rekey(
    reencrypt: Annotated[
        bool,
        typer.Option("--reencrypt", help="A new content key, too, and all content with it."),
    ] = False,
    new_index_key: Annotated[
        Path | None,
        typer.Option(
            "--new-index-key",
            help="With --reencrypt: another index key, made in this file, which is not there yet.",
            show_default=False,
            metavar="FILE",
        ),
    ] = None,
    *,
    place: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Encrypt the keys of a store to the recipients given, and to nobody else.

    Whoever had an identity and kept a copy of the old keys still reads what there is, unless it is
    encrypted anew: --reencrypt fetches and sends all content, while nobody else writes.

    \b
    Examples:
      lookervault snapshot rekey --recipient age1… --recipient age1… --identity key.txt
      lookervault snapshot rekey --recipient age1… --identity key.txt --reencrypt
    """
    from lookervault.cli import failures, rekeying
    from lookervault.cli.output import print_json
    from lookervault.config.stores import needed
    from lookervault.errors import Exit

    settings = needed(place, os.environ)
    found, done = rekeying.rekey(settings, again=reencrypt, new_index_key=new_index_key)
    if json:
        print_json(found)
    else:
        rekeying.print_rekeyed(found)
    if done.error is None:
        return Exit.COMPLETE
    failures.warn(
        "The old key object could not be deleted, so old identities still open it."
        f" {done.error.message} {done.error.hint}"
    )
    return done.error.exit_code


@storing
def index_key(
    out: Annotated[
        Path, typer.Option("--out", help="Where the index key is written.", metavar="FILE")
    ] = Path("index.key"),
    *,
    place: Flags,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Write the index key of a store to a file, for a machine that is to push to it.

    Whoever has an identity has that key, too: it is in the store, encrypted to the recipients.

    \b
    Examples:
      lookervault snapshot index-key --identity key.txt --out again.key
    """
    from lookervault.cli import rekeying
    from lookervault.config.stores import needed

    rekeying.write_index_key(needed(place, os.environ), out)
    print(out)
