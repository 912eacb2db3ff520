"""What went wrong at a cloud: from the text of its library's error to one of ours.

The library gives its errors no attributes. Their text has the status and the body of the answer
and, after `Debug source:`, the kind of an error on the line; tests/snapshot/test_faults.py shows
each of them to this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from lookervault.errors import AccessError, LookerVaultError, NoSuchObjectError, StoreError
from lookervault.looker.text import clean, without

_STATUS = re.compile(r"non-2xx status code: ((\d{3})[^:\n]*)|\bstatus: (\d{3})\b")
_CODE = re.compile(r"<Code>\s*([\w.-]+)\s*</Code>|\(code: ([\w.-]+)\)|\"error\": ?\"([\w.-]+)\"")
_MESSAGE = re.compile(r"<Message>([^<\n]*)|failed for key [^\n:]*: ([^\n]*) \(code: ")
_RETRIED = re.compile(r", after \d+ retries,")
_LINE = re.compile(r"HttpError \{\s+kind: (\w+)")
_ADDRESS = re.compile(r"Error performing [A-Z]+ (https?://[^/\s?#@]+)")
_CAUSE = re.compile(
    r'(?:message|error): "([^"\n]*)"|((?:InvalidCertificate|InvalidMessage)\(\s*\w+)'
)
_FOR_CREDENTIALS = ("/latest/api/token", "/computeMetadata/", "token request", "AssumeRoleWith")
_BARE_REDIRECT = "Received redirect without LOCATION"
_BEYOND = "Wanted range starting at"
_AZURES_WORDS = {
    "The specified container does not exist": "ContainerNotFound",
    "not authorized to perform this operation using this permission":
        "AuthorizationPermissionMismatch",
    "immutable due to a policy": "BlobImmutableDueToPolicy",
    "immutable due to one or more legal holds": "BlobImmutableDueToLegalHold",
}  # fmt: skip
"""Its answer to a batch comes without the codes."""
_NO_OVERWRITE = re.compile(
    r"\b(UnauthorizedBlobOverwrite|AuthorizationPermissionMismatch|storage\.objects\.delete)\b"
)
"""What Azure and Google say of a PUT by somebody who may write only what is not there."""

_IS_THERE = {"BlobAlreadyExists", "PreconditionFailed", "ConditionNotMet"}
_PASSING = {
    "BadDigest", "ConditionalRequestConflict", "IncompleteBody", "Md5Mismatch", "OperationAborted",
    "RequestTimeout", "XAmzContentSHA256Mismatch",
}  # fmt: skip
"""Refusals of the moment that the library does not ask again after."""

type _Meaning = tuple[type[LookerVaultError], str]
"""The error, and what to do."""

_NO_PLACE: _Meaning = (
    StoreError,
    "Correct the name in the URL, or make the bucket: that is left to you.",
)
_REGION: _Meaning = (StoreError, "Set AWS_REGION to the region that the bucket is in.")
_EXPIRED: _Meaning = (AccessError, "Get new credentials: these have expired.")
_LOGIN: _Meaning = (AccessError, "Check the credentials, and that they are for this store.")
_FORBIDDEN: _Meaning = (AccessError, "Give these credentials the permission, or use others.")
_LOCKED: _Meaning = (
    AccessError,
    "A lock on the store keeps it: try again once that has ended.",
)
_CHECKSUM: _Meaning = (
    StoreError,
    "With AWS_REQUEST_CHECKSUM_CALCULATION=when_required no checksum is sent, without it one is.",
)
_CLOCK: _Meaning = (AccessError, "Set this machine's clock: a signature holds for minutes only.")
_NO_LOGIN: _Meaning = (
    AccessError,
    "Set credentials in the environment, or give this machine a role.",
)
_NOBODY: _Meaning = (StoreError, "Check the endpoint in the environment, and the network.")
_LATER: _Meaning = (StoreError, "Try again later.")
_OTHER: _Meaning = (StoreError, "Check the URL, and that an object store is at its endpoint.")

_BY_CODE = {
    "AccessDenied": _FORBIDDEN,
    "AuthenticationFailed": _LOGIN,
    "AuthorizationHeaderMalformed": _REGION,
    "BlobImmutableDueToLegalHold": _LOCKED,
    "BlobImmutableDueToPolicy": _LOCKED,
    "ContainerBeingDeleted": _NO_PLACE,
    "ContainerNotFound": _NO_PLACE,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "InvalidAccessKeyId": _LOGIN,
    "InvalidToken": _LOGIN,
    "NoSuchBucket": _NO_PLACE,
    "ObjectUnderActiveHold": _LOCKED,
    "PermanentRedirect": _REGION,
    "RequestTimeTooSkewed": _CLOCK,
    "RetentionPolicyNotMet": _LOCKED,
    "SignatureDoesNotMatch": _LOGIN,
    "TemporaryRedirect": _REGION,
    "TokenRefreshRequired": _EXPIRED,
}
_BY_STATUS: dict[int, _Meaning] = {
    HTTPStatus.MOVED_PERMANENTLY: _REGION,
    HTTPStatus.TEMPORARY_REDIRECT: _REGION,
    HTTPStatus.UNAUTHORIZED: _LOGIN,
    HTTPStatus.FORBIDDEN: _FORBIDDEN,
}


@dataclass(frozen=True, slots=True)
class Failure:
    said: str
    """The cause as people are told it; nothing of a request but its host is in it."""
    status: int
    """Of the answer; 0 where none came."""
    code: str
    """The cloud's own; empty where it gave none."""
    line: str
    """What broke on the way (`Connect`, `Request`, `Interrupted`, `Timeout`, …), or nothing."""
    retried: bool
    """The library sent the request more than once."""
    credentials: bool
    """The request was one for credentials."""
    may_be_there: bool
    """Refused perhaps as there is an object of the name."""

    @property
    def is_there(self) -> bool:
        """An object of the name. Not every 409 says so: some say that a write is under way."""
        return self.status == HTTPStatus.PRECONDITION_FAILED or self.code in _IS_THERE

    @property
    def is_missing(self) -> bool:
        refers_to_more = self.credentials or _BY_CODE.get(self.code) == _NO_PLACE
        return self.status == HTTPStatus.NOT_FOUND and not refers_to_more

    @property
    def is_beyond(self) -> bool:
        """What was asked for begins where the object has ended."""
        return self.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or _BEYOND in self.said

    @property
    def may_pass(self) -> bool:
        return (
            self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or self.status == HTTPStatus.TOO_MANY_REQUESTS
            or self.code in _PASSING
            or self.unsure
        )

    @property
    def unsure(self) -> bool:
        """The request may have been carried out all the same."""
        return self.line in ("Request", "Interrupted", "Timeout", "Decode")


