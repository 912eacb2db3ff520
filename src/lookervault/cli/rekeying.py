"""`snapshot rekey` for a command: who may read the store from now on, and how it is told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from lookervault.cli import failures
from lookervault.cli.output import print_pairs, print_text
from lookervault.cli.stores import Opened
from lookervault.cli.text import duration, size
from lookervault.config.stores import StoreSettings
from lookervault.errors import UsageError
from lookervault.snapshot import keyfiles
from lookervault.snapshot.keyfiles import read_identities
from lookervault.snapshot.keyobjects import check_recipients, read_private
from lookervault.snapshot.rekey import Rekeyed, reencrypt
from lookervault.snapshot.rekey import rekey as only_rekey


def rekey(
    settings: StoreSettings, *, again: bool, new_index_key: Path | None
) -> tuple[dict[str, Any], Rekeyed]:
    """Raises `UsageError` where something is missing, before anything is written."""
    identity = _checked(settings, again=again, new_index_key=new_index_key)
    there = Opened(settings)
    store = there.store
    private = read_private(store, identity)
    if again:
        done = reencrypt(
            store,
            there.keys,
            private,
            settings.recipients,
            new_index_key=new_index_key,
            now=time.time(),
        )
    else:
        done = only_rekey(store, there.keys, private, settings.recipients)
    _note(settings, identity, done)
    found = {
        "status": "complete" if done.error is None else "incomplete",
        "key_object": done.key_object,
        "recipients": list(settings.recipients),
        "reencrypted": again,
        "snapshots": done.snapshots,
        "packs": done.packs,
        "index_key": None if new_index_key is None else str(new_index_key),
        "missed": done.missed,
        "error": None if done.error is None else done.error.message,
    }
    return found | there.traffic(), done


def _checked(settings: StoreSettings, *, again: bool, new_index_key: Path | None) -> Path:
    """The identity."""
    if new_index_key is not None and not again:
        raise UsageError(
            "A new index key alone opens nothing: all that is sealed is sealed with the old one.",
            hint="Add --reencrypt, which writes everything again.",
        )
    if not settings.recipients or settings.no_encryption:
        raise UsageError(
            "Nothing says to whom the keys are to be encrypted.",
            hint="Give --recipient age1… for each who is to read the store.",
        )
    check_recipients(settings.recipients)
    if new_index_key is not None:
        keyfiles.check_free(new_index_key)
    if settings.identity is None:
        raise UsageError(
            "Nobody can encrypt keys that they cannot read.",
            hint="Give --identity FILE, or set LOOKERVAULT_IDENTITY: that of an old recipient.",
        )
    return settings.identity


def write_index_key(settings: StoreSettings, out: Path) -> None:
    if settings.identity is None:
        raise UsageError(
            "The index key is in the store, encrypted to its recipients.",
            hint="Give --identity FILE, or set LOOKERVAULT_IDENTITY.",
        )
    private = read_private(Opened(settings).store, settings.identity)
    keyfiles.write_index_key(out, bytes.fromhex(private.index_key))


def _note(settings: StoreSettings, identity: Path, done: Rekeyed) -> None:
    own = {str(one.to_public()) for one in read_identities(identity)}
    if not own & {one.strip() for one in settings.recipients}:
        failures.note(f"The identity {identity} opens this store no more.")
    if done.made is not None:
        failures.note(
            f"The new index key was made: {done.made}. Bring it to the machines that push, and keep"
            " a copy; the old one opens this store no more."
        )
    for id in done.missed:
        failures.warn(f"Snapshot {id} was pushed with the old keys meanwhile: push it again.")


def print_rekeyed(found: dict[str, Any]) -> None:
    pairs = [("Keys", found["key_object"])]
    pairs += [("Recipient", one) for one in found["recipients"]]
    if found["reencrypted"]:
        pairs += [
            ("Snapshots", f"{found['snapshots']:,} encrypted anew"),
            ("Sent", f"{size(found['uploaded_bytes'])} in {found['packs']:,} packs"),
            ("Fetched", size(found["downloaded_bytes"])),
        ]
    print_pairs([*pairs, ("Time", duration(found["seconds"]))], colour="bold")
    if found["reencrypted"]:
        print_text(
            "What the old keys open is still in the store. `lookervault snapshot prune` marks it,"
            " and deletes it when it runs again a day later."
        )
    else:
        print_text(
            "Content is encrypted as it was: whoever kept a copy of the old keys still reads it."
            " --reencrypt changes that."
        )
