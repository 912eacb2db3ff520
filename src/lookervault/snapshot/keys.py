"""The keys of a store.

The *index key* seals everything but content, and names all objects. The nightly machine has it.
Content is encrypted to the *content key*, an age key pair whose private part is in the store,
encrypted to the recipients, together with the index key: whoever holds the private key of one of
the recipients needs nothing else.
"""

from __future__ import annotations

import hmac
import re
from itertools import chain
from pathlib import Path

import msgspec
import pyrage

from lookervault.config.stores import StoreSettings
from lookervault.decoding import decodable
from lookervault.errors import DamagedError, NoSuchObjectError, StoreError, UsageError
from lookervault.snapshot.keyfiles import index_key_for, read_index_key, write_index_key
from lookervault.snapshot.keyobjects import (
    KEYS,
    KEYS_AGAIN,
    KeyObject,
    Private,
    check_recipients,
    key_objects,
    mac,
    name_of,
    newest_key_object,
    recipients_of,
    unpacked,
    unwrap,
    wrapped,
)
from lookervault.snapshot.names import SNAPSHOT_ID, SNAPSHOTS
from lookervault.snapshot.seal import Seal
from lookervault.snapshot.store import Store

CONFIG = "config"
AREAS = "areas"
"""The folder of those that are not the first."""
FORMAT = 1
_AGE, _NONE = "age", "none"
_AREA = re.compile(rf"({AREAS}/[0-9a-f]{{8}}/)?")
_SNAPSHOT = re.compile(rf"{_AREA.pattern}{SNAPSHOTS}/{SNAPSHOT_ID}")
_CONFIG_AGAIN = (
    "Bring it back from a copy, or from a version that the bucket keeps; or write it again: it is"
    ' one line, {"format":1,"encryption":"age"}, with "none" where the store was made with'
    " --no-encryption."
)


@decodable
class Config(msgspec.Struct, frozen=True):
    """What a store says openly of itself. `encryption`: `age` or `none`."""

    format: int
    encryption: str


_ENCRYPTED = msgspec.json.encode(Config(FORMAT, _AGE))


class Unmade(msgspec.Struct, frozen=True):
    """What a store begins with: its first objects by name, in this order; and the file of the
    index key with what is to be in it, where it is not there.
    """

    objects: dict[str, bytes]
    file: tuple[Path, bytes] | None = None


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """`recipient` is None where the store is not encrypted; `identities` are empty where content
    cannot be read here. `generation` is the number of the key object, `recipients` are its.
    `unmade` is what `made` is to write, where there is no store yet. `foreign` is a file that was
    given beside an identity, with the index key of another store.
    """

    seal: Seal
    area: str = ""
    generation: int = 0
    recipient: str | None
    identities: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    unmade: Unmade | None = None
    foreign: Path | None = None

    @property
    def reads_content(self) -> bool:
        return self.recipient is None or bool(self.identities)


def open_keys(store: Store, wanted: StoreSettings, *, make: bool = False) -> Keys:
    """Of a store; with `make`, also of one that is empty: nothing is written before `made`.

    Raises `NoSuchObjectError` where there is no store, `UsageError` where what was given does not
    do, `DamagedError` where the keys in the store are not what was written.
    """
    config = _config(store)
    if config is None and not make:
        raise NoSuchObjectError(
            f"There are no snapshots in {store.url}.",
            hint="Check the URL; `lookervault snapshot push` makes the first one.",
        )
    if config is None and not key_objects(store):
        return _new(store, wanted)
    if config is not None and config.encryption == _NONE:
        _check_keyless(store, wanted)
        return Keys(seal=Seal(None), recipient=None)
    if wanted.no_encryption:
        raise UsageError(f"The store {store.url} is encrypted.", hint="Leave out --no-encryption.")
    return _begun(store, wanted) if config is None else _of_encrypted(store, wanted)


