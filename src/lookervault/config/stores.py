"""Where snapshots are kept, and with which keys: flags come before the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lookervault.errors import UsageError

STORE = "LOOKERVAULT_STORE"
RECIPIENTS = "LOOKERVAULT_RECIPIENTS"
IDENTITY = "LOOKERVAULT_IDENTITY"
INDEX_KEY = "LOOKERVAULT_INDEX_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """`recipients` are age recipients as text; `identity` and `index_key` are files."""

    url: str
    recipients: tuple[str, ...] = ()
    identity: Path | None = None
    index_key: Path | None = None
    no_encryption: bool = False


def store_settings(flags: Mapping[str, object], env: Mapping[str, str]) -> StoreSettings | None:
    """`flags` has `store`, `recipient`, `identity`, `index_key` and `no_encryption`, None or false
    where not given. None where nobody names a store.

    Raises `UsageError` where the store is there and empty, and where a flag gives keys and there
    is no store. Variables of keys alone may be meant for other commands.
    """
    url = _url(flags, env)
    given = flags.get("recipient") or _words(env.get(RECIPIENTS, ""))
    recipients = tuple(given) if isinstance(given, Sequence) else ()
    if flags.get("no_encryption") and flags.get("recipient"):
        raise UsageError(
            "--recipient and --no-encryption exclude each other.", hint="Leave one of them out."
        )
    if url is None:
        _check_no_keys(flags)
        return None
    return StoreSettings(
        url=url,
        recipients=() if flags.get("no_encryption") else recipients,
        identity=_file(flags.get("identity") or env.get(IDENTITY)),
        index_key=_file(flags.get("index_key") or env.get(INDEX_KEY)),
        no_encryption=bool(flags.get("no_encryption")),
    )


def needed(flags: Mapping[str, object], env: Mapping[str, str]) -> StoreSettings:
    """As `store_settings`. Raises `UsageError` where nobody names a store."""
    found = store_settings(flags, env)
    if found is None:
        raise UsageError(
            "Nothing says where snapshots are kept.",
            hint=f"Give --store URL, or set {STORE}: s3://bucket/prefix, gs://bucket/prefix,"
            " az://container/prefix, file:///folder.",
        )
    return found


def _url(flags: Mapping[str, object], env: Mapping[str, str]) -> str | None:
    """An empty one is no default, as it is elsewhere: the backup would be a plain file here."""
    flag = flags.get("store")
    url, source = (env.get(STORE), STORE) if flag is None else (str(flag), "--store")
    if url is None or url.strip():
        return url
    raise UsageError(
        f"The store's URL is empty ({source}).",
        hint=f"Give --store URL, or set {STORE}. To do without a store: unset {STORE}.",
    )


def _check_no_keys(flags: Mapping[str, object]) -> None:
    for name in ("recipient", "identity", "index_key", "no_encryption"):
        if flags.get(name):
            raise UsageError(
                f"--{name.replace('_', '-')} is for a store, and nothing names one.",
                hint=f"Give --store URL, or set {STORE}. A vault on this disk is not encrypted.",
            )


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]


def _file(given: object) -> Path | None:
    return Path(str(given)) if given else None
