"""`lookervault stats`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lookervault.cli.changes import TypesOption
from lookervault.cli.options import (
    AtOption,
    DebugOption,
    Flags,
    JsonOption,
    LogFormatOption,
    RunOption,
    reading,
)

if TYPE_CHECKING:
    from lookervault.cli.statistics import Asked
    from lookervault.storage.repository import Repository


class Section(StrEnum):
    GROWTH = "growth"
    CHANGED = "changed"
    UNUSED = "unused"
    OWNERS = "owners"
    SCHEDULES = "schedules"
    BROKEN = "broken"


class By(StrEnum):
    RUN = "run"
    WEEK = "week"


@reading
def stats(
    section: Annotated[
        Section | None,
        typer.Argument(
            metavar="[SECTION]",
            help="growth, changed, unused, owners, schedules or broken. Default: a little of each.",
            show_default=False,
        ),
    ] = None,
    unused_for: Annotated[
        str,
        typer.Option("--unused-for", help="How long nobody may have looked at it.", metavar="SPAN"),
    ] = "90d",
    types: TypesOption = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Of growth and changed: not before this time: 2026-11-01, yesterday, -7d.",
            metavar="WHEN",
            show_default=False,
        ),
    ] = None,
    by: Annotated[By, typer.Option("--by", help="Of growth: a line for each.")] = By.RUN,
    run: RunOption = None,
    at: AtOption = None,
    *,
    source: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Show how the content grows, what nobody uses, what is left behind and what is broken.

    \b
    growth     items and bytes, new, changed and deleted ones
    changed    what changed most often
    unused     dashboards and looks that nobody has looked at for long
    owners     what belongs to users who are disabled or deleted
    schedules  schedules of such users
    broken     references to what is deleted, or in the trash

    When something was last viewed is known of the newest listing only: `unused` has no earlier
    state. With --json all is told, without a section of all sections.

    \b
    Examples:
      lookervault stats
      lookervault stats growth --by week
      lookervault stats unused --unused-for 180d
      lookervault stats owners --json
      lookervault stats broken --at yesterday
    """
    from lookervault.cli.output import print_json
    from lookervault.cli.statistics import print_overview, print_section, told
    from lookervault.cli.vaults import open_source

    with open_source(source) as repository:
        asked = _asked(repository, section, unused_for, types, since, by, run, at)
        rows = told(repository, asked)
    if json:
        print_json({name: [row.json for row in found] for name, found in rows.items()})
    elif section is None:
        print_overview(rows, asked)
    else:
        print_section(section.value, rows[section.value], asked)


def _asked(
    repository: Repository,
    section: Section | None,
    unused_for: str,
    types: list[str] | None,
    since: str | None,
    by: By,
    run: int | None,
    at: str | None,
) -> Asked:
    from lookervault.cli.changes import type_names
    from lookervault.cli.statistics import Asked
    from lookervault.cli.vaults import run_of
    from lookervault.errors import UsageError
    from lookervault.storage.retention import span

    if section is Section.UNUSED and (run is not None or at is not None):
        raise UsageError(
            "When something was last viewed is kept as the newest listing told it.",
            hint="Leave --run and --at out.",
        )
    span(unused_for)  # raises where it is none
    return Asked(
        sections=[one.value for one in ([section] if section else Section)],
        as_of=run_of(repository, run, at),
        unused_for=unused_for,
        types=type_names(types),
        since=_first_run(repository, since),
        weekly=by is By.WEEK,
    )


def _first_run(repository: Repository, since: str | None) -> int:
    from datetime import UTC, datetime

    from lookervault.history.moments import beginning

    if since is None:
        return 0
    from_ = beginning(since, datetime.now(UTC)).timestamp()
    runs = [row.run for row in repository.runs() if (row.finished or row.started) >= from_]
    return runs[0] if runs else 2**62
