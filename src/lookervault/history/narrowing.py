"""Which folders and which users a person means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from lookervault.decoding import decodable
from lookervault.errors import UsageError
from lookervault.storage.repository import Repository

_MOST_NAMED = 5
_USERS = ("users", "embed_users")


@decodable
class _Folder(msgspec.Struct):
    parent_id: str | int | None = None


class _Credentials(msgspec.Struct):
    email: str | None = None


@decodable
class _User(msgspec.Struct):
    email: str | None = None
    credentials_email: _Credentials | None = None


def folders_below(vault: Repository, asked: str) -> set[str]:
    """A folder, by its id or name, and all those inside it as they lie now.

    An id that is no folder any more stands for itself. Raises `UsageError` where a name is that
    of no folder, or of several.
    """
    names = {row.id: row.name or "" for row in vault.items("folders")}
    found = {asked} if asked in names or asked.isdecimal() else _called(names, asked)
    if len(found) != 1:
        raise UsageError(
            f"{len(found) or 'No'} folders are called {asked!r}.",
            hint=f"Name it by its id{_some(found)}; `lookervault list folders` shows all.",
        )
    inside = _inside(vault)
    waiting = list(found)
    while waiting:
        below = inside[waiting.pop()] - found
        found |= below
        waiting += below
    return found


def _called(names: dict[str, str], asked: str) -> set[str]:
    return {id for id, name in names.items() if name.casefold() == asked.casefold()}


def _some(ids: set[str]) -> str:
    return f" ({', '.join(sorted(ids)[:_MOST_NAMED])})" if ids else ""


def _inside(vault: Repository) -> defaultdict[str, set[str]]:
    inside: defaultdict[str, set[str]] = defaultdict(set)
    for id, folder in decoded(vault, "folders", _Folder):
        if folder.parent_id is not None:
            inside[str(folder.parent_id)].add(id)
    return inside


def users_called(vault: Repository, asked: str) -> set[str]:
    """Ids of users by id, e-mail or name; a name may be that of several, and a part of it will do.

    Raises `UsageError` where there is none.
    """
    if asked.isdecimal():
        return {asked}
    wanted = asked.casefold()
    if "@" in asked:
        found = {id for id, mail in _mails(vault) if mail.casefold() == wanted}
    else:
        rows = (row for type in _USERS for row in vault.items(type))
        found = {row.id for row in rows if row.name and wanted in row.name.casefold()}
    if not found:
        raise UsageError(
            f"The vault knows no user {asked!r}.",
            hint="Give an id, an e-mail address or a name; `lookervault list users` shows all.",
        )
    return found


def _mails(vault: Repository) -> Iterator[tuple[str, str]]:
    for type in _USERS:
        for id, user in decoded(vault, type, _User):
            for holder in (user, user.credentials_email):
                if holder is not None and holder.email:
                    yield id, holder.email


def decoded[T](vault: Repository, type: str, shape: type[T]) -> Iterator[tuple[str, T]]:
    """Of items that are not deleted. What is not built as described is passed over."""
    decode = msgspec.json.Decoder(shape).decode
    for id, body in vault.bodies(type):
        try:
            yield id, decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