def made(store: Store, keys: Keys) -> Keys:
    """Makes the store, where there is none yet. Raises `StoreError` where somebody else has."""
    if keys.unmade is None:
        return keys
    file = keys.unmade.file
    if file is not None:
        write_index_key(*file)
    for name, data in keys.unmade.objects.items():
        if not store.create(name, data):
            if file is not None and name != CONFIG:
                file[0].unlink()  # it opens nothing
            raise StoreError(
                f"Somebody else has made the store {store.url} meanwhile.",
                hint="Run the command again, with the index key of that store: `lookervault"
                " snapshot index-key --identity FILE --out FILE` writes it.",
            )
    return msgspec.structs.replace(keys, unmade=None)


def _begun(store: Store, wanted: StoreSettings) -> Keys:
    """Whoever made the store was stopped before the last object, or is about to write it."""
    try:
        keys = _of_encrypted(store, wanted)
    except UsageError as error:
        raise UsageError(
            f"Somebody began to make the store {store.url}. {error.message}",
            hint="Wait, and run the command again with their index key. If nobody is at it any"
            f" more, delete what is in its folder `{KEYS}`: there are no snapshots yet.",
        ) from None
    return msgspec.structs.replace(keys, unmade=Unmade({CONFIG: _ENCRYPTED}))


def _check_keyless(store: Store, wanted: StoreSettings) -> None:
    """Whoever may write `config` must not bring anybody with a key to send what all can read."""
    given = {
        "a recipient": wanted.recipients,
        "an index key": wanted.index_key,
        "an identity": wanted.identity,
    }
    found = [what for what, value in given.items() if value]
    if not found or wanted.no_encryption:
        return
    if key_objects(store):
        raise DamagedError(
            f"The object `config` says that the store {store.url} is not encrypted, and keys are in"
            " it: somebody has changed one of them. Nothing was sent.",
            hint=_CONFIG_AGAIN,
        )
    raise UsageError(
        f"The store {store.url} is not encrypted, there is no key to it; and {' and '.join(found)}"
        f" {'is' if len(found) == 1 else 'are'} given.",
        hint="Leave out the options, and the variables LOOKERVAULT_RECIPIENTS, _INDEX_KEY and"
        " _IDENTITY. If it was encrypted before, somebody has changed its object `config`.",
    )


def _config(store: Store) -> Config | None:
    """Raises `DamagedError` where it is gone: who makes another locks everybody out."""
    data = _got(store, CONFIG)
    if data is None and _has_snapshots(store):
        data = _got(store, CONFIG)  # somebody has made the store in between
        if data is None:
            raise DamagedError(
                f"The store {store.url} has snapshots, and its object `config` is not there."
                " Nothing was written.",
                hint=_CONFIG_AGAIN,
            )
    if data is None:
        return None
    try:
        config = msgspec.json.decode(data, type=Config)
    except (msgspec.MsgspecError, UnicodeError):
        raise DamagedError(
            f"The object `config` of the store {store.url} is damaged.", hint=_CONFIG_AGAIN
        ) from None
    if config.format != FORMAT or config.encryption not in (_AGE, _NONE):
        raise StoreError(
            f"The store {store.url} is of a newer LookerVault, or no store of snapshots.",
            hint="Update LookerVault, or check the URL.",
        )
    return config


def _got(store: Store, name: str) -> bytes | None:
    try:
        return store.get(name)
    except NoSuchObjectError:
        return None


def _has_snapshots(store: Store) -> bool:
    listed = chain(store.list(f"{SNAPSHOTS}/"), store.list(f"{AREAS}/"))
    return any(_SNAPSHOT.fullmatch(one.name) for one in listed)


