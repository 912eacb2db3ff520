"""What a content type is: the contract between the types, the engine and the rooms around them.

A type is one module in `content/types/` that builds one `ContentType`, and one line in
`content/registry.py`. The engine knows nothing of dashboards or alerts: it asks the type's
`Source` what there is (`census`), in which pages to fetch what is due (`batches`), and to fetch
one (`fetch`). Looker and the vault are met through the two protocols `Reader` and `Known`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec

from lookervault.content.operations import Operation
from lookervault.decoding import decodable

CENSUS_LIMIT = 5000
"""Rows a census page asks for. No maximum is documented: the rows that came are believed."""


class Entry(NamedTuple):
    """One id of a census. `updated_at` is the API's own spelling, None where it has none.

    `part` is the place the object is fetched from, where that matters: the folder of a look,
    `trash` for what was moved to the trash. The others are None where the listing has them not.
    """

    id: str
    updated_at: str | None = None
    part: str = ""
    folder_id: str | None = None
    last_viewed_at: str | None = None
    view_count: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Ids that exist, without their objects."""

    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer that holds objects, exactly as it came.

    With `id`, the whole body is the object of that id; without, it is an array of objects.
    """

    body: bytes
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of work: `entries` are what it must bring, `number` its place in the type's plan.

    `offset` is set where the server takes no id lists and the page is a window into the listing.
    """

    type: str
    number: int
    entries: tuple[Entry, ...]
    part: str = ""
    offset: int | None = None
    limit: int | None = None


class Reader(Protocol):
    """Calls to Looker, with retries, rate limit and counting behind it. Thread-safe.

    Raises `CallError` when a call failed for good.
    """

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes: ...


class Known(Protocol):
    """What the vault holds as of this run. Thread-safe."""

    def ids(self, type_name: str) -> Collection[str]:
        """Of everything the run holds of a type, sorted."""
        ...

    def objects(self, type_name: str) -> Iterator[tuple[str, Any]]:
        """(id, decoded object) of everything the run holds of a type, in order of ids."""
        ...

    def needed(self, type_name: str) -> set[str]:
        """Ids of a type that stored objects refer to and none of them embeds."""
        ...


class Scope(NamedTuple):
    """`folders`: only what lies in these folders; None is the whole instance."""

    folders: frozenset[str] | None = None

    def holds(self, folder_id: str | None) -> bool:
        return self.folders is None or folder_id in self.folders


class View(NamedTuple):
    """What a census looks at."""

    read: Reader
    known: Known
    scope: Scope


class Since(NamedTuple):
    """Where a listing that was read before is gone on with: at a row that held one of `ids`."""

    row: int = 0
    ids: AbstractSet[str] = frozenset()


NOTHING_YET = Since()


class Census(NamedTuple):
    """What was listed of a type. `parts` counts it by `Entry.part`; empty where the rows of the
    listing and the ids are not the same, as in a run over some folders.
    """

    parts: Mapping[str, int]
    ids: AbstractSet[str]

    def since(self, rows: int) -> Since:
        return Since(max(0, rows - 1), self.ids)


class Due(NamedTuple):
    """What is to be fetched of a type; `size()` is asked before each page, as it follows the
    sizes seen. `id_lists`: the server takes several ids in one call.
    """

    type: str
    entries: Sequence[Entry]
    size: Callable[[], int]
    id_lists: bool


