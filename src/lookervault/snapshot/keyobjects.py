"""Key objects: the keys of a store, encrypted to its recipients. The newest one counts."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyrage

from lookervault.decoding import decodable
from lookervault.errors import DamagedError, StoreError, UsageError
from lookervault.snapshot.keyfiles import read_identities
from lookervault.snapshot.seal import Seal, derived
from lookervault.snapshot.store import Store

KEYS = "keys"
_ANOTHERS = "No matching keys found"
"""What age says where nothing is damaged."""
_KEY_OBJECT = re.compile(rf"{KEYS}/\d{{6}}")
KEYS_AGAIN = (
    "Bring it back from a copy, or from a version that the bucket keeps: nothing can write it"
    " again, and without it nothing can be read or pushed."
)


@decodable
class KeyObject(msgspec.Struct, frozen=True):
    """`content_key` is an age recipient, `sealed` the private parts, encrypted with age to
    `recipients`, which are sealed under the index key.

    `mac` is made with the index key: nobody else can bring the nightly machine to encrypt to
    another key. `area` begins the names of what was written with these keys: nothing, or a folder.
    """

    content_key: str
    sealed: str
    recipients: str
    mac: str
    area: str = ""


@decodable
class Private(msgspec.Struct, frozen=True):
    """`identities` are those of the content keys, the newest first."""

    index_key: str
    identities: list[str]


def wrapped(
    generation: int,
    content_key: str,
    private: Private,
    recipients: Sequence[str],
    *,
    area: str = "",
) -> tuple[str, bytes]:
    """A key object and its name: the keys of a store, encrypted to these recipients."""
    index_key, name = bytes.fromhex(private.index_key), name_of(generation)
    sealed = pyrage.encrypt(msgspec.json.encode(private), [_recipient(one) for one in recipients])
    names = msgspec.json.encode([one.strip() for one in recipients])
    found = KeyObject(
        content_key=content_key,
        sealed=_text(sealed),
        recipients=_text(Seal(index_key).close(KEYS, names)),
        mac="",
        area=area,
    )
    return name, msgspec.json.encode(msgspec.structs.replace(found, mac=mac(index_key, found)))


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
    name, data = wrapped(generation, content_key, private, recipients, area=area)
    if not store.create(name, data):
        raise StoreError(
            f"Somebody else has just written {name} in {store.url}.", hint="Try again."
        )
    return name


def recipients_of(index_key: bytes, found: KeyObject) -> tuple[str, ...]:
    """Of a key object whose `mac` is right."""
    sealed = base64.b64decode(found.recipients)
    names = Seal(index_key).open(KEYS, sealed)
    return tuple(msgspec.json.decode(names, type=list[str]))


def key_objects(store: Store) -> list[str]:
    """Their names, the newest last."""
    found = (one.name for one in store.list(f"{KEYS}/"))
    return sorted(name for name in found if _KEY_OBJECT.fullmatch(name))


def newest_key_object(store: Store) -> tuple[int, KeyObject]:
    names = key_objects(store)
    if not names:
        raise DamagedError(
            f"The key object of the store {store.url} is not there: its folder `keys` is empty.",
            hint=f"{KEYS_AGAIN} Or something else answers lists in its place, such as a proxy.",
        )
    try:
        found = msgspec.json.decode(store.get(names[-1]), type=KeyObject)
        return int(names[-1].rpartition("/")[2]), found
    except (msgspec.MsgspecError, ValueError):
        raise _damaged(store, names[-1]) from None


def _damaged(store: Store, name: str) -> DamagedError:
    return DamagedError(f"{name} in the store {store.url} is damaged.", hint=KEYS_AGAIN)


def read_private(store: Store, identity: Path) -> Private:
    """Of the newest key object. Raises `UsageError` where the identity does not open it."""
    generation, found = newest_key_object(store)
    return unwrap(identity, unpacked(store, generation, found), store)


def name_of(generation: int) -> str:
    return f"{KEYS}/{generation:06}"


def unpacked(store: Store, generation: int, found: KeyObject) -> bytes:
    """There is one way to write it: another is not what was written."""
    try:
        sealed = base64.b64decode(found.sealed, validate=True)
    except ValueError:
        sealed = b""
    if _text(sealed) != found.sealed:
        raise _damaged(store, name_of(generation))
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


def mac(index_key: bytes, found: KeyObject) -> str:
    told = (found.content_key, found.area, found.recipients, found.sealed)
    key = derived(index_key, b"", b"content key")
    return hmac.digest(key, "\0".join(told).encode(), "sha256").hex()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
