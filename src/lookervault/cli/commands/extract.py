"""`lookervault extract`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli.options import (
    DebugOption,
    Flags,
    JsonOption,
    LogFormatOption,
    MetricsOption,
    QuietOption,
    complete_type,
    connecting,
    storing,
)

if TYPE_CHECKING:
    from lookervault.cli.staging import Staged
    from lookervault.errors import Exit


@storing
@connecting
def extract(
    types: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TYPE",
            autocompletion=complete_type,
            help="Content types; without any, all that are on by default.",
            show_default=False,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude", help="Leave a type out.", metavar="TYPE", autocompletion=complete_type
        ),
    ] = None,
    folder: Annotated[
        list[str] | None,
        typer.Option("--folder", help="Only what lies in this folder.", metavar="ID"),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", help="With --folder: the folders inside, too.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Calls at the same time, 1 to 50. Default: 8."),
    ] = None,
    page_size: Annotated[
        int | None,
        typer.Option("--page-size", help="Objects in a call, 1 to 1000. Default: 100."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", help="Calls a second, at most. Default: what Looker permits."),
    ] = None,
    queue_size: Annotated[
        int | None,
        typer.Option("--queue-size", help="Pages that wait for a worker. Default: 4 per worker."),
    ] = None,
    prove: Annotated[
        str | None,
        typer.Option(
            "--prove",
            help="Share of what seems unchanged that is read all the same. Default: 1/14.",
            metavar="PERCENT",
            show_default=False,
        ),
    ] = None,
    max_calls: Annotated[
        int | None,
        typer.Option(
            "--max-calls",
            help="Calls that the run may send, with retries and logins. What is left out is named.",
            metavar="N",
            min=1,
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        list[str] | None,
        typer.Option(
            "--every",
            help="Days between two readings of a type: settings=7d; settings=run is every run.",
            metavar="TYPE=DAYS",
        ),
    ] = None,
    max_wait: Annotated[
        float | None,
        typer.Option(
            "--max-wait",
            help="Stop if Looker asks to wait longer. Default: 600.",
            metavar="SECONDS",
        ),
    ] = None,
    max_deletions: Annotated[
        float | None,
        typer.Option(
            "--max-deletions",
            help="Share of a type that may be gone; more is not believed. Default: 20.",
            metavar="PERCENT",
        ),
    ] = None,
    accept_deletions: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-deletions",
            help="Believe that any number of a type is gone.",
            metavar="TYPE",
            autocompletion=complete_type,
        ),
    ] = None,
    *,
    flags: Flags,
    place: Flags,
    same_instance: Annotated[
        bool,
        typer.Option("--same-instance", help="The vault's Looker was renamed or moved: go on."),
    ] = False,
    accept_visibility: Annotated[
        bool,
        typer.Option(
            "--accept-visibility", help="Take what the API user sees for the whole of Looker."
        ),
    ] = False,
    accept_permissions: Annotated[
        bool,
        typer.Option(
            "--accept-permissions",
            help="The API user's permissions were lowered on purpose: go on.",
        ),
    ] = False,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Only tell what the run will cost, and a month of such runs."),
    ] = False,
    fit_quota: Annotated[
        bool,
        typer.Option(
            "--fit-quota",
            help="Choose intervals and --prove so that a month stays within the quota.",
        ),
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything, also what seems unchanged.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over instead of going on with a stopped run.")
    ] = False,
    resume_within: Annotated[
        float,
        typer.Option(
            "--resume-within",
            help="Hours up to which a stopped run is gone on with.",
            metavar="HOURS",
            min=0,
        ),
    ] = 24,
    metrics: MetricsOption = None,
    heartbeat: Annotated[
        str | None,
        typer.Option(
            "--heartbeat",
            help="Pinged when the run begins (URL/start), is complete (URL), or is not (URL/fail)."
            " Environment: LOOKERVAULT_HEARTBEAT.",
            metavar="URL",
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Extract Looker into the vault: all of it at first, then what has changed.

    A run that was stopped is gone on with.

    \b
    Looker is found by (first wins): flags, the environment, looker.ini.
      LOOKERSDK_BASE_URL, LOOKERSDK_CLIENT_ID, LOOKERSDK_CLIENT_SECRET,
      LOOKERSDK_VERIFY_SSL, LOOKERSDK_TIMEOUT,
      LOOKERVAULT_CLIENT_SECRET_FILE, LOOKERVAULT_CLIENT_SECRET_COMMAND
    LOOKERVAULT_MONTHLY_CALLS limits the calls of a calendar month (UTC).

    \b
    Examples:
      lookervault extract
      lookervault extract dashboards looks --workers 4
      lookervault extract --exclude themes --rate 5 --json
      lookervault extract --full
      lookervault extract --plan
      lookervault extract --plan --fit-quota
      lookervault extract --max-calls 500
      lookervault extract --every settings=30d --every groups=7d
      lookervault extract --prove 25%
      lookervault extract --folder 1 --recursive --vault shared.db
      lookervault extract --accept-deletions dashboards
      lookervault extract --metrics lookervault.prom
    """
    from lookervault.cli import budget, extraction, watching
    from lookervault.cli.staging import staged
    from lookervault.config.models import parallel_config
    from lookervault.config.settings import load
    from lookervault.config.stores import store_settings
    from lookervault.content.registry import select
    from lookervault.errors import UsageError

    if recursive and not folder:
        raise UsageError("--recursive goes with --folder.", hint="Name a folder: --folder ID.")
    config = parallel_config(
        {
            "workers": workers,
            "page_size": page_size,
            "rate": rate,
            "queue_size": queue_size,
            "max_deletions": max_deletions,
            "max_wait": max_wait,
            "prove": None if prove is None else prove.strip().removesuffix("%"),
        }
    )
    named = {"types": types or [], "exclude": exclude or [], "folders": folder or []}
    chosen = select(named["types"], named["exclude"], in_folders=bool(folder))
    accepted = among(chosen, accept_deletions or [], in_folders=bool(folder))
    intervals = budget.every(every or [])
    if plan:
        from lookervault.cli.plan import plan_and_tell, request_of

        store_settings(place, os.environ)  # what a run would refuse
        asked = request_of(
            chosen,
            named,
            every=intervals,
            full=full,
            fresh=fresh,
            resume_within_s=resume_within * 3600,
        )
        return plan_and_tell(flags, asked, config, max_calls=max_calls, fitted=fit_quota, json=json)
    given = {**flags, "heartbeat": heartbeat}
    with watching.of_run(given, place, metrics) as watch:
        settings = load(given, os.environ)
        store = store_settings(place, os.environ)
        request = extraction.request(
            chosen,
            settings,
            named,
            recursive=recursive,
            same_instance=same_instance,
            accept_visibility=accept_visibility,
            accept_permissions=accept_permissions,
            accept_deletions=accepted,
            all_due=bool(types),
            every=intervals,
            few_calls=max_calls is not None or settings.monthly_calls is not None,
            full=full,
            fresh=fresh,
            resume_within_s=resume_within * 3600,
        )
        with staged(store, settings, max_calls) as (settings, staging):
            extraction.check_place(settings.vault)
            if fit_quota:
                from lookervault.cli.plan import by_quota

                request, config = by_quota(settings, request, config)
            code = run_and_tell(
                settings,
                config,
                request,
                max_calls=max_calls,
                staging=staging,
                quiet=quiet,
                json=json,
                debug=debug,
                hear=lambda found: watch.hear(found, settings.vault),
            )
        return watch.ended(code)


