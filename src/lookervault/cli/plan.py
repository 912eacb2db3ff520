"""`extract --plan`: what the coming run will cost, and a month of such runs."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lookervault.cli.output import print_json, print_pairs, print_table, print_text
from lookervault.cli.text import duration, size

if TYPE_CHECKING:
    from lookervault.config.models import ParallelConfig
    from lookervault.config.settings import Settings
    from lookervault.content.model import ContentType
    from lookervault.errors import UsageError
    from lookervault.extraction.estimate import Found
    from lookervault.extraction.fit import Schedule
    from lookervault.extraction.left_out import LeftOut
    from lookervault.extraction.plan import Plan
    from lookervault.extraction.request import Request
    from lookervault.storage.repository import Repository


class Planned(NamedTuple):
    """`asking` are the calls that planning took; `fit` was chosen by the quota. `max_calls` limits
    the coming run.
    """

    plan: Plan
    asking: int
    quota: int | None
    sent: int
    fit: Schedule | None = None
    max_calls: int | None = None

    def left_out(self) -> list[LeftOut]:
        from lookervault.extraction.left_out import left_out

        return [] if self.max_calls is None else left_out(self.plan, self.max_calls)


def request_of(
    types: Sequence[ContentType], named: Mapping[str, Sequence[str]], **choices: Any
) -> Request:
    """Raises `UsageError` where the run is over some folders only."""
    from lookervault import __version__
    from lookervault.errors import UsageError
    from lookervault.extraction.request import Request

    if named["folders"]:
        raise UsageError(
            "--plan does not go with --folder.",
            hint="Plan a run over the whole instance, or limit the run: --max-calls N.",
        )
    return Request(
        types=types,
        base_url="",
        program_version=__version__,
        all_due=bool(named["types"]),
        **choices,
    )


def plan_and_tell(
    flags: Mapping[str, object],
    request: Request,
    config: ParallelConfig,
    *,
    max_calls: int | None,
    fitted: bool,
    json: bool,
) -> int:
    """Fetches nothing, writes only the number of its calls, if any; calls Looker only for types
    that no run has read.
    """
    from lookervault.cli.extraction import check_place
    from lookervault.config.settings import monthly_calls, vault_path

    path, _ = vault_path(flags, os.environ)
    check_place(path)
    with _vault_or_none_yet(path) as vault:
        if fitted:
            request = replace(request, all_due=False)
        planned = _planned(vault, flags, request, config, monthly_calls(os.environ))
        if fitted:
            planned = _fitted(planned, vault, request, config)
    planned = planned._replace(max_calls=max_calls)
    if json:
        print_json(_object(planned))
    else:
        _print(planned)
    return 0


@contextmanager
def _vault_or_none_yet(path: Path) -> Iterator[Repository]:
    from lookervault.storage.repository import Repository

    if path.exists():
        with Repository.open(path, write=False) as vault:
            yield vault
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        Repository.open(Path(folder, "empty.db"), write=True) as vault,
    ):
        yield vault


def _planned(
    vault: Repository,
    flags: Mapping[str, object],
    request: Request,
    config: ParallelConfig,
    quota: int | None,
) -> Planned:
    from lookervault.extraction.estimate import seconds_per_call
    from lookervault.extraction.plan import plan
    from lookervault.storage.months import month_of

    asked = _Asking(flags, config.workers)
    made = plan(vault, request, config, now=time.time(), ask=asked)
    if asked.calls and seconds_per_call(vault) is None:
        made = replace(made, seconds_per_call=asked.seconds_per_call)
    sent = vault.months().get(month_of(time.time()), 0)
    return Planned(made, asked.calls, quota, sent)


def _fitted(
    planned: Planned, vault: Repository, request: Request, config: ParallelConfig
) -> Planned:
    """The same run by the schedule that fits; what Looker said need not be asked again."""
    from lookervault.extraction.plan import plan

    chosen = schedule(planned.plan, planned.quota, request, config)
    again = plan(
        vault,
        replace(request, every=chosen.every, all_due=False),
        config.model_copy(update={"prove": 100 * chosen.share}),
        now=time.time(),
        ask=lambda _: planned.plan.asked,
    )
    made = replace(again, seconds_per_call=planned.plan.seconds_per_call)
    return planned._replace(plan=made, fit=chosen)


def by_quota(
    settings: Settings, request: Request, config: ParallelConfig
) -> tuple[Request, ParallelConfig]:
    """The run as the quota permits it. What was never read is due anyway, and is read first."""
    from lookervault.cli import failures
    from lookervault.extraction.plan import never_read, plan

    if settings.monthly_calls is None:
        raise _no_quota()
    with _vault_or_none_yet(settings.vault) as vault:
        if new := never_read(vault, request):
            what = "everything" if len(new) == len(request.types) else ", ".join(new)
            failures.note(f"Read for the first time: {what}. The next run has a schedule.")
            return request, config
        asked = replace(request, all_due=False)
        made = plan(vault, asked, config, now=time.time(), ask=lambda _: {})
    chosen = schedule(made, settings.monthly_calls, request, config)
    failures.note(
        f"Schedule: {_schedule(chosen)}. A month: up to about {chosen.month.calls:,} calls."
    )
    told = {**request.arguments, "every": dict(chosen.every), "fit_quota": True}
    return (
        replace(request, every=chosen.every, all_due=False, arguments=told),
        config.model_copy(update={"prove": 100 * chosen.share}),
    )


def schedule(plan: Plan, quota: int | None, request: Request, config: ParallelConfig) -> Schedule:
    """Raises `UsageError` where there is no quota, or nothing fits it."""
    from lookervault.extraction.fit import fit

    if quota is None:
        raise _no_quota()
    share = None if config.prove is None else config.prove / 100
    return fit(plan, quota, given=request.every, share=share)


def _no_quota() -> UsageError:
    from lookervault.errors import UsageError

    return UsageError(
        "--fit-quota needs to know the quota.",
        hint="Set LOOKERVAULT_MONTHLY_CALLS to the calls a month of your contract.",
    )


class _Asking:
    """Logs in when something has to be asked, and counts."""

    def __init__(self, flags: Mapping[str, object], workers: int) -> None:
        self.calls = 0
        self.seconds_per_call = 0.0
        self._flags = flags
        self._workers = workers

    def __call__(self, types: Sequence[ContentType]) -> dict[str, Found]:
        from lookervault.cli.budget import counted
        from lookervault.cli.extraction import warn_about
        from lookervault.config.settings import load
        from lookervault.extraction.first_look import look
        from lookervault.extraction.survey import calls_of
        from lookervault.looker.client import Looker

        settings = load(self._flags, os.environ)
        warn_about(settings)
        with counted(settings.vault) as before:
            client = Looker(settings, pool_size=1, before=before)
            calls = calls_of(client)
            began = time.monotonic()
            try:
                return look(calls, types)
            finally:
                client.close()
                self.calls = calls.tally.calls.total() + client.logins
                spent = (time.monotonic() - began) / max(1, self.calls)
                self.seconds_per_call = spent / self._workers


def _object(planned: Planned) -> dict[str, Any]:
    plan, month = planned.plan, planned.plan.month()
    most = max(month.calls, plan.month_of(plan.every, plan.share).calls)
    return {
        "run": _cost(plan.calls, plan.bytes, plan),
        "session_calls": _session(plan),
        "types": {one.name: _type(one.name, plan) for one in plan.types},
        "month": {"runs": month.runs, "calls": month.calls, "most": most},
        "quota": planned.quota,
        "sent_this_month": planned.sent,
        "fits": None if planned.quota is None else most <= planned.quota,
        "fit": _fit(planned.fit),
        "max_calls": planned.max_calls,
        "left_out": [
            {
                "type": part.type,
                "part": "proven" if part.proven else "changed",
                "calls": calls,
                "of": part.calls,
            }
            for part, calls in planned.left_out()
        ],
        "planning_calls": planned.asking,
        "resumes": plan.resumes,
        "refused": {n: found.refused for n, found in plan.asked.items() if found.refused},
    }


def _cost(calls: float, count: float, plan: Plan) -> dict[str, Any]:
    seconds = round(plan.seconds(calls), 1)
    return {"calls": round(calls), "bytes": round(count), "seconds": seconds}


def _type(name: str, plan: Plan) -> dict[str, Any]:
    cost = plan.of(name)
    due = name in plan.due
    return _cost(cost.calls, cost.bytes, plan) | {"every": plan.every[name], "due": due}


def _session(plan: Plan) -> int:
    return plan.calls - sum(round(plan.of(one.name).calls) for one in plan.types)


def _fit(chosen: Schedule | None) -> dict[str, Any] | None:
    if chosen is None:
        return None
    return {
        "content": chosen.content,
        "others": chosen.others,
        "prove": round(100 * chosen.share, 4),
        "every": dict(chosen.every),
        "month_calls": chosen.month.calls,
    }


def _print(planned: Planned) -> None:
    found = _object(planned)
    rows = [
        (name, cost["calls"], size(cost["bytes"]), duration(cost["seconds"]), _every(cost["every"]))
        for name, cost in found["types"].items()
        if cost["due"]
    ]
    if rows:
        rows.append(("login, user, roles", found["session_calls"], "–", "–", "run"))
        print_table(("type", "calls", "bytes", "time", "every"), rows, keep=("type", "calls"))
        print()
    print_pairs(_pairs(planned, found))
    if found["refused"]:
        print_text(f"Looker shows none of: {', '.join(found['refused'])}.")


def _pairs(planned: Planned, found: dict[str, Any]) -> list[tuple[str, Any]]:
    run, month = found["run"], found["month"]
    not_due = [name for name, cost in found["types"].items() if not cost["due"]]
    whole = f"about {run['calls']:,} calls, {size(run['bytes'])}, {duration(run['seconds'])}"
    return [
        ("This run", whole if run["calls"] else "nothing is due: no call"),
        *([("Goes on with", f"run {found['resumes']}")] if found["resumes"] else []),
        *([("Left out", _left_out(planned))] if planned.max_calls is not None else []),
        *([("Not due", ", ".join(not_due))] if not_due else []),
        ("A month", _month(**month)),
        *([("Quota", _quota(planned, month["most"]))] if planned.quota else []),
        *([("Schedule", _schedule(planned.fit))] if planned.fit else []),
        ("Planning", _planning(planned)),
    ]


def _left_out(planned: Planned) -> str:
    parts = [
        f"{'what is proven of ' if part.proven else ''}{part.type}"
        + (f" ({calls} of {part.calls} calls)" if calls < part.calls else "")
        for part, calls in planned.left_out()
    ]
    return f"by --max-calls {planned.max_calls}, probably: {', '.join(parts) or 'nothing'}"


def _month(calls: int, runs: int, most: int) -> str:
    from lookervault.extraction.plan import NIGHTS

    night = "one a night" if runs == NIGHTS else f"in {NIGHTS} nights"
    dearest = f"; {most:,} where everything is due in the first one" if most > calls else ""
    return f"about {calls:,} calls, {runs} run{'s' * (runs != 1)}, {night}{dearest}"


def _quota(planned: Planned, most: int) -> str:
    """`most` are the calls of the dearest month."""
    quota = planned.quota or 0
    text = f"{quota:,} calls a month, {planned.sent:,} sent in this one"
    if most <= quota:
        return f"{text}; a whole month fits"
    if planned.fit is None:
        return f"{text}; a whole month does not fit: `--fit-quota` finds what does"
    return (
        f"{text}; a month fits once everything is read ({planned.fit.month.calls:,} calls);"
        " `--max-calls` spreads the first run over several months"
    )


def _schedule(chosen: Schedule) -> str:
    others = "as often as content" if chosen.others <= chosen.content else _every(chosen.others)
    share = f"{100 * chosen.share:.2g} %" if chosen.share else "nothing"
    return f"content: {_every(chosen.content)}; others: {others}, or their own; proven: {share}"


def _planning(planned: Planned) -> str:
    if not planned.asking:
        return "by the vault alone: no call was sent"
    return f"took {planned.asking} calls, because no run has read these types"


def _every(days: float) -> str:
    return "every run" if days == 0 else f"every {days:g} days"