def _new(store: Store, wanted: StoreSettings) -> Keys:
    if wanted.no_encryption:
        config = msgspec.json.encode(Config(FORMAT, _NONE))
        return Keys(seal=Seal(None), recipient=None, unmade=Unmade({CONFIG: config}))
    if not wanted.recipients:
        raise UsageError(
            f"The store {store.url} is new, and nothing says to whom it is to be encrypted.",
            hint="Give --recipient age1… (`age-keygen` makes one), or --no-encryption.",
        )
    check_recipients(wanted.recipients)
    if wanted.index_key is None:
        raise UsageError(
            "Nothing says where the index key is kept.",
            hint="Give --index-key FILE, or set LOOKERVAULT_INDEX_KEY: it is made there.",
        )
    index_key, is_there = index_key_for(wanted.index_key)
    content = pyrage.x25519.Identity.generate()
    recipient = str(content.to_public())
    private = Private(index_key.hex(), [str(content)])
    name, data = wrapped(1, recipient, private, wanted.recipients)
    return Keys(
        seal=Seal(index_key),
        recipient=recipient,
        identities=(str(content),) if wanted.identity else (),
        generation=1,
        recipients=wanted.recipients,
        unmade=Unmade(
            {name: data, CONFIG: _ENCRYPTED},  # in this order: without `config` there is no store
            file=None if is_there else (wanted.index_key, index_key),
        ),
    )


def _of_encrypted(store: Store, wanted: StoreSettings) -> Keys:
    generation, found = newest_key_object(store)
    sealed = unpacked(store, generation, found)
    identities: tuple[str, ...] = ()
    index_key = None
    if wanted.identity is not None:
        private = unwrap(wanted.identity, sealed, store)
        identities = tuple(private.identities)
        index_key = bytes.fromhex(private.index_key)
    elif wanted.index_key is not None:
        index_key = _read_index_key(store, wanted.index_key)
    if index_key is None:
        raise UsageError(
            f"The store {store.url} is encrypted, and no key is given.",
            hint="Give --index-key FILE (all but content can be read with it), or --identity FILE.",
        )
    if not hmac.compare_digest(found.mac, mac(index_key, found)):
        raise _misfit(store, generation, found, Seal(index_key))
    return Keys(
        seal=Seal(index_key),
        area=found.area,
        generation=generation,
        recipient=found.content_key,
        identities=identities,
        recipients=recipients_of(index_key, found),
        foreign=_foreign(wanted.index_key, index_key),
    )


def _foreign(path: Path | None, index_key: bytes) -> Path | None:
    """One that is not there is no obstacle for who has an identity. Raises `UsageError` where there
    is something else.
    """
    is_right = path is None or not path.exists() or read_index_key(path) == index_key
    return None if is_right else path


def _read_index_key(store: Store, path: Path) -> bytes:
    if not path.exists():
        raise UsageError(
            f"The store {store.url} has an index key already, and {path} is not there.",
            hint="Take the file of whoever made the store, or write it again: `lookervault snapshot"
            f" index-key --identity FILE --out {path}`.",
        )
    return read_index_key(path)


def _misfit(
    store: Store, generation: int, found: KeyObject, seal: Seal
) -> DamagedError | UsageError:
    """An index key that opens a snapshot is the right one: then the key object is not."""
    if _opens_snapshots(store, found.area, seal):
        return DamagedError(
            f"The index key opens the snapshots of {store.url}, and {name_of(generation)} was not"
            " made with it: somebody has changed the keys in the store. Nothing was sent.",
            hint=KEYS_AGAIN,
        )
    return UsageError(
        f"The index key is not the one of the store {store.url}.",
        hint="It is another store's, or one from before `snapshot rekey --new-index-key`:"
        " `lookervault snapshot index-key --identity FILE` writes the right one. If neither is so,"
        " somebody has put other keys into the store.",
    )


def _opens_snapshots(store: Store, area: str, seal: Seal) -> bool:
    if not _AREA.fullmatch(area):
        return False
    newest = max((one.name for one in store.list(f"{area}{SNAPSHOTS}/")), default=None)
    try:
        return newest is not None and bool(seal.open(newest, store.get(newest)))
    except (DamagedError, NoSuchObjectError):
        return False