def among(chosen: Sequence[Any], names: Sequence[str], *, in_folders: bool) -> tuple[str, ...]:
    """The types whose deletions are believed.

    Raises `UsageError` for those that there are not, or that the run does not look at.
    """
    from lookervault.content.registry import content_type
    from lookervault.errors import UsageError

    accepted = tuple(content_type(name).name for name in names)
    if accepted and in_folders:
        raise UsageError(
            "--accept-deletions does not go with --folder: such a run deletes nothing.",
            hint="Leave one of them out.",
        )
    if outside := [name for name in accepted if name not in {one.name for one in chosen}]:
        raise UsageError(
            f"--accept-deletions {outside[0]}: the run does not look at {outside[0]}.",
            hint="Add the type to those of the run, or leave it out here.",
        )
    return accepted


def run_and_tell(
    settings: Any,
    config: Any,
    request: Any,
    *,
    max_calls: int | None = None,
    staging: Staged | None = None,
    quiet: bool,
    json: bool,
    debug: bool,
    hear: Callable[[dict[str, Any]], None] = lambda _: None,
) -> Exit:
    """Runs it and prints what came of it; `hear` is told the object that `--json` prints."""
    from lookervault.cli import extraction, failures
    from lookervault.cli.next_steps import print_next
    from lookervault.cli.output import print_json
    from lookervault.cli.report import (
        error_of,
        failure,
        not_begun,
        print_nothing_due,
        print_result,
    )
    from lookervault.cli.staging import pushed
    from lookervault.errors import UsageError

    try:
        found, error = extraction.extract_into(
            settings,
            config,
            request,
            max_calls=max_calls,
            fetch=staging.fetch if staging else None,
            quiet=quiet or json,
        )
        if staging is not None:
            found, error = staging.pushed(found, error)
    except UsageError:
        raise
    except Exception as raised:  # noqa: BLE001 -- whatever it was, the object is the promised one
        error = failures.in_words(raised, debug=debug)
        found = not_begun(error)
    hear(found)
    if json:
        # of a run that was pushed, the status is what its snapshot says, too
        told = error_of if "snapshot" in found else failure
        print_json(found | (told(error) if error else {}))
    elif found["run"] is None and error is None:
        print_nothing_due(found)
    elif found["run"] is not None:
        print_result(found)
        if staging is None or not staging.is_temporary:
            print_next(settings.vault, found["run"])
        if "snapshot" in found:
            print(pushed(found["snapshot"]))
    _say_how_it_ended(found)
    if error is not None:
        failures.explain(error, debug=debug, run=found["run"])
    return extraction.exit_code(found, error)


def _say_how_it_ended(found: dict[str, Any]) -> None:
    """Where programs read what is said, and the page for a person is elsewhere."""
    from lookervault.cli import said

    if said.is_for_programs():
        what = "No run was made" if found["run"] is None else f"Run {found['run']} has ended"
        names = ("run", "status", "items", "calls", "retries", "throttled", "bytes", "seconds")
        fields = {name: found[name] for name in names}
        said.say(f"{what}: {found['status']}.", event="ended", **fields)
