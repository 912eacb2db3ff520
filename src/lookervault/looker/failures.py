"""What went wrong with a call, said once and for all: from an answer or an exception to an error.

    what came                                               raised
    no connection, DNS, reset, timeout, cut off             TransientError
    a certificate that is not trusted, no TLS at all        CallError (final)
    429; 503 with Retry-After                               RateLimitedError
    other 5xx                                               TransientError
    401 · 403 · 404                                         Unauthorized-, Forbidden-, NotFoundError
    any other 4xx, a redirect                               RefusedError
    200 whose body is no JSON; any other 2xx                BadAnswerError

No message holds a query string, a token or a secret, nor characters that a terminal obeys.
"""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import msgspec
import urllib3.exceptions as http

from lookervault.errors import (
    BadAnswerError,
    CallError,
    ForbiddenError,
    NobodyThereError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    TransientError,
    UnauthorizedError,
)
from lookervault.looker.text import clean, without

_JSON_ENDS = {b"{": b"}", b"[": b"]", b'"': b'"'}
_OTHER_JSON_STARTS = b"-0123456789tfn"  # of numbers, true, false and null
_BLANKS = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` is looked up without regard to case; `body` is decoded from its encoding."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, for messages. `secrets` are masked should the server repeat them."""

    method: str
    url: str
    """Without a query."""
    secrets: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.url}"

    def quote(self, text: str) -> str:
        return clean(without(self.secrets, text))


def check(call: Call, answer: Answer, now: Callable[[], float]) -> bytes:
    """The body of a good answer; raises the error of any other. `now` is seconds since 1970."""
    if answer.status == HTTPStatus.NO_CONTENT:
        return b""
    if answer.status == HTTPStatus.OK:
        _check_json(call, answer)
        return answer.body
    raise _from_status(call, answer, now)


def _check_json(call: Call, answer: Answer) -> None:
    """Looks at both ends only: the body is parsed once, by whoever splits it."""
    first, last = _ends(answer.body)
    if not first:
        raise BadAnswerError(f"{call} was answered by an empty body.", hint=_TRY_LATER)
    if first in _OTHER_JSON_STARTS or _JSON_ENDS.get(first) == last:
        return
    if first in _JSON_ENDS:
        raise BadAnswerError(f"{call}: the JSON that came breaks off.", hint=_TRY_LATER)
    kind = call.quote(answer.headers.get("content-type", "")) or "no content type"
    raise BadAnswerError(
        f"{call} was answered by something that is no JSON ({kind}){_quoted(call, answer.body)}.",
        hint="A proxy or a login page may stand between here and Looker. Is the base URL right?",
    )


def _quoted(call: Call, body: bytes) -> str:
    """The beginning of a body. Masked first and cut then: half a secret is not recognized."""
    if call.method == "POST":
        return ""  # what answers a login may hold a token that is not known yet
    return f": {call.quote(body[:_READ_FOR_QUOTE].decode('utf-8', 'replace'))[:_QUOTED]!r}"


_QUOTED = 200
"""Characters of a body that is no JSON."""
_READ_FOR_QUOTE = 2**16


def _ends(body: bytes) -> tuple[bytes, bytes]:
    """First and last byte that are no blanks, mostly without a copy of the body."""
    first = body[:64].lstrip(_BLANKS)[:1] or body.lstrip(_BLANKS)[:1]
    last = body[-64:].rstrip(_BLANKS)[-1:] or body.rstrip(_BLANKS)[-1:]
    return first, last


_TRY_LATER = "Try again; if it stays so, look at Looker and at the proxies before it."


def _from_status(call: Call, answer: Answer, now: Callable[[], float]) -> CallError:
    status = answer.status
    told = f"{call} was answered by {status}{_reason_phrase(status)}{_told(call, answer)}"
    wait = retry_after(answer.headers.get("retry-after"), now)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None
    ):
        hint = "Fewer calls are wanted: lower --rate or --workers."
        return RateLimitedError(told, hint=hint, retry_after=wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientError(told, hint=_TRY_LATER)
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return BadAnswerError(told, hint=_TRY_LATER)
    if status < HTTPStatus.BAD_REQUEST and answer.headers.get("location"):
        return _redirected(call, answer)
    kind, hint = _FINAL.get(status, (RefusedError, "This call is not understood by this Looker."))
    return kind(told, hint=hint)


_FINAL: dict[int, tuple[type[CallError], str]] = {
    401: (UnauthorizedError, "Looker does not accept the login any more: check the API key."),
    403: (ForbiddenError, "Give the API user's role the permission to see it."),
    404: (NotFoundError, "It is not there, or the API user may not see it."),
}


def _redirected(call: Call, answer: Answer) -> RefusedError:
    target = call.quote(answer.headers["location"].partition("?")[0])
    return RefusedError(
        f"{call} was redirected to {target}, which is not followed: the login would go with it.",
        hint="If that is where Looker lives, write it as the base URL.",
    )


def _reason_phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def _told(call: Call, answer: Answer) -> str:
    """Looker's own words, `: message (field: message; …)`, where the body has them."""
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "."
    words = _words(body)
    return f": {call.quote(words)}" if words else "."


def _words(body: Any) -> str:
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    details = "; ".join(_details(errors)) if isinstance(errors, list) else ""
    message = str(body.get("message") or "")
    return f"{message} ({details})" if message and details else message or details


def _details(errors: list[Any]) -> Iterator[str]:
    for error in errors[:5]:
        if isinstance(error, dict):
            parts = (error.get("field"), error.get("message") or error.get("code"))
            yield ": ".join(str(part) for part in parts if part)


def retry_after(text: str | None, now: Callable[[], float]) -> float | None:
    """Seconds from `now`, from either form of the header (RFC 9110, 10.2.3); None if unusable."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date without a zone, or with "-0000", is in universal time.
    moment = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now())


# ── exceptions ──────────────────────────────────────────────────────────────────────────────────


def from_exception(call: Call, error: Exception, ca_source: str, *, met: bool) -> CallError:
    """The error of a call that got no whole answer. `ca_source`: where the CA file was named;
    `met`: whether anybody has ever answered there.
    """
    if certificate := _cause(error, ssl.SSLCertVerificationError):
        return _untrusted(call, certificate, ca_source)
    if _cause(error, ssl.SSLError) and _speaks_no_tls(error):
        return CallError(
            f"{call}: what answers there does not speak TLS.",
            hint="Is the port right? Customer-hosted Lookers have the API at port 19999.",
        )
    why, hint = _why(error)
    kind = TransientError if met or not _nobody_there(error) else NobodyThereError
    return kind(f"{call} got no answer: {why}.", hint=hint)


def _nobody_there(error: Exception) -> bool:
    """What is known at once, and what a wrong address, or a wrong proxy, looks like."""
    kinds = (http.NameResolutionError, ConnectionRefusedError, http.ProxyError)
    return any(_cause(error, kind) for kind in kinds)


def _untrusted(call: Call, error: ssl.SSLCertVerificationError, ca_source: str) -> CallError:
    return CallError(
        f"{call}: the certificate is not trusted: {clean(error.verify_message or str(error))}"
        f" (certificates to trust: {ca_source}).",
        hint="For a certificate authority of your own, give its certificates with --ca-file.",
    )


def _speaks_no_tls(error: Exception) -> bool:
    return any(word in str(error) for word in ("WRONG_VERSION_NUMBER", "RECORD_LAYER", "HTTP_RE"))


_CHECK_URL = "Is the base URL right, and is Looker reachable from here?"


def _why(error: Exception) -> tuple[str, str]:
    """(reason, hint), from the particular to the general."""
    system = _cause(error, OSError)
    if isinstance(error, http.ProxyError):
        return f"the proxy cannot be used ({_words_of(error)})", "Check HTTPS_PROXY and NO_PROXY."
    if _cause(error, http.NameResolutionError):
        return "the host's name is not known", _CHECK_URL
    if _no_file_is_left(system):
        return "too many open files", "Use fewer --workers, or raise the limit (ulimit -n)."
    if _cause(error, http.NewConnectionError):  # a ConnectTimeoutError, too, says urllib3
        return f"no connection ({_words_of(error)})", _CHECK_URL
    if _cause(error, http.ConnectTimeoutError):
        return "the connection was not accepted in time", _CHECK_URL
    if _cause(error, http.TimeoutError) or _cause(error, TimeoutError):
        return "nothing came within the timeout", "Raise LOOKERSDK_TIMEOUT if Looker is slow."
    return f"the connection broke ({_words_of(error)})", _TRY_LATER


def _no_file_is_left(system: OSError | None) -> bool:
    """Whoever looks up a name is not told that this is why it failed, so it is tried."""
    if system is None:
        return False
    if system.errno in (errno.EMFILE, errno.ENFILE):
        return True
    try:
        os.close(os.dup(2))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return False


def _words_of(error: Exception) -> str:
    """The innermost reason, in the system's words."""
    system = _cause(error, OSError)
    inner = system.strerror if system is not None and system.strerror else ""
    return clean(inner or str(_innermost(error)) or type(error).__name__, 120)


def _innermost(error: BaseException) -> BaseException:
    *_, last = _chain(error)
    return last


def _cause[E: BaseException](error: BaseException, kind: type[E]) -> E | None:
    return next((link for link in _chain(error) if isinstance(link, kind)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps: urllib3 keeps it as an argument, Python as `__cause__`."""
    link: BaseException | None = error
    for _ in range(10):
        if link is None:
            return
        yield link
        inner = (argument for argument in link.args if isinstance(argument, BaseException))
        link = next(inner, None) or link.__cause__
