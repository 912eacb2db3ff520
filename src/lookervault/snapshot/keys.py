"""The keys of a store.

The *index key* seals everything but content, and names all objects. The nightly machine has it.
Content is encrypted to the *content key*, an age key pair whose private part is in the store,
encrypted to the recipients, together with the index key: whoever holds the private key of one of
the recipients needs nothing else.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import msgspec
import pyrage

from lookervault.config.stores import StoreSettings
from lookervault.errors import DamagedError, NoSuchObjectError, StoreError, UsageError
from lookervault.snapshot.keyfiles import index_key_at, read_identities, read_index_key
from lookervault.snapshot.seal import Seal, derived
from lookervault.snapshot.store import Store

CONFIG = "config"
KEYS = "keys"
AREAS = "areas"
"""The folder of those that are not the first."""
FORMAT = 1
_AGE, _NONE = "age", "none"
_ANOTHERS = "No matching keys found"
"""What age says where nothing is damaged."""
_KEY_OBJECT = re.compile(rf"{KEYS}/\d{{6}}")
_AREA = re.compile(rf"({AREAS}/[0-9a-f]{{8}}/)?")
_SNAPSHOT = re.compile(rf"{_AREA.pattern}snapshots/\d{{8}}T\d{{9}}Z-[0-9a-f]{{8}}")
_CONFIG_AGAIN = (
    "Bring it back from a copy, or from a version that the bucket keeps; or write it again: it is"
    ' one line, {"format":1,"encryption":"age"}, with "none" where the store was made with'
    " --no-encryption."
)
_KEYS_AGAIN = (
    "Bring it back from a copy, or from a version that the bucket keeps: nothing can write it"
    " again, and without it nothing can be read or pushed."
)


class Config(msgspec.Struct, frozen=True):
    """What a store says openly of itself. `encryption`: `age` or `none`."""

    format: int
    encryption: str


class KeyObject(msgspec.Struct, frozen=True):
    """`content_key` is an age recipient, `sealed` the private parts, encrypted with age.

    `mac` is made with the index key: nobody else can bring the nightly machine to encrypt to
    another key. `area` begins the names of what was written with these keys: nothing, or a folder.
    """

    content_key: str
    sealed: str
    mac: str
    area: str = ""


class Private(msgspec.Struct, frozen=True):
    """`identities` are those of the content keys, the newest first."""

    index_key: str
    identities: list[str]


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """`recipient` is None where the store is not encrypted; `identities` are empty where content
    cannot be read here. `made` is the file of the index key, where it was made now. `generation`
    is the number of the key object. `is_new` is true where the store was made now.
    """

    seal: Seal
    area: str = ""
    generation: int = 0
    recipient: str | None
    identities: tuple[str, ...] = ()
    made: Path | None = None
    is_new: bool = False

    @property
    def reads_content(self) -> bool:
        return self.recipient is None or bool(self.identities)


def open_keys(store: Store, wanted: StoreSettings, *, make: bool = False) -> Keys:
    """Of a store; with `make`, one that is empty becomes one of ours.

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
        return _make(store, wanted)
    if config is not None and config.encryption == _NONE:
        _check_keyless(store, wanted)
        return Keys(seal=Seal(None), recipient=None)
    if wanted.no_encryption:
        raise UsageError(f"The store {store.url} is encrypted.", hint="Leave out --no-encryption.")
    keys = _of_encrypted(store, wanted)
    if config is None:  # whoever made the store was stopped before that
        _create(store, CONFIG, Config(FORMAT, _AGE))
    return keys


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
    listed = chain(store.list("snapshots/"), store.list(f"{AREAS}/"))
    return any(_SNAPSHOT.fullmatch(one.name) for one in listed)


def _make(store: Store, wanted: StoreSettings) -> Keys:
    if wanted.no_encryption:
        _create(store, CONFIG, Config(FORMAT, _NONE))
        return Keys(seal=Seal(None), recipient=None, is_new=True)
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
    index_key, made = index_key_at(wanted.index_key)
    content = pyrage.x25519.Identity.generate()
    private = Private(index_key.hex(), [str(content)])
    add_key_object(store, 1, str(content.to_public()), private, wanted.recipients)
    _create(store, CONFIG, Config(FORMAT, _AGE))  # last: without it there is no store
    return Keys(
        seal=Seal(index_key),
        recipient=str(content.to_public()),
        identities=(str(content),) if wanted.identity else (),
        generation=1,
        made=made,
        is_new=True,
    )


def add_key_object(
    store: Store,
    generation: int,
    content_key: str,
    private: Private,
    recipients: Sequence[str],
    *,
    area: str = "",
) -> str:
    """Wraps the keys of a store to these recipients, under a new name."""
    text = msgspec.json.encode(private)
    sealed = pyrage.encrypt(text, [_recipient(one) for one in recipients])
    mac = _mac(bytes.fromhex(private.index_key), content_key, area, sealed)
    name = _name(generation)
    _create(store, name, KeyObject(content_key, base64.b64encode(sealed).decode(), mac, area))
    return name


