"""`lookervault verify`."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli.options import (
    DebugOption,
    Flags,
    JsonOption,
    LogFormatOption,
    MetricsOption,
    QuietOption,
    connecting,
)

if TYPE_CHECKING:
    from lookervault.cli.looker import LazyCalls
    from lookervault.cli.verification import Quiet
    from lookervault.content.model import Item
    from lookervault.proof.refetch import Refetch
    from lookervault.storage.findings import Report
    from lookervault.storage.repair import Repaired
    from lookervault.storage.runs import RunRow


@connecting
def verify(
    deep: Annotated[
        bool, typer.Option("--deep", help="Compute each content hash anew, too.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only the structure of the file and the runs' seals.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Mend what can be; the damaged file is kept beside it."),
    ] = False,
    against_looker: Annotated[
        bool,
        typer.Option("--against-looker", help="Fetch the items again and compare each field."),
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", help="With --against-looker: only so many items, by chance.", min=1
        ),
    ] = None,
    *,
    flags: Flags,
    metrics: MetricsOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Look at every byte of the vault and name what is not as it was written.

    \b
    Examples:
      lookervault verify
      lookervault verify --deep --json
      lookervault verify --quick
      lookervault verify --repair
      lookervault verify --against-looker --sample 20
    """
    from lookervault.cli import failures, verification
    from lookervault.cli.looker import LazyCalls
    from lookervault.cli.output import print_json
    from lookervault.cli.watching import Watch
    from lookervault.config.settings import load, vault_path

    _check(deep=deep, quick=quick, repair=repair, compare=against_looker, sample=sample)
    path, _ = vault_path(flags, os.environ)
    with Watch("verify", path, str(path), metrics=metrics) as monitors:
        settings = load(flags, os.environ) if repair or against_looker else None
        with verification.choose(quiet=quiet or json) as watch:
            report = _look(path, watch, deep=deep, quick=quick)
            found = verification.as_json(report)
            if settings is not None:
                with LazyCalls(settings, lambda: _owner(path)) as calls:
                    if repair and report.findings:
                        found = _repair(path, report, calls, watch, deep=deep)
                    if against_looker and found["status"] != "damaged":
                        found["looker"] = _compare(path, calls, watch, sample)
        monitors.hear(found)
        if json:
            print_json(found)
        else:
            verification.print_report(str(path), found, quick=quick, repair=repair)
        if against_looker and "looker" not in found:
            failures.note(verification.not_compared(repair=repair))
        return monitors.ended(verification.exit_code(found))


def _check(*, deep: bool, quick: bool, repair: bool, compare: bool, sample: int | None) -> None:
    """Raises `UsageError` for what excludes each other."""
    from lookervault.errors import UsageError

    if quick and (deep or repair):
        raise UsageError(
            f"--quick and {'--deep' if deep else '--repair'} exclude each other.",
            hint="--quick looks at no item, the other at each one.",
        )
    if sample is not None and not compare:
        raise UsageError("--sample goes with --against-looker.", hint="Pass both, or neither.")


def _look(path: Path, watch: Quiet, *, deep: bool, quick: bool) -> Report:
    from lookervault.errors import DamagedError
    from lookervault.proof.certificate import check_signatures
    from lookervault.storage.repository import Repository
    from lookervault.storage.verify import verify as look

    report = look(path, deep=deep, quick=quick, watch=watch)
    try:
        with Repository.open(path, write=False) as repository:
            report.findings += check_signatures(repository)
    except DamagedError:
        if not report.findings:
            raise
    return report


def _owner(path: Path) -> tuple[str | None, list[RunRow]]:
    """Which Looker the vault belongs to, and its runs; None and none where it cannot say."""
    from lookervault.errors import DamagedError
    from lookervault.storage.repository import Repository

    owner = None
    try:
        with Repository.open(path, write=False) as repository:
            owner = repository.instance()
            return owner, repository.runs()
    except DamagedError:
        return owner, []


def _repair(
    path: Path, report: Report, calls: LazyCalls, watch: Quiet, *, deep: bool
) -> dict[str, Any]:
    """The report of what is there afterwards, with what was done."""
    from lookervault.cli import failures, verification
    from lookervault.errors import DamagedError
    from lookervault.storage.repair import lost

    try:
        repaired = _mend(path, report, calls)
        after = _look(path, watch, deep=deep, quick=False)
        left = lost(path, after)
    except DamagedError as error:  # so badly that it cannot even be opened
        failures.warn(verification.not_repaired(error.message))
        return verification.as_json(report)
    return verification.as_json(after) | {"repair": verification.repair_as_json(repaired, left)}


def _mend(path: Path, report: Report, calls: LazyCalls) -> Repaired:
    from lookervault.proof.refetch import Refetch
    from lookervault.storage.repair import repair
    from lookervault.storage.repository import Repository

    with Repository.open(path, write=False) as repository:
        refetch = Refetch(repository, calls.for_type)
        return repair(
            path,
            report,
            lambda name, key, trashed: _item(refetch, name, key, trashed=trashed),
            now=time.time(),
        )


def _item(refetch: Refetch, name: str, id: str, *, trashed: bool) -> Item | None:
    """None where it is gone, or Looker does not give it."""
    from lookervault.cli import failures
    from lookervault.errors import CallError, NotFoundError, UnauthorizedError

    try:
        return refetch.item(name, id, trashed=trashed)
    except NotFoundError:
        return None
    except UnauthorizedError:
        raise
    except CallError as error:
        failures.warn(f"{name} {id} could not be fetched: {error.message}", type=name, id=id)
        return None


def _compare(path: Path, calls: LazyCalls, watch: Quiet, size: int | None) -> dict[str, Any]:
    from lookervault.cli import verification
    from lookervault.cli.looker import WORKERS
    from lookervault.proof import comparison
    from lookervault.proof.refetch import Refetch
    from lookervault.storage.repository import Repository

    with Repository.open(path, write=False) as repository:
        every = comparison.targets(repository)
        total = sum(repository.counts().values())
        chosen = every if size is None else comparison.sample(every, size, random.SystemRandom())
        refetch = Refetch(repository, calls.for_type)
        results = comparison.compare(repository, refetch, chosen, threads=WORKERS)
        return verification.comparison_as_json(
            verification.watched(results, watch, total if size is None else min(size, total))
        )
