"""What `uses` is asked about, and what the vault knows of that thing itself."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import NamedTuple

from lookervault.cli.vaults import not_there, up_to
from lookervault.errors import LookerVaultError, UsageError, VaultError
from lookervault.search.finding import Place
from lookervault.search.folding import fold
from lookervault.search.marks import OWN, Kind, explore
from lookervault.search.using import (
    Target,
    explores_of,
    ids_called,
    ids_of_mail,
    is_named,
    user_targets,
)
from lookervault.storage.contents import Contents, Interval
from lookervault.storage.repository import Repository
from lookervault.storage.search_index import SearchIndex

_PEOPLE = ("users", "embed_users")
_HOLDERS = {
    "look": ("looks",),
    "dashboard": ("dashboards",),
    "query": ("queries",),
    "folder": ("folders",),
    "group": ("groups",),
    "user": _PEOPLE,
}
"""The types whose items an option names by id."""


def asked_for(**given: str | None) -> dict[str, str]:
    """Raises `UsageError` where that is not one thing."""
    asked = {name: value for name, value in given.items() if value}
    if "explore" in asked and "model" not in asked:
        raise UsageError(
            "Which model's explore?", hint=f"Add --model: --model M --explore {asked['explore']}."
        )
    if len(asked.keys() - {"explore"}) != 1:
        raise UsageError(
            "Uses of one thing are shown: a field, or what one option names.",
            hint="`lookervault uses orders.revenue`, or `lookervault uses --look 42`.",
        )
    return asked


def words(asked: dict[str, str]) -> str:
    told = (value if name == "field" else f"{name} {value}" for name, value in asked.items())
    return ", ".join(told)


class Meant(NamedTuple):
    """`items` are the thing itself, if the vault has it."""

    targets: list[Target]
    items: list[tuple[str, str]]


def meant(index: SearchIndex, contents: Contents, asked: dict[str, str]) -> Meant:
    """Raises `UsageError` where nothing is called so."""
    if "explore" in asked:
        return Meant([Target(Kind.EXPLORE, explore(asked["model"], asked["explore"]))], [])
    ((name, value),) = asked.items()
    if name in {"field", "model"}:
        items = [("lookml_models", value)] if name == "model" else []
        return Meant([Target(Kind[name.upper()], value)], items)
    if name == "user" and "@" in value:
        ids = sorted(ids_of_mail(index, value))
        targets = [Target(Kind.EMAIL, fold(value)), *user_targets(contents, ids)]
    elif name == "user":
        ids = sorted(_ids(index, value, *_PEOPLE))
        targets = user_targets(contents, ids)
    else:
        named = name in {"group", "folder"}
        ids = sorted(_ids(index, value, *_HOLDERS[name])) if named else [value]
        targets = [Target(Kind[name.upper()], id) for id in ids]
    return Meant(targets, [(type, id) for id in ids for type in _HOLDERS[name]])


def _ids(index: SearchIndex, asked: str, *types: str) -> set[str]:
    """By id or name. Raises `UsageError` where nothing is called so."""
    if any(index.number(type, asked) is not None for type in types):
        return {asked}
    if found := ids_called(index, asked, *types):
        return found
    if asked.isdecimal():
        return {asked}
    if past := ids_called(index, asked, *types, past=True):
        raise UsageError(
            f"The vault holds no {types[0]} called {asked!r} now: it was the name of"
            f" {', '.join(sorted(past))}.",
            hint="Give the id.",
        )
    raise UsageError(
        f"The vault holds no {types[0]} called {asked!r}.",
        hint=f"Give an id or the whole name; `lookervault list {types[0]}` shows all.",
    )


class Known(NamedTuple):
    """What the vault knows of it: whether items name it, now or `before`, and its last versions.

    `past` are users who had the address that was asked for, and have it no more.
    """

    now: bool
    before: bool
    versions: list[tuple[str, str, Interval]]
    explores: list[str]
    past: list[str]


def known(index: SearchIndex, contents: Contents, asked: dict[str, str], one: Meant) -> Known:
    last = [
        (type, id, intervals[-1])
        for type, id in one.items
        if (intervals := contents.intervals(type, id))
    ]
    mail = asked.get("user", "")
    return Known(
        now=is_named(index, one.targets),
        before=is_named(index, one.targets, past=True),
        versions=last,
        explores=explores_of(contents, asked["model"]) if "explore" in asked else [],
        past=sorted(ids_of_mail(index, mail, past=True)) if "@" in mail else [],
    )


def check(repository: Repository, asked: dict[str, str], found: Known, vault: Path | None) -> None:
    """Raises `VaultError` where the vault has never heard of it. Of a field that is no wonder."""
    if "field" in asked or found.now or found.versions:
        return
    if asked.get("explore") in found.explores:
        return
    if found.past:
        raise VaultError(
            f"Nobody has the address {asked['user']} now: it was that of users"
            f" {', '.join(found.past)}.",
            hint=f"`lookervault uses --user {found.past[0]}` shows what is theirs.",
        )
    if not found.before:
        raise _unheard_of(repository, asked, found, vault)


def _unheard_of(
    repository: Repository, asked: dict[str, str], found: Known, vault: Path | None
) -> LookerVaultError:
    if "model" in asked:
        return _no_model(repository, asked, found.explores)
    ((name, value),) = asked.items()
    if "@" in value and name == "user":
        return VaultError(
            f"The vault knows no address {value}: nobody has it, and nothing is sent to it,"
            f" in any run{up_to(repository)}.",
            hint="`lookervault search` finds addresses by a part of them.",
        )
    return not_there(repository, _HOLDERS[name][0], value, vault=vault)


def _no_model(
    repository: Repository, asked: dict[str, str], explores: list[str]
) -> LookerVaultError:
    told = f"model {asked['model']}"
    if "explore" in asked:
        told = f"explore {asked['explore']} of the {told}"
    wanted, names, what = asked["model"], explores, "Models"
    if explores:
        wanted, what = asked["explore"], "Its explores"
    else:
        names = [item.id for item in repository.items("lookml_models")]
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5) or sorted(names)[:3]
    return VaultError(
        f"The vault knows no {told}: nothing names it in any run{up_to(repository)}.",
        hint=f"{what} are {', '.join(near)} …" if near else "Write it as queries name it.",
    )


def nothing(asked: dict[str, str], found: Known, types: list[str] | None) -> str:
    """That nothing uses it, and what else there is to say of that."""
    if types:
        return f"Nothing uses {words(asked)} among {', '.join(types)}."
    if found.before and not found.now:
        return f"Nothing uses {words(asked)}: only versions that have ended do."
    return f"Nothing uses {words(asked)}{': no item names it' if 'field' in asked else ''}."


def notes(found: Known) -> list[str]:
    """Of the thing itself, where it is not simply there."""
    told = []
    for type, id, version in found.versions:
        if version.end_run is not None:
            told.append(f"{type} {id} is deleted: run {version.end_run} found it gone.")
        elif version.trashed:
            told.append(f"{type} {id} is in the trash.")
    return told


_ROLES = {
    "owner": "owned by {}",
    "creator": "created by {}",
    "holds the role": "held by {}",
    "may view": "{} may view it",
    "may edit": "{} may edit it",
    "member of group": "member of {}",
    "inside group": "inside {}",
    "value of group": "value for {}",
    "folder": "lies in {}",
    "inside folder": "lies in {}",
    "home folder": "has {} as home folder",
    "personal folder": "has {} as personal folder",
}
"""By the words of a place, what the person, group or folder is to the item."""
_THINGS = {
    Kind.USER: ("user", *_PEOPLE),
    Kind.GROUP: ("group", "groups"),
    Kind.FOLDER: ("folder", "folders"),
}


def reason(found: Known, place: Place) -> str:
    """How an item uses what was asked for, as a person says it."""
    if place.kind is Kind.EXPLORE:
        model, _, explore = place.text.partition("::")
        return f"{place.where} {explore} of model {model}"
    if place.kind is Kind.QUERY and place.where.endswith(OWN):
        return f"{place.where} is {place.text}"
    if place.kind not in _THINGS or place.where not in _ROLES:
        return str(place)
    word, *types = _THINGS[place.kind]
    names = {(type, id): version.name for type, id, version in found.versions}
    name = next(filter(None, (names.get((type, place.text)) for type in types)), None)
    return _ROLES[place.where].format(f"{word} {place.text}{f' *{name}*' if name else ''}")
