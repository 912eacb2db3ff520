"""Where each item lies in a tree: a function of the state, and of where it lay before.

    folders/Sales/folder.json              a folder of Looker
    folders/Sales/Revenue.dashboard.json   what lies in it
    folders/~12/Revenue.dashboard.json     the folder 12, of which no more is known
    trash/Revenue.dashboard.json           what is in the trash
    users/Anna.json                        everything else

A name has its id only where another item of the folder has the same name. Whoever had it first
keeps the plain one: an item keeps its path as long as its title and its folder stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from lookervault.tree.names import LONGEST, folded, stem, suffix

FOLDERS, TRASH = "folders", "trash"
_DEEPEST = 500
"""Bytes of a folder's path; where it would be longer, it lies on top. macOS takes 1,024 in all."""

type Key = tuple[str, str]
"""A type and an id."""


class Item(NamedTuple):
    """What decides about the place. `folder` is the one that holds it; of a folder, its parent.
    `in_folder`: whether its type lives in folders.
    """

    type: str
    id: str
    title: str | None
    folder: str | None = None
    trashed: bool = False
    in_folder: bool = False

    @property
    def key(self) -> Key:
        return self.type, self.id


def paths(items: Iterable[Item], earlier: Mapping[Key, str], ending: str) -> dict[Key, str]:
    """The path of each item. `items` come in natural order of ids, folders among them; `earlier`
    is where they lay before, `ending` that of the files: json or yaml.
    """
    places = _Places(earlier, ending)
    folders: list[Item] = []
    by_holder: dict[tuple[str, str | None], list[Item]] = defaultdict(list)
    for item in items:
        if item.type == FOLDERS:
            folders.append(item)
        else:
            by_holder[_holder(item)].append(item)
    places.add_folders(folders)
    for (top, folder), held in by_holder.items():
        if folder is None:
            places.fill(top, top, held, named=top != TRASH)
        else:
            places.fill_folder(folder, held)
    return places.found


def _holder(item: Item) -> tuple[str, str | None]:
    if item.trashed:
        return TRASH, None
    if item.in_folder and item.folder is not None:
        return FOLDERS, item.folder
    return item.type, None


class _Wish(NamedTuple):
    key: Key
    plain: str
    own: str
    """The same name with the id."""
    last: str
    """A name like no other, where even that one is taken."""
    before: str
    """Its name in this place, empty where it was not here."""


class _Places:
    def __init__(self, earlier: Mapping[Key, str], ending: str) -> None:
        self._earlier = earlier
        self._ending = ending
        self._taken: dict[str, set[str]] = defaultdict(set)
        self._folders: dict[str, str] = {}
        self.found: dict[Key, str] = {}

    def add_folders(self, folders: Collection[Item]) -> None:
        children: dict[str | None, list[Item]] = defaultdict(list)
        known = {folder.id for folder in folders}
        for folder in folders:
            children[folder.folder if folder.folder in known else None].append(folder)
        waiting: list[tuple[str | None, str, str]] = [(None, FOLDERS, FOLDERS)]
        for parent, path, before in _growing(waiting):
            waiting += self._add_children(children.pop(parent, []), path, before)
        # What is left has itself above it.
        for folder in (one for held in children.values() for one in held):
            self._place_folder(folder, f"{FOLDERS}/{suffix(folder.id)}")

    def _add_children(
        self, folders: Collection[Item], path: str, before: str
    ) -> Iterator[tuple[str, str, str]]:
        wishes = [_wish(one, "", self._name_before(one, (path, before))) for one in folders]
        for (_, id), name in self._given(path, wishes).items():
            below = f"{path}/{name}"
            if len(below.encode()) > _DEEPEST:
                below = f"{FOLDERS}/{suffix(id)}"
            earlier = self._folder_before(id)
            self._place_folder(Item(FOLDERS, id, None), below)
            yield id, below, earlier or below

    def _place_folder(self, folder: Item, path: str) -> None:
        name = f"folder.{self._ending}"
        self._taken[path].add(folded(name))
        self._folders[folder.id] = path
        self.found[folder.key] = f"{path}/{name}"

    def _folder_before(self, id: str) -> str:
        return self._earlier.get((FOLDERS, id), "").rpartition("/")[0]

    def _name_before(self, folder: Item, within: Collection[str]) -> str:
        holder, _, name = self._folder_before(folder.id).rpartition("/")
        return name if holder in within else ""

    def fill_folder(self, folder: str, items: Collection[Item]) -> None:
        path = self._folders.get(folder) or f"{FOLDERS}/{suffix(folder)}"
        self.fill(path, self._folder_before(folder), items, named=False)

    def fill(self, path: str, before: str, items: Collection[Item], *, named: bool) -> None:
        """`named`: the place tells the type of what is in it."""
        wishes = []
        for item in items:
            ending = f".{self._ending}" if named else f".{_one_of(item.type)}.{self._ending}"
            holder, _, name = self._earlier.get(item.key, "").rpartition("/")
            wishes.append(_wish(item, ending, name if holder in (path, before) else ""))
        for key, name in self._given(path, wishes).items():
            self.found[key] = f"{path}/{name}"

    def _given(self, path: str, wishes: Collection[_Wish]) -> dict[Key, str]:
        """Who was here first is first asked; then the order of the ids counts."""
        given: dict[Key, str] = {}
        first = [wish for wish in wishes if wish.before == wish.plain]
        second = [wish for wish in wishes if wish.before == wish.own != wish.plain]
        for wish in first:
            given[wish.key] = self._take(path, wish.plain, wish.own, wish.last)
        for wish in second:
            given[wish.key] = self._take(path, wish.own, wish.last)
        for wish in wishes:
            if wish.key not in given:
                given[wish.key] = self._take(path, wish.plain, wish.own, wish.last)
        return given

    def _take(self, path: str, *names: str) -> str:
        """The first one that is free."""
        taken = self._taken[path]
        name = next((one for one in names if folded(one) not in taken), names[-1])
        taken.add(folded(name))
        return name


def _growing[T](items: list[T]) -> Iterator[T]:
    """The items, with those that are added meanwhile."""
    place = 0
    while place < len(items):
        yield items[place]
        place += 1


def _wish(item: Item, ending: str, before: str) -> _Wish:
    mark = suffix(item.id)
    room = LONGEST - len(ending.encode()) - len(mark)
    title = stem(item.title, room) if item.title else ""
    if not title and item.type != FOLDERS:
        title = stem(item.id, room)
    own = f"{title}{mark}{ending}"
    last = f"{suffix(f'{item.type}/{item.id}')}{ending}"
    return _Wish(item.key, f"{title}{ending}" if title else own, own, last, before)


def _one_of(type_name: str) -> str:
    return type_name.removesuffix("s")