class Source(Protocol):
    """How a type is listed and fetched. Stateless; every method may run in any worker thread."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Each GET it may send; together they are the type's part of the allow-list."""
        ...

    @property
    def id_lists(self) -> bool:
        """Whether batches ask for several ids in one call, which the first batch then probes."""
        ...

    @property
    def looks_again(self) -> bool:
        """Whether an id that the census shows no more is asked for before it counts as deleted."""
        ...

    def census(self, view: View) -> Iterator[Listed | Answer]:
        """What exists now. A source whose listing is whole yields its objects at once."""
        ...

    def added(self, view: View, census: Census) -> Iterator[Listed]:
        """What was created since the census."""
        ...

    def batches(self, due: Due) -> Iterator[Batch]:
        """The due entries as pages."""
        ...

    def fetch(self, read: Reader, batch: Batch) -> Iterator[Answer]:
        """One page's objects. May bring more than asked for, or less."""
        ...

    def fetch_one(self, read: Reader, entry: Entry) -> Answer:
        """One object by its own call; raises `NotFoundError` where it is gone or hidden."""
        ...


class References(NamedTuple):
    """(type, id) pairs. `has`: objects inside the object; `needs`: those it names by id alone."""

    has: Iterable[tuple[str, str]] = ()
    needs: Iterable[tuple[str, str]] = ()


def no_references(_: Any) -> References:
    return References()


def title_of(obj: Any) -> str | None:
    """What a person calls the object."""
    if not isinstance(obj, dict):
        return None
    for key in ("title", "label", "display_name", "name"):
        if isinstance(value := obj.get(key), str) and value:
            return value
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentType:
    """One content type. The API's plural name is its `name`."""

    name: str
    schema: str
    """The object's schema in the API's description; with `[]` where the object is an array."""
    holds: str
    permission: str
    """What the API user needs in order to see all of it, in Looker's words."""
    cost: str
    """Calls for N objects in pages of P."""
    source: Source
    key: str | None = "id"
    """The member that identifies an object; None where only the call that brought it does."""
    after: tuple[str, ...] = ()
    """Types that must be in the vault before the census of this one."""
    noise: tuple[str, ...] = ()
    """Paths of volatile and derived fields, left out of the content hash.

    `a.b` is a member of a member, `a[].b` a member of each element, `[].b` a member of each
    element of an object that is an array. What is not there or has another shape is skipped.
    """
    secrets: tuple[str, ...] = ()
    """Names of members whose value is cut out, at any depth, before anything is written."""
    unordered: bool = False
    """The object is an array whose order carries no meaning."""
    references: Callable[[Any], References] = no_references
    title: Callable[[Any], str | None] = title_of
    default: bool = True
    """Whether a run without type arguments includes it."""
    in_scope: bool = False
    """Whether a run over some folders includes it."""
    in_folder: Callable[[Any], str | None] | None = None
    """The folder that holds an object, for types that live in folders."""
    stamped: bool = False
    """Its census tells when each object was changed (`updated_at`)."""
    immutable: bool = False
    """An id's object never changes: what the vault has is not fetched again."""
    every: float = 0
    """Days between two readings of it, unless somebody wants it otherwise; 0 is every run."""
    typical_size: int = 2_000
    """Bytes of an object, until sizes have been seen."""

    def slice_key(self, id: str, *, trashed: bool, folder_id: str | None) -> str:
        """Objects of one key are in the same slice: those of a folder, if one call brings them."""
        by_folder = self.in_folder is not None and not self.source.id_lists
        return folder_id if by_folder and folder_id and not trashed else id


class Item(msgspec.Struct, frozen=True):
    """One object as it was read and as it is stored."""

    type: str
    id: str
    body: bytes
    """What the API gave, except that secrets are `null`."""
    hash: bytes
    """SHA-256 of the canonical form, or of the body where `raw_hashed`; 32 bytes."""
    raw_hashed: bool = False
    name: str | None = None
    updated_at: str | None = None
    trashed: bool = False
    folder_id: str | None = None
    refs: bytes | None = None
    """JSON `{"has": {type: [ids]}, "needs": {type: [ids]}}`, None where there are none."""
    redacted: tuple[str, ...] = ()
    """Paths of the values that were cut out."""


@decodable
class Missing(msgspec.Struct, frozen=True, order=True):
    """Something the run could not bring. `id` is `*` where a whole type is concerned."""

    type: str
    id: str
    reason: str
