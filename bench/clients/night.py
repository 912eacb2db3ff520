"""Two runs into one vault, with edits and deletions between them, and what the second one cost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

import lookervault
from bench.clients.extract import Silent
from lookervault.config.models import parallel_config
from lookervault.config.settings import load
from lookervault.content import costs
from lookervault.content.registry import TYPES, select
from lookervault.demo.request_log import Served
from lookervault.demo.server import EmbeddedLooker
from lookervault.extraction.orchestrator import Orchestrator, Result
from lookervault.extraction.request import Request
from lookervault.extraction.work_queue import InFlight
from lookervault.looker.client import Looker
from lookervault.storage.repository import Repository

_EDITS, _DELETIONS = 12, 3
_STAMPED = {name for name, one in TYPES.items() if one.stamped}
_OPERATIONS = {op.id: name for name, one in TYPES.items() for op in one.source.operations}


def run(counts: dict[str, int], types: list[str]) -> dict[str, Any]:
    """`types` none: all that are on by default. Every type is due in both runs, and then, in a
    third one, only those that a night reads.
    """
    with (
        EmbeddedLooker(0, 1, counts=counts) as looker,
        TemporaryDirectory(prefix="lookervault-bench-") as folder,
        Repository.open(Path(folder) / "vault.db", write=True) as vault,
    ):
        first = _extracted(looker, vault, types)
        full_calls = len(looker.log)
        looker.log.clear()
        disk = vault.size_report().disk
        changed = _change(looker)
        night = _extracted(looker, vault, types)
        log = list(looker.log)
        seen = {one.type: (one.changed, one.deleted) for one in night.end.types}
        grown = vault.size_report().disk - disk
        config = parallel_config({})
        mean = fmean(vault.sizes("dashboards").values())
        page = costs.page_size(config.page_size, config.page_bytes, mean)
        looker.log.clear()
        _extracted(looker, vault, types, all_due=False)
        usual = len(looker.log)
    return {
        "items": night.end.items,
        "full_calls": full_calls,
        "full_bytes": first.end.bytes,
        "calls": len(log),
        "bytes": night.end.bytes,
        "usual_calls": usual,
        "grown": grown,
        "edits": sum(seen[name][0] for name in seen if name in _STAMPED),
        "edits_made": changed,
        "deletions": seen["dashboards"][1],
        "deletions_made": _DELETIONS,
        "proven": sum(proof.proven for proof in night.end.proofs),
        "proven_dashboards": sum(p.proven for p in night.end.proofs if p.type == "dashboards"),
        "page_dashboards": page,
        "parts": _parts(log),
    }


def _change(looker: EmbeddedLooker) -> int:
    store = looker.store
    ids = [i for i in store.ids("dashboards")[:400] if not _trashed(looker, i)]
    for i in ids[:_DELETIONS]:
        store.delete("dashboards", i)
    edited = ids[_DELETIONS : _DELETIONS + _EDITS]
    for number, i in enumerate(edited):
        store.edit("dashboards", i, title=f"Edited {number}")
    return len(edited)


def _trashed(looker: EmbeddedLooker, id: str) -> bool:
    return looker.store.world.in_trash("dashboards", looker.store.place("dashboards", id))


def _parts(log: list[Served]) -> Counter[str]:
    """Calls by what they are for."""
    parts: Counter[str] = Counter()
    for one in log:
        parts[_part(one)] += 1
    return parts


def _part(one: Served) -> str:
    name = _OPERATIONS.get(one.operation_id)
    if name is None:
        return "session"
    if name not in _STAMPED:
        return "others"
    if "fields" in one.query:
        return f"listing {name}"
    if one.operation_id == "dashboard":
        return "whether what is not listed is gone"
    return f"pages {name}"


def _extracted(
    looker: EmbeddedLooker, vault: Repository, types: list[str], *, all_due: bool = True
) -> Result:
    where = load({}, looker.env())
    config = parallel_config({})
    in_flight = InFlight(config.bytes_in_flight)
    client = Looker(where, pool_size=config.workers, admit=in_flight.hold)
    request = Request(
        types=select(types, []),
        base_url=where.base_url,
        program_version=lookervault.__version__,
        all_due=all_due,
    )
    result = Orchestrator(client, vault, config, Silent(), in_flight=in_flight).run(request)
    client.close()
    if result.end.status != "complete":
        raise RuntimeError(f"the run is {result.end.status}: {result.end.reasons}")
    return result
