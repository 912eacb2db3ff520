"""Between the program and a real S3: what breaks on the way, and what the clouds refuse.

What SeaweedFS does not say by itself comes from a relay in front of it, in the clouds' own words.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

import pytest

from bench import seaweed
from lookervault.errors import (
    AccessError,
    Exit,
    LookerVaultError,
    StoreError,
)
from lookervault.snapshot.clouds import Patience
from lookervault.snapshot.store import Store
from tests.snapshot import azurite, google
from tests.snapshot.conftest import Target, own_prefix
from tests.snapshot.relay import Relay, Spoil, answer, cut, dropped, error, lost, relayed, silent

IMPATIENT = Patience(attempt=0.5, retrying=1.5, first_wait=0.01, longest_wait=0.1)
"""For what is never answered."""
HOPELESS = Patience(attempt=0.4, retrying=0.2, first_wait=0.01, longest_wait=0.05)
DATA = bytes(range(256)) * 400

type Ask = Callable[[Store], object]

OPERATIONS: dict[str, Ask] = {
    "create": lambda store: store.create("packs/new", DATA),
    "get": lambda store: store.get("packs/there"),
    "get_part": lambda store: store.get_part("packs/there", 10, 300),
    "list": lambda store: [(found.name, found.size) for found in store.list("packs/")],
    "delete": lambda store: store.delete(["packs/there", "packs/missing"]),
}
ANSWERS: dict[str, object] = {
    "create": True,
    "get": DATA,
    "get_part": DATA[10:310],
    "list": [("packs/there", len(DATA))],
    "delete": None,
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS)


@pytest.fixture
def s3(relay: Relay) -> Target:
    """By way of the relay, with one object in it."""
    target = Target(f"s3://{seaweed.BUCKET}/{own_prefix()}", seaweed.env_of(relay.port))
    target.open().create("packs/there", DATA)
    return target


def refused(store: Store, operation: str) -> LookerVaultError:
    with pytest.raises(LookerVaultError) as caught:
        OPERATIONS[operation](store)
    assert caught.value.__cause__ is None
    assert store.url in caught.value.message
    assert "secret" not in caught.value.message + caught.value.hint
    return caught.value


# What passes by itself


@every_operation
@pytest.mark.parametrize(
    "spoil",
    [
        dropped,
        error(500, "InternalError", "We encountered an internal error. Please try again."),
        error(503, "SlowDown", "Please reduce your request rate."),
        error(429, "TooManyRequests"),
        answer(502, b"<html>Bad Gateway</html>"),
        error(400, "RequestTimeout", "Your socket connection was idle."),
    ],
    ids=["dropped", "500", "slow-down", "429", "html", "request-timeout"],
)
def test_what_fails_twice_is_asked_for_again(
    s3: Target, relay: Relay, operation: str, spoil: Spoil
) -> None:
    relay.spoils = [spoil, spoil]
    assert OPERATIONS[operation](s3.open()) == ANSWERS[operation]
    assert relay.spoils == []


@every_operation
def test_an_answer_that_is_lost_is_asked_for_again(
    s3: Target, relay: Relay, operation: str
) -> None:
    relay.spoils = [lost]
    assert OPERATIONS[operation](s3.open()) == ANSWERS[operation]


@every_operation
def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(
    s3: Target, relay: Relay, operation: str
) -> None:
    relay.spoils = [silent]
    assert OPERATIONS[operation](s3.open(IMPATIENT)) == ANSWERS[operation]


@pytest.mark.parametrize("operation", ["get", "get_part", "list"])
def test_an_answer_that_is_cut_is_made_whole(s3: Target, relay: Relay, operation: str) -> None:
    relay.spoils = [cut, cut]
    assert OPERATIONS[operation](s3.open()) == ANSWERS[operation]


@pytest.mark.parametrize("spoil", [lost, silent], ids=["lost", "silent"])
def test_another_ones_object_is_not_taken_for_the_one_whose_answer_was_lost(
    s3: Target, relay: Relay, spoil: Spoil
) -> None:
    relay.spoils = [spoil]
    assert not s3.open(IMPATIENT).create("packs/there", b"something else")
    assert s3.open().get("packs/there") == DATA


def test_a_write_that_meets_another_one_is_begun_again(s3: Target, relay: Relay) -> None:
    """S3 says 409 where it does not know yet; obstore takes that for an object of the name."""
    relay.spoils = [error(409, "ConditionalRequestConflict")] * 2
    assert s3.open().create("packs/new", DATA)
    assert s3.open().get("packs/new") == DATA


def test_an_object_goes_up_in_one_request(s3: Target, relay: Relay) -> None:
    store = s3.open()
    relay.requests.clear()
    store.create("packs/big", bytes(16 << 20))
    assert [request.method for request in relay.requests] == ["PUT"]
    assert relay.requests[0].headers["if-none-match"] == "*"


def test_an_object_goes_up_with_the_checksum_that_a_bucket_with_object_lock_asks_for(
    s3: Target, relay: Relay
) -> None:
    """Amazon refuses it without: `Content-MD5 OR x-amz-checksum- HTTP header is required`."""
    relay.requests.clear()
    s3.open().create("packs/new", DATA)
    s3.open(AWS_REQUEST_CHECKSUM_CALCULATION="when_required").create("packs/newer", DATA)
    sums = [request.headers.get("x-amz-checksum-sha256") for request in relay.requests]
    assert sums == [b64encode(sha256(DATA).digest()).decode(), None]


# What does not pass


@every_operation
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (error(503, "SlowDown", "Please reduce your request rate."), "SlowDown: Please reduce"),
        (answer(502, b"<html>Bad Gateway</html>"), "answered 502"),
        (dropped, "broke"),
        (silent, "no whole answer from http://127.0.0.1"),
    ],
    ids=["slow-down", "html", "dropped", "silent"],
)
def test_what_never_passes_ends_in_bounded_time(
    s3: Target, relay: Relay, operation: str, spoil: Spoil, said: str
) -> None:
    store = s3.open(HOPELESS)
    relay.otherwise = spoil
    failed = refused(store, operation)
    assert type(failed) is StoreError
    assert said in failed.message


@every_operation
def test_a_server_that_nobody_reaches_is_named(operation: str) -> None:
    with google.serving() as closed:
        port = closed.port
    target = Target(f"s3://{seaweed.BUCKET}/x", seaweed.env_of(port))
    failed = refused(target.open(), operation)
    assert type(failed) is StoreError
    assert f"no connection to http://127.0.0.1:{port} (Connection refused)" in failed.message


@pytest.mark.parametrize("operation", ["get", "get_part", "list"])
def test_an_answer_that_is_always_cut_is_not_taken_for_a_whole_one(
    s3: Target, relay: Relay, operation: str
) -> None:
    store = s3.open(HOPELESS)
    relay.otherwise = cut
    assert type(refused(store, operation)) is StoreError


@every_operation
@pytest.mark.parametrize("cloud", ["s3", "gcs", "azure"])
def test_a_bucket_that_is_not_there_is_no_empty_one(
    request: pytest.FixtureRequest, cloud: str, operation: str
) -> None:
    target: Target = request.getfixturevalue(cloud)
    elsewhere = target.url.replace("//snapshots/", "//elsewhere/")
    failed = refused(target._replace(url=elsewhere).open(), operation)
    assert type(failed) is StoreError
    assert "NoSuchBucket" in failed.message or "ContainerNotFound" in failed.message
    assert "make the bucket" in failed.hint


@pytest.mark.parametrize(
    ("user", "operation"),
    [("reading", "create"), ("reading", "delete"), ("writing", "get"), ("writing", "get_part"),
     ("writing", "list")],
)  # fmt: skip
def test_who_lacks_a_permission_is_told_which_operation_needs_it(
    s3: Target, s3_port: int, user: str, operation: str
) -> None:
    failed = refused(Target(s3.url, seaweed.env_of(s3_port, user)).open(), operation)
    assert type(failed) is AccessError
    assert failed.exit_code == Exit.ACCESS
    assert "AccessDenied" in failed.message


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "InvalidAccessKeyId"),
        ({"AWS_SECRET_ACCESS_KEY": "notTheSecret"}, "SignatureDoesNotMatch"),
    ],
)
def test_credentials_that_nobody_knows_are_refused(
    s3_port: int, wrong: dict[str, str], code: str
) -> None:
    target = Target(f"s3://{seaweed.BUCKET}/x", {**seaweed.env_of(s3_port), **wrong})
    failed = refused(target.open(), "get")
    assert type(failed) is AccessError
    assert code in failed.message


# In the clouds' own words

REGION = (
    "The authorization header is malformed; the region 'us-east-1' is wrong; expecting"
    " 'eu-central-1'"
)
SKEWED = "The difference between the request time and the current time is too large."


class Told(NamedTuple):
    kind: type[LookerVaultError]
    message: str
    hint: str


@every_operation
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (error(400, "AuthorizationHeaderMalformed", REGION),
         Told(StoreError, "expecting 'eu-central-1'", "AWS_REGION")),
        (error(301, "PermanentRedirect"), Told(StoreError, "PermanentRedirect", "AWS_REGION")),
        (error(400, "ExpiredToken", "The provided token has expired."),
         Told(AccessError, "ExpiredToken: The provided token has expired", "expired")),
        (error(403, "RequestTimeTooSkewed", SKEWED),
         Told(AccessError, "RequestTimeTooSkewed: The difference", "clock")),
        (error(403, "AccessDenied", "Access Denied"),
         Told(AccessError, "AccessDenied: Access Denied", "permission")),
        (error(400, "InvalidArgument", "Unsupported header 'x-amz-checksum-sha256' received."),
         Told(StoreError, "Unsupported header", "AWS_REQUEST_CHECKSUM_CALCULATION")),
        (error(400, "InvalidRequest", "Odd."), Told(StoreError, "InvalidRequest: Odd", "endpoint")),
        (error(418, "Teapot"), Told(StoreError, "Teapot", "endpoint")),
    ],
    ids=["region", "redirect", "expired", "clock", "denied", "sum", "invalid", "unheard-of"],
)  # fmt: skip
def test_a_refusal_is_told_in_the_clouds_words_at_once(
    s3: Target, relay: Relay, operation: str, spoil: Spoil, told: Told
) -> None:
    store = s3.open()
    relay.requests.clear()
    relay.otherwise = spoil
    failed = refused(store, operation)
    assert type(failed) is told.kind
    assert told.message in failed.message
    assert told.hint in failed.hint
    assert len(relay.requests) == 1


def test_a_write_that_is_sent_elsewhere_is_not_followed(s3: Target, relay: Relay) -> None:
    """S3 does so while the name of a new bucket is on its way through the world."""
    store = s3.open()
    relay.otherwise = answer(307, headers={"Location": "http://127.0.0.1:1/elsewhere"})
    failed = refused(store, "create")
    assert "answered 307" in failed.message
    assert "AWS_REGION" in failed.hint


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "AuthenticationRequired", AccessError),
        (403, "AccessDenied", AccessError),
        (403, "UserProjectAccountProblem", AccessError),
        (400, "InvalidArgument", StoreError),
    ],
)
@every_operation
def test_googles_refusals_are_told_as_they_are(
    operation: str, status: int, code: str, kind: type
) -> None:
    with google.serving() as server:
        store = Target(f"gs://{google.BUCKET}/x", server.env).open()
        server.otherwise = error(status, code)
        failed = refused(store, operation)
    assert type(failed) is kind
    assert code in failed.message


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AuthenticationFailed", AccessError),
        (403, "AuthorizationPermissionMismatch", AccessError),
        (409, "ContainerBeingDeleted", StoreError),
        (409, "AccountBeingCreated", StoreError),
        (404, "ContainerNotFound", StoreError),
    ],
)
@every_operation
def test_azures_refusals_are_told_as_they_are(
    azure_port: int, operation: str, status: int, code: str, kind: type
) -> None:
    """Each 409 is an object of the name to obstore, this one is none."""
    with relayed(azure_port) as between:
        store = Target(f"az://{azurite.CONTAINER}/x", azurite.env_of(between.port)).open()
        between.otherwise = error(status, code, "In Azure's words.\nRequestId:1\nTime:2")
        failed = refused(store, operation)
    assert type(failed) is kind
    assert f"{code}: In Azure's words." in failed.message


def test_what_a_server_repeats_of_a_secret_is_masked_and_the_rest_made_harmless(
    s3: Target, relay: Relay
) -> None:
    secret = s3.env["AWS_SECRET_ACCESS_KEY"]
    store = s3.open()
    relay.otherwise = error(403, "AccessDenied", f"You\x1b[31m sent {secret}." + "x" * 9_999)
    failed = refused(store, "get")
    assert secret not in failed.message
    assert "\x1b" not in failed.message
    assert len(failed.message) < 500
