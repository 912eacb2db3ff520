"""How the embedded Looker behaves while it runs: slow, limited, faulty, forbidding."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal


class Fault(Enum):
    """What can go wrong with one answer."""

    ERROR_500 = "500, Looker's error body"
    BAD_GATEWAY = "502, a proxy's HTML"
    UNAVAILABLE = "503, a load balancer's text"
    RESET = "the connection is reset before the answer"
    TRUNCATED = "the body ends early, the connection is closed"
    STALL = "half of the body, then silence"
    EXPIRED_TOKEN = "401, the token in use is no longer known"
    HTML_200 = "200, a proxy's HTML"
    NOT_JSON = "200, JSON that breaks off, with a correct Content-Length"
    EMPTY = "200, no body"
    TOO_MANY = "429 with Retry-After"
    TOO_MANY_SILENT = "429 without Retry-After"
    NOT_FOUND = "404, though it is there"
    FORBIDDEN = "403, though it is allowed otherwise"
    OTHER_ITEM = "another item than the one asked for (a list: its first row is another's)"
    REPEATED_ROW = "a list that has its first row twice and its last one not at all"
    SHORT_PAGE = "a list without its last row"


#: What `fault_rate` chooses from: whatever a healthy client survives by trying again.
RANDOM_FAULTS = (
    Fault.ERROR_500,
    Fault.BAD_GATEWAY,
    Fault.UNAVAILABLE,
    Fault.RESET,
    Fault.TRUNCATED,
    Fault.STALL,
    Fault.EXPIRED_TOKEN,
)


@dataclass(slots=True)
class Behaviour:
    """May be changed while the server runs: each request reads it anew.

    Ids are strings, types have the API's plural names, operations their operationId.
    """

    latency_ms: float = 0
    #: Requests a second that are let through, in bursts of up to one second's worth.
    rps: float | None = None
    fault_rate: float = 0
    fault_seed: int = 0
    stall_s: float = 30
    #: Faults that are aimed: each is used up by one request of that operation, in order.
    faults_for: dict[str, list[Fault]] = field(default_factory=dict)
    #: Operations that always answer 403 or 404.
    forbidden: dict[str, int] = field(default_factory=dict)
    #: Listed, but 404 by id and left out of searches that name ids.
    hidden_ids: dict[str, set[str]] = field(default_factory=dict)
    #: Nowhere to be seen: neither listed nor found by id.
    invisible_ids: dict[str, set[str]] = field(default_factory=dict)
    #: False: of `id=1,2,3` only the first id is understood.
    id_lists: bool = True
    #: What the `parent_id` of `all_content_metadatas` means.
    parent_id_is: Literal["folder", "metadata"] = "folder"
    #: The most rows a page has, whatever `limit` says; None: no maximum.
    max_limit: int | None = None
    token_lifetime_s: float = 3600
    #: False: the API user has a limited role, and searches show it a part only.
    admin: bool = True
    #: Answers are compressed for clients that accept it.
    gzip: bool = True

    def aimed_fault(self, operation_id: str) -> Fault | None:
        waiting = self.faults_for.get(operation_id)
        return waiting.pop(0) if waiting else None