def read(error: Exception) -> Failure:
    text, _, debug = str(error).partition("\n\nDebug source:")
    answer = _STATUS.search(text) or _STATUS.search(debug)
    status = int(answer[2] or answer[3]) if answer else 0
    code = _group(_CODE.search(text))
    if _BARE_REDIRECT in text:
        status, code = HTTPStatus.MOVED_PERMANENTLY, "PermanentRedirect"
    if code.isdecimal():  # Azure's answer to a batch
        status = int(code)
        code = next((one for words, one in _AZURES_WORDS.items() if words in text), "")
    line = _group(_LINE.search(debug))
    return Failure(
        said=_said(text, debug, answer, code, line),
        status=status,
        code=code,
        line=line,
        retried=_RETRIED.search(text) is not None,
        credentials=any(sign in text for sign in _FOR_CREDENTIALS),
        may_be_there=_NO_OVERWRITE.search(text) is not None,
    )


def _said(text: str, debug: str, answer: re.Match[str] | None, code: str, line: str) -> str:
    address = _group(_ADDRESS.search(text)) or "the store"
    cause = clean(_group(_CAUSE.search(debug)).replace("(", ": "))
    message = clean(_group(_MESSAGE.search(text)))
    if code or message:
        return f"{code}: {message}".strip(": ")
    if answer and answer[1]:
        return f"{address} answered {clean(answer[1])}"
    match line:
        case "":
            return clean(text.partition("\n")[0].removeprefix("Generic "))
        case "Connect":
            return f"no connection to {address}" + (f" ({cause})" if cause else "")
        case "Timeout":
            return f"no whole answer from {address} in time"
        case _:
            return f"the connection to {address} broke"


def _group(match: re.Match[str] | None) -> str:
    return next((group for group in match.groups() if group), "") if match else ""


def explained(
    failure: Failure, action: str, name: str, url: str, secrets: Iterable[str]
) -> LookerVaultError:
    """`action` is a verb; `name` an object's, or empty."""
    if failure.is_missing and name and action == "read":
        return NoSuchObjectError(f"There is no object {name} in {url}.")
    kind, hint = _meaning(failure)
    place = f"{name} in {url}" if name else url
    said = without(secrets, failure.said).rstrip(".")
    if failure.credentials:
        said = f"asked for credentials, {said}"
    return kind(f"Cannot {action} {place}: {said}.", hint=hint)


def _meaning(failure: Failure) -> _Meaning:
    """Of several that fit, the one that tells most."""
    if "x-amz-checksum" in failure.said:
        return _CHECKSUM
    if failure.code in _BY_CODE:
        return _BY_CODE[failure.code]
    if failure.credentials:
        return _NO_LOGIN
    if failure.line == "Connect":
        return _NOBODY
    return _BY_STATUS.get(failure.status, _LATER if failure.may_pass else _OTHER)