def _create(store: Store, name: str, content: Config | KeyObject) -> None:
    if not store.create(name, msgspec.json.encode(content)):
        raise StoreError(
            f"Somebody else has just written {name} in {store.url}.", hint="Try again."
        )


def key_objects(store: Store) -> list[str]:
    """Their names, the newest last."""
    found = (one.name for one in store.list(f"{KEYS}/"))
    return sorted(name for name in found if _KEY_OBJECT.fullmatch(name))


def newest_key_object(store: Store) -> tuple[int, KeyObject]:
    names = key_objects(store)
    if not names:
        raise DamagedError(
            f"The key object of the store {store.url} is not there: its folder `keys` is empty.",
            hint=f"{_KEYS_AGAIN} Or something else answers lists in its place, such as a proxy.",
        )
    try:
        found = msgspec.json.decode(store.get(names[-1]), type=KeyObject)
        return int(names[-1].rpartition("/")[2]), found
    except (msgspec.MsgspecError, ValueError):
        raise _damaged(store, names[-1]) from None


def _damaged(store: Store, name: str) -> DamagedError:
    return DamagedError(f"{name} in the store {store.url} is damaged.", hint=_KEYS_AGAIN)


def read_private(store: Store, identity: Path) -> Private:
    """Of the newest key object. Raises `UsageError` where the identity does not open it."""
    generation, found = newest_key_object(store)
    return unwrap(identity, _unpacked(store, generation, found), store)


def _name(generation: int) -> str:
    return f"{KEYS}/{generation:06}"


def _of_encrypted(store: Store, wanted: StoreSettings) -> Keys:
    generation, found = newest_key_object(store)
    sealed = _unpacked(store, generation, found)
    identities: tuple[str, ...] = ()
    index_key = None
    if wanted.identity is not None:
        private = unwrap(wanted.identity, sealed, store)
        identities = tuple(private.identities)
        index_key = bytes.fromhex(private.index_key)
    elif wanted.index_key is not None:
        index_key = read_index_key(wanted.index_key)
    if index_key is None:
        raise UsageError(
            f"The store {store.url} is encrypted, and no key is given.",
            hint="Give --index-key FILE (all but content can be read with it), or --identity FILE.",
        )
    mac = _mac(index_key, found.content_key, found.area, sealed)
    if not hmac.compare_digest(found.mac, mac):
        raise _misfit(store, generation, found, Seal(index_key))
    return Keys(
        seal=Seal(index_key),
        area=found.area,
        generation=generation,
        recipient=found.content_key,
        identities=identities,
    )


def _misfit(
    store: Store, generation: int, found: KeyObject, seal: Seal
) -> DamagedError | UsageError:
    """An index key that opens a snapshot is the right one: then the key object is not."""
    if _opens_snapshots(store, found.area, seal):
        return DamagedError(
            f"The index key opens the snapshots of {store.url}, and {_name(generation)} was not"
            " made with it: somebody has changed the keys in the store. Nothing was sent.",
            hint=_KEYS_AGAIN,
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
    newest = max((one.name for one in store.list(f"{area}snapshots/")), default=None)
    try:
        return newest is not None and bool(seal.open(newest, store.get(newest)))
    except (DamagedError, NoSuchObjectError):
        return False


def _unpacked(store: Store, generation: int, found: KeyObject) -> bytes:
    """There is one way to write it: another is not what was written."""
    try:
        sealed = base64.b64decode(found.sealed, validate=True)
    except ValueError:
        sealed = b""
    if base64.b64encode(sealed).decode() != found.sealed:
        raise _damaged(store, _name(generation))
    return sealed


def unwrap(identity: Path, sealed: bytes, store: Store) -> Private:
    """The private parts. Raises `UsageError` where the identity is not one of the recipients'."""
    try:
        text = pyrage.decrypt(sealed, read_identities(identity))
    except pyrage.DecryptError as error:
        if str(error) != _ANOTHERS:
            raise _damaged(store, f"The newest object in {KEYS}/") from None
        raise UsageError(
            f"The identity {identity} opens no key of the store {store.url}.",
            hint="Take the file that belongs to one of the recipients.",
        ) from None
    return msgspec.json.decode(text, type=Private)


def check_recipients(texts: Sequence[str]) -> None:
    """Raises `UsageError` where one is none."""
    for text in texts:
        _recipient(text)


def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise UsageError(
            f"{text!r} is no age recipient.", hint="It begins with age1; `age-keygen` prints it."
        ) from None


def _mac(index_key: bytes, content_key: str, area: str, sealed: bytes) -> str:
    told = content_key.encode() + b"\0" + area.encode() + b"\0" + sealed
    return hmac.digest(derived(index_key, b"", b"content key"), told, "sha256").hex()
