"""`lookervault snapshot verify` and `lookervault snapshot rehearse`."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookervault.cli.options import (
    DebugOption,
    Flags,
    InstanceOption,
    JsonOption,
    LogFormatOption,
    QuietOption,
    VaultOption,
    WhichArgument,
    storing,
)

if TYPE_CHECKING:
    from lookervault.cli.stores import Opened
    from lookervault.snapshot.verify import Known

_HASH = re.compile(r"[0-9a-f]{64}")
_PERCENT = 100


@storing
def verify(
    which: Annotated[
        str, typer.Argument(metavar="[ID|all]", help="A snapshot, or all.", show_default=False)
    ] = "all",
    read_data: Annotated[
        bool, typer.Option("--read-data", help="Read every pack, and every body in it.")
    ] = False,
    sample: Annotated[
        str | None,
        typer.Option(
            "--sample",
            help="Read only this share of the packs, by chance: 5%.",
            metavar="PERCENT",
            show_default=False,
        ),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Write again what the vault still has.")
    ] = False,
    known: Annotated[
        list[str] | None,
        typer.Option(
            "--known",
            help="A certificate that was in the store, as a hash or an exported file.",
            metavar="HASH|FILE",
            show_default=False,
        ),
    ] = None,
    instance: InstanceOption = None,
    vault: VaultOption = None,
    *,
    place: Flags,
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Look whether all that snapshots are made of is there, and name what damage hits.

    Everything but packs is read; packs only with --read-data or --sample. It ends with 5 where
    something is damaged or gone, also where a snapshot that was pushed from the vault is.

    \b
    Examples:
      lookervault snapshot verify
      lookervault snapshot verify --read-data --identity key.txt
      lookervault snapshot verify latest --sample 5%
      lookervault snapshot verify --repair --vault lookervault.db
    """
    from lookervault.cli import snapshot_checks as telling
    from lookervault.cli import verification
    from lookervault.cli.output import print_json
    from lookervault.cli.stores import find, opened
    from lookervault.cli.vaults import existing
    from lookervault.errors import UsageError
    from lookervault.snapshot.repair import repair as mend
    from lookervault.snapshot.verify import verify as look

    share = _share(sample, read_data=read_data)
    if which == "all" and instance is not None:
        raise UsageError(
            "--instance chooses the newest snapshot of a Looker, and all snapshots are looked at.",
            hint="Leave it out, or name `latest` or a time.",
        )
    path = existing(vault) if repair or vault is not None else None
    there = opened(place)
    ids = None if which == "all" else [find(there.catalog, which, instance)[0]]
    certificates = _known(known or [], there, path, every=ids is None)
    with verification.choose(quiet=quiet or json) as watch:
        report = look(
            there.catalog,
            there.keys,
            ids,
            share=share,
            rng=random.SystemRandom(),
            known=certificates,
            watch=watch,
        )
    if repair and path is not None and report.findings:
        mend(there.catalog, there.keys, report, path)
    found = telling.report_as_json(report) | there.traffic()
    if json:
        print_json(found)
    else:
        telling.print_report(there.store.url, found, read=bool(share), repair=repair)
    return telling.EXIT_CODES[report.status]


def _share(sample: str | None, *, read_data: bool) -> float:
    from lookervault.errors import UsageError

    if sample is None:
        return float(read_data)
    if read_data:
        raise UsageError(
            "--read-data and --sample exclude each other.",
            hint="The first reads all packs, the second some of them.",
        )
    try:
        percent = float(sample.strip().removesuffix("%"))
    except ValueError:
        percent = 0
    if not 0 < percent <= _PERCENT:
        raise UsageError(
            f"--sample {sample} is no share of the packs.", hint="Write it like 5%, up to 100%."
        )
    return percent / _PERCENT


def _known(given: list[str], there: Opened, vault: Path | None, *, every: bool) -> list[Known]:
    """With what was noted beside the vault, where there is one."""
    from lookervault.cli import certificates
    from lookervault.config.settings import vault_path
    from lookervault.errors import UsageError
    from lookervault.snapshot import note
    from lookervault.snapshot.verify import Known

    if given and not every:
        raise UsageError(
            "--known goes with all snapshots: any of them may hold the certificate.",
            hint="Leave out the id.",
        )
    found = [
        Known(one, one) if _HASH.fullmatch(one) else Known(certificates.read(Path(one)).hash, one)
        for one in given
    ]
    path = vault or vault_path({}, os.environ)[0]
    noted = note.read(path, there.store.url) if every else None
    return found + ([Known(noted.certificate, noted.id)] if noted else [])


@storing
def rehearse(
    which: WhichArgument = "latest",
    instance: InstanceOption = None,
    items: Annotated[
        int, typer.Option("--items", help="Items that are read, by chance.", metavar="N", min=0)
    ] = 20,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            "--public-key",
            help="Who must have signed it: ed25519:… or a file with that. May be repeated.",
            metavar="KEY",
            show_default=False,
        ),
    ] = None,
    *,
    place: Flags,
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Restore a snapshot for practice, and remove it again: each byte is looked at.

    It ends with 5 where the snapshot does not come back as it was, with 1 where another key has
    signed it, or it cannot be fetched.

    \b
    Examples:
      lookervault snapshot rehearse --identity key.txt
      lookervault snapshot rehearse latest --items 100 --key public.key --json
    """
    import tempfile

    from lookervault.cli import snapshot_checks as telling
    from lookervault.cli import verification
    from lookervault.cli.output import print_json
    from lookervault.cli.stores import find, opened
    from lookervault.cli.temporary import PREFIX, room_for_a_while
    from lookervault.proof.certificate import check_signatures
    from lookervault.proof.keys import public_key
    from lookervault.snapshot.rehearse import Finding
    from lookervault.snapshot.rehearse import rehearse as practise
    from lookervault.storage.repository import Repository

    trusted = [public_key(given) for given in key or []]
    there = opened(place)
    id, manifest = find(there.catalog, which, instance)
    with (
        tempfile.TemporaryDirectory(prefix=PREFIX) as folder,
        verification.choose(quiet=quiet or json) as watch,
        room_for_a_while(),
    ):
        vault = Path(folder) / "rehearsed.db"
        done = practise(
            id,
            manifest,
            vault,
            there.store,
            there.keys,
            items=items,
            rng=random.SystemRandom(),
            watch=watch,
        )
        if vault.exists():
            with Repository.open(vault, write=False) as repository:
                for one in check_signatures(repository, trusted):
                    done.findings.append(Finding(one.kind, one.detail, run=one.run))
    found = telling.rehearsal_as_json(id, manifest, done) | there.traffic()
    if json:
        print_json(found)
    else:
        telling.print_rehearsal(found)
    return telling.EXIT_CODES[found["status"]]
