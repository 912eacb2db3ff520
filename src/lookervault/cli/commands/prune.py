"""`lookervault snapshot prune`."""

from __future__ import annotations

from typing import Annotated

import typer

from lookervault.cli.options import (
    DebugOption,
    DryRunOption,
    Flags,
    JsonOption,
    LogFormatOption,
    retaining,
    storing,
)


@storing
@retaining
def prune(
    *,
    keep: Flags,
    grace: Annotated[
        str,
        typer.Option(
            "--grace",
            help="How long something is marked before it is deleted. 0h deletes at once: only while"
            " nobody else uses the store.",
            metavar="DURATION",
        ),
    ] = "24h",
    lost: Annotated[
        list[str] | None,
        typer.Option(
            "--lost",
            help="Go on although something of this snapshot is lost for good. Repeatable.",
            metavar="ID",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRunOption = False,
    place: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Remove snapshots that are not to be kept, and the history that only they needed.

    Of each vault in the store, runs are chosen as `forget` chooses them. One snapshot of each run
    that is kept stays, the newest complete one; of a run that was pushed several times, the others
    go, too. The newest snapshot and the newest complete one always stay. What no snapshot needs is
    marked, and deleted by a prune a day later: nobody who is at work is disturbed.

    It stops where something is lost that a snapshot needs, until `snapshot verify --repair` has
    mended it, or --lost says that it is lost for good: what cannot be read at all is removed then.

    \b
    Examples:
      lookervault snapshot prune --keep-daily 14 --keep-monthly 12 --dry-run
      lookervault snapshot prune --keep-last 30 --identity key.txt
      lookervault snapshot prune --keep-within 90d --json
    """
    from lookervault.cli import failures, forgetting, pruning
    from lookervault.cli.output import print_json
    from lookervault.cli.stores import opened
    from lookervault.errors import Exit
    from lookervault.storage import retention

    policy = forgetting.policy(**keep)
    span = retention.span(grace)
    if span == retention.Span() and not dry_run:
        failures.warn(
            "Without a grace, what a push that is under way relies on may be deleted: make sure"
            " that nobody else uses the store."
        )
    there = opened(place)
    found, done = pruning.prune(there, policy, span, dry_run=dry_run, lost=lost or ())
    if json:
        print_json(found)
    else:
        pruning.print_pruned(found, grace)
    if done.error is None:
        return Exit.COMPLETE
    failures.warn(f"Not all of it could be deleted. {done.error.message} {done.error.hint}")
    return done.error.exit_code
