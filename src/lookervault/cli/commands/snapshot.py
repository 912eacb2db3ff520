"""`lookervault snapshot`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli.commands import snapshot_checks
from lookervault.cli.commands.prune import prune
from lookervault.cli.commands.rekey import index_key, rekey
from lookervault.cli.options import (
    DebugOption,
    Flags,
    InstanceOption,
    JsonOption,
    LogFormatOption,
    TimesCommand,
    VaultOption,
    WhichArgument,
    storing,
)

if TYPE_CHECKING:
    from pathlib import Path

    from lookervault.errors import Exit

app = typer.Typer(no_args_is_help=True)
_COLUMNS = ("id", "run", "created", "status", "items", "stored_bytes")
_SPARE = ("created", "stored_bytes", "items", "status", "run", "instance")
"""Columns that a narrow terminal does without; an id tells when, too."""


@app.callback()
def snapshot(context: typer.Context) -> None:
    """Copies of the vault in S3, GCS, Azure or a folder: encrypted, each whole or not there.

    \b
    Examples:
      lookervault snapshot push --store s3://company-looker/vault
      lookervault snapshot list
      lookervault snapshot pull latest --vault restored.db
      lookervault snapshot verify
    """
    from lookervault.cli.stopping import like_ctrl_c

    context.with_resource(like_ctrl_c())


@app.command("push")
@storing
def push(
    run: Annotated[
        int | None,
        typer.Argument(
            metavar="[RUN]", help="Of which run; the newest, without.", show_default=False
        ),
    ] = None,
    vault: VaultOption = None,
    *,
    place: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Send what is new in the vault, and make a snapshot of it.

    \b
    Examples:
      lookervault snapshot push --store file:///backup --no-encryption
      lookervault snapshot push --store s3://company-looker --recipient age1… --index-key index.key
    """
    from lookervault.cli import stores
    from lookervault.cli.output import print_json
    from lookervault.cli.text import size
    from lookervault.cli.vaults import existing
    from lookervault.errors import Exit

    path = existing(vault)
    found = stores.push(stores.opened(place, make=True), path, run=run)
    if json:
        print_json(found)
    else:
        sent = size(found["uploaded_bytes"])
        print(f"{stores.named(found)} of run {found['run']}: {found['items']:,} items.")
        print(f"{sent} sent in {found['requests']:,} requests and {found['seconds']} s.")
    code = _told_of_run(found, path)
    return Exit.DAMAGED if found["passed_over"] else code


