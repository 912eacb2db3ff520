"""How far one content type has come in a run.

    waiting -> census -> pages -> what was added -> its pages -> looking again -> [census again]
    -> done

Where pages are asked for by ids, they need not wait for the census: what it has listed so far is
fetched while it goes on.

Only the orchestrator's thread touches a `TypeRun`, so there is nothing to lock.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from enum import Enum

from lookervault.config.models import ParallelConfig
from lookervault.content.model import Batch, Census, ContentType, Entry, Missing
from lookervault.errors import CallError, NotFoundError
from lookervault.extraction.deletions import MASS_DELETION, Deletions
from lookervault.extraction.paging import Paging
from lookervault.extraction.tasks import Done, Kind, Work
from lookervault.extraction.unchanged import Unchanged
from lookervault.storage.repository import Repository
from lookervault.storage.runs import Proof, TypeResult
from lookervault.storage.usage import Usage

_SAME_ANSWERS = 20
"""After so many second looks with one and the same refusal, the rest are not asked for."""


class Phase(Enum):
    WAITING = 0
    CENSUS = 1
    PAGES = 2
    AGAIN = 3
    RECOUNT = 4
    GIVEN_UP = 5
    DONE = 6


class TypeRun:
    """`missing` and the counts are its result; `reason` says why it is not complete.

    `noticed` is a sentence for the whole run's result: what was seen and is not believed.
    """

    def __init__(
        self,
        content_type: ContentType,
        config: ParallelConfig,
        vault: Repository,
        run: int,
        *,
        deletions: Deletions,
        proof: Proof,
        resumed: bool = False,
    ) -> None:
        """`proof` is the slice that is read of what seems unchanged. `resumed`: the run was begun
        earlier, and what it stored then is not due where the census shows it as it was.
        """
        self.type = content_type
        self.phase = Phase.WAITING
        self.objects = self.bytes = self.calls_before = 0
        self.missing: list[Missing] = []
        self.census = 0
        self.reason = self.noticed = ""
        self._vault = vault
        self._run = run
        self._deletions = deletions
        self._gone: set[str] = set()
        before = vault.confirmed(run, content_type.name) if resumed else set()
        self._unchanged = Unchanged(content_type, vault, run, proof, before)
        self._usage: list[Usage] = []
        self._adopted: Proof | None = None
        self._seen: set[str] = set()
        self._due: dict[str, Entry] = {}
        self._vanished: dict[str, Entry] = {}
        self._reasons: dict[str, str] = {}
        self._ready: deque[Work] = deque()
        known = not self._unchanged.is_first
        self.paging = Paging(content_type, config, known=known)
        self._under_way = 0
        self._same_answers: tuple[str, int] = ("", 0)
        self._parts: Counter[str] = Counter()
        self._grown = False
        self._sound = True

    # What the orchestrator asks.

    @property
    def name(self) -> str:
        return self.type.name

    @property
    def complete(self) -> bool:
        return self.phase is Phase.DONE and not self.missing and not self.reason

    @property
    def is_busy(self) -> bool:
        """Whether work of it is under way, which may bring more."""
        return self._under_way > 0

    @property
    def remaining(self) -> float:
        """Calls that are left, roughly; before it is listed it may be any number."""
        if self.phase is Phase.CENSUS and self._ready:
            return math.inf
        per_call = self.paging.size() if self.paging.id_lists else 1
        return len(self._due) / per_call + len(self._ready)

    def adopt(self, result: TypeResult, proof: Proof) -> None:
        """It was read whole before the run was stopped, and is not read again."""
        self.objects, self.census = result.items, result.census
        self.calls_before = result.calls
        self._adopted = proof
        self.phase = Phase.DONE

    def begin(self, dependencies: Mapping[str, TypeRun]) -> None:
        """Called once the types that this one is listed by are done."""
        unsound = [d.name for d in dependencies.values() if not d.complete]
        if unsound:
            self.reason = f"needs {', '.join(unsound)}"
            self._sound = False
        self.phase = Phase.CENSUS
        self._ready.append(Work(Kind.CENSUS, self.name))

    def take(self) -> Work | None:
        """The next piece of work, None while there is none to give out."""
        work = self._ready.popleft() if self._ready else self._next_page()
        if work is not None:
            self._under_way += 1
        return work

    def proof(self, items: int) -> Proof:
        """What it read, of `items` that are confirmed."""
        return self._adopted or self._unchanged.proof(items)

    # What happens to it.

    def hear(self, entries: Sequence[Entry]) -> None:
        """What a census that is under way has listed."""
        if self.phase is not Phase.CENSUS or not self.paging.id_lists:
            return
        fresh = {entry.id: entry for entry in entries if entry.id not in self._seen}
        self._seen |= fresh.keys()
        self.census = len(self._seen)
        self._add_chunk(fresh)

    def _add_chunk(self, listed: dict[str, Entry]) -> None:
        due = self._unchanged.due(listed)
        self.objects += len(listed) - len(due)
        self._due |= due
        doubted = [entry for i, entry in due.items() if self._unchanged.is_doubted(i)]
        changed = [entry for i, entry in due.items() if not self._unchanged.is_doubted(i)]
        self.paging.add(changed, doubted)
        self._usage += (
            Usage(entry.id, entry.last_viewed_at, entry.view_count)
            for entry in listed.values()
            if entry.view_count is not None or entry.last_viewed_at is not None
        )

    def settle(self, done: Done) -> None:
        """Takes in what became of a piece of work that `take` gave out."""
        self._under_way -= 1
        self._count(done)
        for identity in done.digest.ids:
            self._due.pop(identity, None)
            self._vanished.pop(identity, None)
        if done.work.kind is Kind.CENSUS:
            self._after_census(done)
        elif done.work.kind is Kind.PAGE:
            self._after_page(done)
        elif done.work.kind is Kind.ADDED:
            self._after_added(done)
        else:
            self._after_second_look(done)
        self._advance()

    def _count(self, done: Done) -> None:
        digest = done.digest
        self._seen |= digest.ids
        self.objects += len(digest.ids)
        self.bytes += digest.bytes
        self.paging.count(len(digest.ids), digest.bytes)
        if done.work.kind is Kind.CENSUS:  # of a page, the census tells which id it is
            self.missing += digest.bad

    def _after_census(self, done: Done) -> None:
        if self.phase is Phase.RECOUNT:
            self._after_recount(done)
            return
        if isinstance(done.error, CallError):
            self._give_up(done.error)
            return
        self.census = len(done.listed)
        self._parts.update(entry.part for entry in done.listed.values())
        fresh = {i: e for i, e in done.listed.items() if i not in self._seen}
        self._seen |= fresh.keys()
        self._add_chunk(fresh)
        self.phase = Phase.PAGES
        if self.type.source.id_lists and not self.paging.id_lists:
            self.paging.plan_anew(self._due.values())

    def _next_page(self) -> Work | None:
        if self.phase not in (Phase.CENSUS, Phase.PAGES) or self.paging.probing:
            return None
        if (batch := self.paging.next(listing=self.phase is Phase.CENSUS)) is not None:
            return Work(Kind.PAGE, self.name, batch)
        if self.phase is Phase.PAGES and not self.paging.holds_back:
            return self._look_for_added()
        return None

    def _after_page(self, done: Done) -> None:
        batch = done.work.batch
        if batch is None:
            return
        if self.paging.settle(done, batch):
            self.paging.plan_anew(self._due.values())
            if self.phase is Phase.CENSUS:  # windows into a listing need to know how long it is
                self.paging.clear()
        if isinstance(done.error, CallError):
            for entry in batch.entries:
                self._reasons[entry.id] = done.error.reason

    # What was created while pages were read.

    def _look_for_added(self) -> Work | None:
        """Once, when the last page was given out, or there was none: listing takes time, too."""
        if self._grown:
            return None
        self._grown = True
        return Work(Kind.ADDED, self.name, census=Census(self._parts, self._seen))

    def _after_added(self, done: Done) -> None:
        if isinstance(done.error, CallError):
            self.reason = done.error.message
            self.missing.append(Missing(self.name, "*", done.error.reason))
        fresh = {i: e for i, e in done.listed.items() if i not in self._seen}
        self._seen |= fresh.keys()
        self.census = len(self._seen)
        if self.paging.id_lists or not self.type.source.id_lists:
            self._add_chunk(fresh)
        else:  # windows into the listing would begin anew: the second look fetches these
            self._due |= fresh

    # The second look.

    def _look_again(self) -> None:
        self.phase = Phase.AGAIN
        if self._sound and self._deletions.proven:
            gone = self._vault.open_ids(self.name) - self._seen
            if self.type.source.looks_again:
                self._vanished = {i: Entry(i) for i in gone}
            else:
                self._gone = gone
        for entry in (*self._due.values(), *self._vanished.values()):
            batch = Batch(self.name, 0, (entry,), entry.part)
            self._ready.append(Work(Kind.AGAIN, self.name, batch))

    def _after_second_look(self, done: Done) -> None:
        if done.work.batch is None:
            return
        identity = done.work.batch.entries[0].id
        reason = done.error.reason if isinstance(done.error, CallError) else ""
        if not reason and identity not in done.digest.ids:
            reason = "bad_answer"
        self._reasons[identity] = reason
        last, times = self._same_answers
        self._same_answers = (reason, times + 1 if reason == last else 1)
        if reason not in ("", "not_found", "bad_answer") and self._same_answers[1] >= _SAME_ANSWERS:
            for work in self._ready:
                if work.batch is not None:
                    self._reasons[work.batch.entries[0].id] = reason
            self._ready.clear()

    def _recount(self) -> None:
        """Something that was listed is not found: only a new listing tells gone from hidden."""
        self.phase = Phase.RECOUNT
        self._ready.append(Work(Kind.CENSUS, self.name))

    def _after_recount(self, done: Done) -> None:
        if done.error is None:
            gone = {i for i in self._due if i not in done.listed and self._not_found(i)}
            for identity in gone:
                del self._due[identity]
            self.census -= len(gone)
            self._gone |= gone & self._vault.open_ids(self.name)
        self._finish()

    def _not_found(self, identity: str) -> bool:
        return self._reasons.get(identity) == NotFoundError.reason

    # The end.

    def _advance(self) -> None:
        if self._under_way or self._ready or self.paging.probing:
            return
        if self.phase is Phase.GIVEN_UP:
            self.phase = Phase.DONE
        if (
            self.phase is Phase.PAGES
            and self._grown
            and not self.paging.holds_back
            and self._pages_are_out()
        ):
            self._look_again()
        if self._ready:
            return
        if self.phase is Phase.AGAIN:
            if any(self._not_found(i) for i in self._due) and self.type.source.looks_again:
                self._recount()
            else:
                self._finish()

    def _pages_are_out(self) -> bool:
        batch = self.paging.next(listing=False)
        if batch is None and self.paging.gives_fewer(len(self._due)):
            self.paging.plan_anew(self._due.values())
            batch = self.paging.next(listing=False)
        if batch is None:
            return True
        self._ready.append(Work(Kind.PAGE, self.name, batch))
        return False

    def _finish(self) -> None:
        gone = {i for i in self._vanished if self._not_found(i)}
        left = [*self._due, *(i for i in self._vanished if i not in gone)]
        self.missing += [Missing(self.name, i, self._reasons.get(i, "not_delivered")) for i in left]
        self._confirm()
        self._delete(self._gone | gone)
        self.phase = Phase.DONE

    def _confirm(self) -> None:
        self._unchanged.confirm()
        if self._usage:
            self._vault.set_usage(self.name, self._usage)

    def _delete(self, gone: set[str]) -> None:
        if not gone or not self._deletions.proven:
            return
        stamps = self._vault.stamps(self.name)
        from_before = gone & self._vault.open_ids(self.name, self._run - 1)
        in_trash = sum(stamps[i].trashed for i in from_before)
        if doubt := self._deletions.doubt(self.type, from_before, in_trash=in_trash):
            self.noticed = self.reason = doubt
            self.missing.append(Missing(self.name, "*", MASS_DELETION))
        else:
            self._vault.vanish(self._run, self.name, sorted(gone))

    def _give_up(self, error: CallError) -> None:
        self.reason = error.message
        self.noticed = self._deletions.hidden(self.type, error)
        self.missing.append(Missing(self.name, "*", error.reason))
        self._confirm()
        self.phase = Phase.GIVEN_UP
