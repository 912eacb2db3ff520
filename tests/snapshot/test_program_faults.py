"""What the program says, and how it ends, where a store, the way to it or the disk fails."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bench import seaweed
from lookervault.storage.verify import verify
from tests.cli.forking import Constraint
from tests.cli.running import Completed, program
from tests.snapshot.conftest import Target, own_prefix, snapshot
from tests.snapshot.relay import Ask, Relay, Spoil, dropped, error, good, lost
from tests.unit.looker.stand_in import Reply, Request

REGION = "The authorization header is malformed; expecting 'eu-central-1'"
SKEWED = "The difference between the request time and the current time is too large."
EXPIRED = error(400, "ExpiredToken", "The provided token has expired.")
SLOW = error(503, "SlowDown", "Please reduce your request rate.")


@pytest.fixture
def s3(relay: Relay) -> Target:
    return Target(f"s3://{seaweed.BUCKET}/{own_prefix()}", seaweed.env_of(relay.port))


def push(target: Target, vault: Path) -> Completed:
    return snapshot(target, "push", "--no-encryption", "--vault", vault)


def check_pushed(target: Target, vault: Path) -> None:
    done = push(target, vault)
    assert done.code == 0, done
    assert snapshot(target, "verify", "--read-data").json["status"] == "ok"


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (error(400, "AuthorizationHeaderMalformed", REGION), 1, ("eu-central-1", "AWS_REGION")),
        (EXPIRED, 4, ("ExpiredToken: The provided token", "these have expired")),
        (error(403, "RequestTimeTooSkewed", SKEWED), 4, ("TooSkewed", "machine's clock")),
        (error(403, "AccessDenied", "Access Denied"), 4, ("AccessDenied", "the permission")),
        (error(404, "NoSuchBucket", "No such bucket"), 1, ("NoSuchBucket", "make the bucket")),
    ],
    ids=["region", "expired", "clock", "denied", "bucket"],
)
@pytest.mark.parametrize(
    "arguments",
    [("list",), ("pull", "latest", "--vault", "back.db"), ("push", "--vault", "vault.db")],
    ids=["list", "pull", "push"],
)
def test_a_refusal_is_told_in_the_clouds_words(
    s3: Target,
    relay: Relay,
    vault: Path,
    *,
    arguments: tuple[str, ...],
    spoil: Spoil,
    code: int,
    said: tuple[str, str],
) -> None:
    relay.otherwise = spoil
    done = snapshot(s3, *arguments)
    assert (done.code, done.json["error"]["code"]) == (code, code), done
    assert all(one in done.told for one in said), done.told
    assert not Path("back.db").exists()
    assert vault.exists()


def amid(uploads: int, spoil: Spoil) -> Spoil:
    """So many writes arrive; from then on all requests are spoiled."""
    lock, arrived = threading.Lock(), list[str]()

    def between(request: Request, ask: Ask) -> Reply:
        with lock:
            if len(arrived) >= uploads:
                return spoil(request, ask)
            if request.method == "PUT":
                arrived.append(request.target)
        return good(request, ask)

    return between


@pytest.mark.parametrize("uploads", [1, 2, 3])
def test_credentials_that_expire_amid_a_push_lose_nothing(
    s3: Target, relay: Relay, vault: Path, uploads: int
) -> None:
    relay.otherwise = amid(uploads, EXPIRED)
    done = push(s3, vault)
    assert done.code == 4, done
    assert "ExpiredToken: The provided token has expired. Get new credentials" in done.told
    relay.otherwise = good
    check_pushed(s3, vault)


@pytest.mark.parametrize("spoil", [dropped, lost, SLOW], ids=["dropped", "lost", "slow"])
def test_what_passes_is_waited_for(s3: Target, relay: Relay, vault: Path, spoil: Spoil) -> None:
    """Each request fails the first time that it is sent."""
    seen = set[tuple[str, str, int]]()

    def between(request: Request, ask: Ask) -> Reply:
        told = (request.method, request.target, len(request.body))
        if told in seen:
            return good(request, ask)
        seen.add(told)
        return spoil(request, ask)

    relay.otherwise = between
    assert push(s3, vault).code == 0
    assert snapshot(s3, "pull", "--vault", "back.db").code == 0
    relay.otherwise = good
    assert verify(Path("back.db"), deep=True).status == "ok"
    check_pushed(s3, vault)


@pytest.mark.parametrize(
    ("user", "arguments"),
    [
        ("reading", ("push", "--no-encryption", "--vault", "vault.db")),
        ("reading", ("prune", "--keep-last", "1", "--grace", "0h")),
        ("writing", ("list",)),
        ("writing", ("pull", "--vault", "back.db")),
        ("writing", ("push", "--vault", "vault.db")),
    ],
)
def test_whoever_lacks_a_permission_is_told_and_changes_nothing(
    s3_port: int, vault: Path, user: str, arguments: tuple[str, ...]
) -> None:
    own = Target(f"s3://{seaweed.BUCKET}/{own_prefix()}", seaweed.env_of(s3_port))
    for run in ("1", "2"):
        snapshot(own, "push", run, "--no-encryption", "--vault", vault)
    before = {one.name for one in own.open().list("")}
    done = snapshot(own._replace(env=seaweed.env_of(s3_port, user)), *arguments)
    assert done.code == 4, done
    assert "AccessDenied" in done.json["error"]["message"]
    assert {one.name for one in own.open().list("")} == before


@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 0.9])
def test_a_disk_that_is_full_while_pulling_leaves_no_half_of_a_vault(
    folder: Target, vault: Path, share: float
) -> None:
    assert push(folder, vault).code == 0
    assert snapshot(folder, "pull", "--vault", "whole.db").code == 0
    limit = Constraint("RLIMIT_FSIZE", int(share * Path("whole.db").stat().st_size))
    arguments = ("snapshot", "pull", "--vault", "back.db", "--store", folder.url, "--json")
    done = program(*arguments, command=limit)
    assert (done.code, done.json["status"]) == (1, "failed"), done
    assert "pace" in done.told
    left = {file.name for file in Path.cwd().iterdir() if file.name.startswith("back.db")}
    assert left <= {"back.db.pulling"}
    assert program(*arguments).code == 0
    assert verify(Path("back.db"), deep=True).status == "ok"
    assert not Path("back.db.pulling").exists()
