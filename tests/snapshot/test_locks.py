"""Stores that keep what is deleted, or refuse to: versions, locks, credentials that may not.

On S3, nothing that a lock holds is refused to be deleted: a delete marker is put before it. Google,
Azure and credentials refuse.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from bench import seaweed
from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import AccessError, Exit
from tests.cli.running import program
from tests.docs.running import ROOT, blocks
from tests.snapshot import azurite, buckets, google
from tests.snapshot.buckets import Bucket, Make
from tests.snapshot.conftest import Target, own_prefix, snapshot
from tests.snapshot.relay import error, relayed
from tests.unit.snapshot.world import night

STORES = ROOT / "docs/reference/stores.md"
MISMATCH = "This request is not authorized to perform this operation using this permission."
NIGHTS = 3
KEEP_ONE = ("--keep-last", "1", "--grace", "0h")


def in_bucket(bucket: Bucket, port: int, user: str = "everything") -> Target:
    return Target(f"s3://{bucket.name}/vault", seaweed.env_of(port, user))


def pushed(target: Target) -> None:
    """Some nights: of each, all but the newest needs little."""
    for number in range(NIGHTS):
        night(Path("vault.db"), number)
        done = snapshot(target, "push", "--no-encryption", "--vault", "vault.db")
        assert done.code == 0, done.err


def is_whole(target: Target, *runs: int) -> None:
    """It has snapshots of these runs, and the newest comes back."""
    assert [one["run"] for one in snapshot(target, "list").json] == [*runs]
    checked = snapshot(target, "verify", "--read-data")
    assert checked.json["status"] == "ok", checked.err
    assert snapshot(target, "pull", "latest", "--vault", "back.db").code == 0
    assert program("verify", "--vault", "back.db").code == 0
    Path("back.db").unlink()


@pytest.mark.parametrize("make", [buckets.versioned, buckets.locked], ids=["versions", "lock"])
def test_a_prune_leaves_versions_behind_which_bring_back_what_was_there(
    s3_port: int, make: Make
) -> None:
    bucket = make(s3_port, own_prefix())
    target = in_bucket(bucket, s3_port)
    pushed(target)
    is_whole(target, 3, 2, 1)
    done = snapshot(target, "prune", *KEEP_ONE)
    assert (done.code, done.json["status"]) == (0, "complete"), done.err
    assert done.json["deleted_objects"] > 0
    is_whole(target, 3)

    versions = bucket.versions()
    assert all(one.is_newest or not one.is_marker for one in versions)
    gone = {one.name for one in versions if one.is_marker}
    assert len(gone) == done.json["deleted_objects"] + len(done.json["removed"])
    data = [one for one in versions if one.name in gone and not one.is_marker]
    if make is buckets.locked:
        assert {bucket.delete_version(one) for one in data} == {403}
    for marker in versions:
        if marker.is_marker:
            assert bucket.delete_version(marker) == 204
    is_whole(target, 3, 2, 1)
    again = snapshot(target, "prune", *KEEP_ONE)
    assert again.json["deleted_objects"] == done.json["deleted_objects"]
    is_whole(target, 3)


def test_a_marker_taken_from_one_object_brings_back_that_and_harms_nothing(s3_port: int) -> None:
    bucket = buckets.versioned(s3_port, own_prefix())
    target = in_bucket(bucket, s3_port)
    pushed(target)
    assert snapshot(target, "prune", *KEEP_ONE).code == 0
    for marker in bucket.versions("vault/packs/"):
        if marker.is_marker:
            bucket.delete_version(marker)
    is_whole(target, NIGHTS)
    assert snapshot(target, "prune", *KEEP_ONE).json["deleted_objects"] > 0
    is_whole(target, NIGHTS)


def test_a_marker_taken_from_a_snapshot_alone_brings_back_one_that_is_lost(s3_port: int) -> None:
    bucket = buckets.versioned(s3_port, own_prefix())
    target = in_bucket(bucket, s3_port)
    pushed(target)
    done = snapshot(target, "prune", *KEEP_ONE)
    assert "make sure that nobody else uses the store" in done.told
    marker = next(one for one in bucket.versions("vault/snapshots/") if one.is_marker)
    bucket.delete_version(marker)
    lost = marker.name.rpartition("/")[2]
    assert snapshot(target, "verify").code == Exit.DAMAGED
    stopped = snapshot(target, "prune", *KEEP_ONE)
    assert stopped.code == Exit.DAMAGED
    assert lost in stopped.json["error"]["message"]
    assert "--lost" in stopped.json["error"]["hint"]
    later = snapshot(target, "prune", *KEEP_ONE, "--lost", lost)
    assert (later.code, later.json["unreadable"]) == (0, [lost]), later.err
    is_whole(target, NIGHTS)


# Credentials that may read, list and add


@pytest.fixture
def s3_adding(s3_port: int) -> Target:
    bucket = Bucket(s3_port, own_prefix())
    bucket.allow_guests(json.loads(next(blocks(STORES, "json"))))
    return in_bucket(bucket, s3_port, "guest")


@pytest.fixture
def azure_adding(azure_port: int) -> Iterator[Target]:
    with relayed(azure_port) as between:
        between.otherwise = azurite.refusing(403, "AuthorizationPermissionMismatch", MISMATCH)
        env = azurite.signed_env_of(between.port, "rlc")
        yield Target(f"az://{azurite.CONTAINER}/{own_prefix()}", env)


@pytest.fixture
def gcs_adding() -> Iterator[Target]:
    with google.serving() as server:
        server.deletes = False
        yield Target(f"gs://{google.BUCKET}/{own_prefix()}", server.env)


@pytest.fixture(params=["s3", "azure", "gcs"])
def adding(request: pytest.FixtureRequest) -> Target:
    """Somebody with no more rights than docs/reference/stores.md wants of a nightly job."""
    found: Target = request.getfixturevalue(f"{request.param}_adding")
    return found


def test_who_may_not_overwrite_is_told_of_what_is_there_like_everybody(adding: Target) -> None:
    store = adding.open()
    assert store.create("packs/one", b"1")
    assert not store.create("packs/one", b"2")
    assert store.get("packs/one") == b"1"


def test_nights_need_no_right_to_delete_and_prune_says_that_it_does(adding: Target) -> None:
    keys = {"LOOKERVAULT_STORE": adding.url, "LOOKERVAULT_INDEX_KEY": "index.key"}
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    with EmbeddedLooker(items=1) as looker:
        env = {**adding.env, **looker.env(), **keys}
        for _ in range(2):
            done = program("extract", "--json", env=env | {"LOOKERVAULT_RECIPIENTS": recipient})
            assert done.code == 0, done.err
    before = program("snapshot", "list", "--json", env=env).json
    assert [one["run"] for one in before] == [2, 1]
    done = program("snapshot", "prune", "--json", *KEEP_ONE, env=env)
    assert done.code == Exit.ACCESS
    error = done.json["error"]
    assert "1 of 1 snapshots that are not to be kept could not be removed" in error["message"]
    assert "AccessDenied" in error["message"] or "PermissionMismatch" in error["message"]
    assert "credentials that may delete" in error["hint"]
    assert program("snapshot", "list", "--json", env=env).json == before
    assert program("snapshot", "verify", env=env).code == 0


# Locks


def test_a_prune_that_may_not_delete_packs_says_so_and_a_later_one_goes_on(s3_port: int) -> None:
    bucket = Bucket(s3_port, own_prefix())
    bucket.allow_guests(
        {
            "Statement": [
                {"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::company-looker",
                 "arn:aws:s3:::company-looker/*"]},
                {"Effect": "Deny", "Action": "s3:DeleteObject",
                 "Resource": "arn:aws:s3:::company-looker/vault/packs/*"},
            ]
        }
    )  # fmt: skip
    target = in_bucket(bucket, s3_port, "guest")
    pushed(target)
    done = snapshot(target, "prune", *KEEP_ONE)
    assert (done.code, done.json["status"]) == (Exit.ACCESS, "incomplete")
    assert "AccessDenied" in done.json["error"]
    assert "Not all of it could be deleted" in done.told
    assert done.json["marked_objects"] > 0
    is_whole(target, NIGHTS)
    again = snapshot(target, "prune", *KEEP_ONE)
    assert (again.code, again.json["marked_objects"]) == (Exit.ACCESS, done.json["marked_objects"])
    whoever_may = in_bucket(bucket, s3_port)
    later = snapshot(whoever_may, "prune", *KEEP_ONE)
    assert (later.code, later.json["marked_objects"]) == (0, 0)
    assert later.json["freed_bytes"] >= done.json["marked_bytes"]
    is_whole(whoever_may, NIGHTS)


def test_a_lock_of_azure_is_told_in_its_words(azure_port: int) -> None:
    said = "This operation is not permitted as the blob is immutable due to a policy."
    with relayed(azure_port) as between:
        between.otherwise = azurite.refusing(409, "BlobImmutableDueToPolicy", said)
        url = f"az://{azurite.CONTAINER}/{own_prefix()}"
        store = Target(url, azurite.env_of(between.port)).open()
        store.create("packs/one", b"1")
        with pytest.raises(AccessError, match=f"BlobImmutableDueToPolicy: {said}") as caught:
            store.delete(["packs/one"])
    assert "lock" in caught.value.hint


def test_a_lock_of_google_is_told_in_its_words() -> None:
    with google.serving() as server:
        store = Target(f"gs://{google.BUCKET}/x", server.env).open()
        server.spoils = [error(403, "RetentionPolicyNotMet", "Until 2027.")]
        with pytest.raises(AccessError, match=r"RetentionPolicyNotMet: Until 2027\.") as caught:
            store.delete(["packs/one"])
    assert "lock" in caught.value.hint