@app.command("list")
@storing
def list_snapshots(
    *,
    place: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """List the snapshots of a store, the newest first.

    One that cannot be read is listed as damaged, and the command ends with 5.

    \b
    Examples:
      lookervault snapshot list --store s3://company-looker --index-key index.key
      lookervault snapshot list --json
    """
    from lookervault.cli import failures
    from lookervault.cli.output import print_json
    from lookervault.cli.stores import opened, told_or_not
    from lookervault.errors import DamagedError, Exit

    catalog = opened(place).catalog
    found = [(id, one) for id, one in catalog.all_looked_at(catalog.ids()) if one is not None]
    rows = [told_or_not(id, one) for id, one in found]
    if json:
        print_json(rows)
    else:
        _print_list(rows)
    damaged = [one for _, one in found if isinstance(one, DamagedError)]
    for error in damaged:
        failures.warn(error.message, hint=error.hint)
    return Exit.DAMAGED if damaged else Exit.COMPLETE


def _print_list(rows: list[dict[str, Any]]) -> None:
    """Ids and instances are there to be copied: they are never cut."""
    from lookervault.cli.instances import host
    from lookervault.cli.output import print_table

    several = len({row["instance"] for row in rows if row["instance"]}) > 1
    columns = (*_COLUMNS, "instance") if several else _COLUMNS
    told = [row | {"instance": row["instance"] and host(row["instance"])} for row in rows]
    cells = [[row[column] for column in columns] for row in told]
    spare = [name for name in _SPARE if name in columns]
    print_table(columns, cells, keep=("id", "run", "instance"), spare=spare)


@app.command("show", cls=TimesCommand)
@storing
def show(
    which: WhichArgument = "latest",
    instance: InstanceOption = None,
    *,
    place: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Show what a snapshot is of, and what it is made of.

    \b
    Examples:
      lookervault snapshot show latest
      lookervault snapshot show yesterday --json
    """
    from lookervault.cli.output import print_json, print_pairs
    from lookervault.cli.stores import find, opened, told

    catalog = opened(place).catalog
    id, manifest = find(catalog, which, instance)
    found = told(id, manifest) | {
        "base_url": manifest.base_url,
        "runs": len(manifest.runs),
        "certificates": manifest.certificates,
        "certificate": manifest.certificate,
        "parent": manifest.parent,
        "gaps": manifest.gaps,
        "program_version": manifest.program_version,
        "pieces": len(manifest.row_pieces) + len(manifest.indexes),
    }
    if json:
        print_json(found)
    else:
        print_pairs(list((found | {"gaps": ", ".join(manifest.gaps) or None}).items()))


@app.command("pull", cls=TimesCommand)
@storing
def pull(
    which: WhichArgument = "latest",
    instance: InstanceOption = None,
    vault: VaultOption = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Go on without what is damaged, and name it.")
    ] = False,
    *,
    place: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Make a vault of a snapshot, with all its history. No vault is written over.

    Where content in the store is damaged, there is no vault; with --partial there is one of all
    that can be read. It names the items that are hit, and ends with 5.

    \b
    Examples:
      lookervault snapshot pull --vault restored.db --identity key.txt
      lookervault snapshot pull yesterday --vault friday.db
      lookervault snapshot pull --vault rest.db --partial
    """
    from lookervault.cli import failures
    from lookervault.cli import snapshot_checks as telling
    from lookervault.cli.extraction import check_place
    from lookervault.cli.output import print_json
    from lookervault.cli.stores import find, opened, told
    from lookervault.cli.text import size
    from lookervault.config.settings import vault_path
    from lookervault.errors import Exit
    from lookervault.snapshot.pull import kept_beside
    from lookervault.snapshot.pull import pull as fetch

    path, _ = vault_path({"vault": vault}, os.environ)
    check_place(path)
    there = opened(place)
    id, manifest = find(there.catalog, which, instance)
    kept = kept_beside(path)
    try:
        done = fetch(id, manifest, path, there.store, there.keys, kept=kept, partial=partial)
    finally:
        if kept.is_dir():
            failures.note(
                f"What was fetched is kept in {kept}: the same command goes on from it. Remove it"
                " if you do not."
            )
    found = told(id, manifest) | {"vault": str(path)} | there.traffic()
    findings = telling.findings_as_json(done.findings)
    if json:
        status = "damaged" if findings else found["status"]
        print_json(found | {"status": status, "findings": findings})
    else:
        whole = "what can be read of " if findings else ""
        print(f"{path} is {whole}snapshot {id} of run {manifest.run}: {manifest.items:,} items.")
        got = size(found["downloaded_bytes"])
        print(f"{got} fetched in {found['requests']:,} requests and {found['seconds']} s.")
        telling.print_findings(findings)
    code = _told_of_run(found, path)
    if not findings:
        return code
    _tell_of_missing(findings, path)
    return Exit.DAMAGED


def _tell_of_missing(findings: list[dict[str, Any]], vault: Path) -> None:
    import shlex

    from lookervault.cli import failures

    hit = {(item["type"], item["id"]) for one in findings for item in one["items"]}
    failures.warn(
        f"{len(hit):,} items are without a body in {vault}, in one version at least: no place in"
        " the store gives it back.",
        hint=f"`lookervault salvage {shlex.quote(str(vault))} NEW` makes a sound vault of the rest."
        " `lookervault snapshot verify --read-data --repair --vault FILE` mends the store from a"
        " vault that still has it; another pull then brings all.",
    )


def _told_of_run(found: Mapping[str, Any], vault: Path) -> Exit:
    """Says where the run of a snapshot is not complete. The snapshot itself is whole."""
    import shlex

    from lookervault.cli import failures
    from lookervault.errors import Exit

    if found["status"] == "complete":
        return Exit.COMPLETE
    run = found["run"]
    failures.note(
        f"Run {run} is {found['status']}: what it read is all there, and exact; what it did not is"
        f" missing. `lookervault runs show {run} --vault {shlex.quote(str(vault))}` says what and"
        " why.",
        run=run,
    )
    return Exit.INCOMPLETE


app.command("verify", cls=TimesCommand)(snapshot_checks.verify)
app.command("rehearse", cls=TimesCommand)(snapshot_checks.rehearse)
app.command("prune")(prune)
app.command("rekey")(rekey)
app.command("index-key")(index_key)
