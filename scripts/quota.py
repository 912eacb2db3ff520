"""Measures for docs/how-to/nightly-within-the-quota.md which schedule fits which quota.

`python -m scripts.quota [SIZE…]` takes some minutes. For each size of instance it serves an
embedded Looker, plans and makes the first run, and then plays a month for each quota: 31 nights,
before each of which one dashboard and one look in a hundred are edited, by the schedule that
`--fit-quota` chooses. The clock is set forward a day a night; all calls are real ones.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lookervault.config.models import ParallelConfig
from lookervault.config.settings import Settings, load
from lookervault.content.model import ContentType
from lookervault.content.registry import select
from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import UsageError
from lookervault.extraction.beginning import due_of
from lookervault.extraction.estimate import Found
from lookervault.extraction.first_look import look
from lookervault.extraction.fit import Schedule, fit
from lookervault.extraction.orchestrator import Orchestrator
from lookervault.extraction.plan import NIGHTS, Month, Plan, plan
from lookervault.extraction.request import Request
from lookervault.extraction.retry import Tally
from lookervault.extraction.survey import calls_of
from lookervault.looker.client import Looker
from lookervault.storage.repository import Repository

SIZES = {"small": 600, "middle": 5_000, "large": 20_000}
QUOTAS = (1_000, 10_000, 100_000)
_EDITED = 100
"""One in so many is edited before each night."""
_BEGIN = 1_800_000_000.0
_DAY_S = 24 * 3600


class Silent:
    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        pass

    def beat(self, tally: Tally, rate: float | None) -> None:
        pass


class Site:
    """An embedded Looker and its vault. `sent` are all calls that Looker has answered."""

    def __init__(self, looker: EmbeddedLooker, vault: Path) -> None:
        self.vault = vault
        self._looker = looker
        self._types = select([], [])
        self._chance = random.Random(1)  # noqa: S311 -- the same figures each time

    def plan(self, night: int, chosen: Schedule | None = None) -> Plan:
        request, config = self._request(chosen), _config(chosen)
        with Repository.open(self.vault, write=True) as vault:
            return plan(vault, request, config, now=_time(night), ask=self._ask)

    def run(self, night: int, chosen: Schedule | None = None) -> int:
        """Calls that it took, with the login; none where nothing is due."""
        request, config = self._request(chosen), _config(chosen)
        before = len(self._looker.log)
        with Repository.open(self.vault, write=True) as vault:
            if not due_of(vault, request, _time(night)).types:
                return 0
            client = Looker(self._settings(), pool_size=config.workers)
            try:
                made = Orchestrator(client, vault, config, Silent(), now=lambda: _time(night))
                result = made.run(request)
            finally:
                client.close()
        if result.error is not None or result.end.status != "complete":
            raise RuntimeError(f"night {night}: {result.end.reasons}")
        sent = len(self._looker.log) - before
        self._looker.log.clear()
        return sent

    def edit(self) -> None:
        store = self._looker.store
        for kind in ("dashboards", "looks"):
            ids = store.ids(kind)
            for i in self._chance.sample(ids, max(1, len(ids) // _EDITED)):
                store.edit(kind, i, description=str(self._chance.random()))

    def _ask(self, types: Sequence[ContentType]) -> Mapping[str, Found]:
        client = Looker(self._settings(), pool_size=1)
        try:
            return look(calls_of(client), types)
        finally:
            client.close()

    def _request(self, chosen: Schedule | None) -> Request:
        return Request(
            types=self._types,
            base_url=self._looker.base_url,
            program_version="0",
            every=chosen.every if chosen else {},
        )

    def _settings(self) -> Settings:
        return load({}, self._looker.env())


def _config(chosen: Schedule | None) -> ParallelConfig:
    return ParallelConfig(prove=None if chosen is None else 100 * chosen.share)


def _time(night: int) -> float:
    return _BEGIN + night * _DAY_S


@contextmanager
def _site(name: str) -> Iterator[Site]:
    """Each time the same one, that nobody has read."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedLooker(SIZES[name], 1) as looker:
        yield Site(looker, Path(folder, "vault.db"))


def measure(name: str, tell: Callable[[str], object]) -> None:
    months: dict[Month, str] = {}
    with _site(name) as site:
        first = site.plan(0).calls
        taken = site.run(0)
        with Repository.open(site.vault, write=False) as vault:
            counts = vault.counts()
        held = ", ".join(f"{counts[kind]:,} {kind}" for kind in _COUNTED)
        tell(f"{name}: {held}; first run planned {first:,}, taken {taken:,}")
        site.edit()
        plan = site.plan(1)
        tell(f"{name}: second night planned {plan.calls:,}, taken {site.run(1):,}")
    for quota in QUOTAS:
        try:
            chosen = fit(plan, quota, given={}, share=None)
        except UsageError as error:
            tell(f"{name}: {error.message}")
            continue
        if chosen.month not in months:
            months[chosen.month] = _month(name, chosen)
        tell(f"{name}: within {quota:,}: {months[chosen.month]}")


_COUNTED = ("dashboards", "looks", "folders", "users", "roles", "merge_queries", "queries")


def _month(name: str, chosen: Schedule) -> str:
    """Of 31 nights after the one of the first run."""
    with _site(name) as site:
        site.run(0)
        site.edit()
        planned = site.plan(1, chosen).month().calls
        taken = site.run(1, chosen)
        for night in range(2, NIGHTS + 1):
            site.edit()
            taken += site.run(night, chosen)
    return (
        f"content {chosen.content:g}, others {chosen.others:g}, proven {100 * chosen.share:.2g} %:"
        f" planned {planned:,}, taken {taken:,}"
    )


def main(names: Sequence[str]) -> None:
    for name in names or SIZES:
        measure(name, lambda text: sys.stdout.write(f"{text}\n") and sys.stdout.flush())


if __name__ == "__main__":
    main(sys.argv[1:])
