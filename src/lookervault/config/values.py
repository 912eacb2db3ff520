"""From a setting's text to its value. Each raises `UsageError` that names the text's source."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from lookervault.config.secret import Secret
from lookervault.errors import UsageError

YES = ("yes", "y", "true", "t", "1")
NO = ("no", "n", "false", "f", "0")
LONGEST_TIMEOUT = 86_400.0

_API_PATH = re.compile(r"/api(/\d+\.\d+)?$")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def yes_no(text: str, source: str) -> bool:
    if (word := text.strip().lower()) in YES + NO:
        return word in YES
    raise UsageError(
        f"{source} is {text!r}, which is neither yes nor no.", hint="Use true or false"
    )


def monthly_calls(text: str, source: str) -> int | None:
    number = text.strip().replace("_", "").replace(",", "")
    if not number.isdecimal() or not 0 < int(number) < 10**9:
        raise UsageError(
            f"The calls of a month ({source}) are {text!r}, which is no number of calls.",
            hint="Write the quota of your contract, such as 10000, or nothing where it has none.",
        )
    return int(number)


def timeout(text: str, source: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if 0 < seconds <= LONGEST_TIMEOUT:  # which NaN is not
        return seconds
    raise UsageError(
        f"{source} is {text!r}, which is no time in seconds.",
        hint=f"Write a number above 0 and up to {LONGEST_TIMEOUT:.0f}, for example 120.",
    )


def vault(text: str, source: str) -> Path:
    if "\0" in text:
        raise UsageError(f"{source} holds a zero byte, which no path may.", hint="Write a path.")
    return Path(text)


def ca_file(text: str, source: str) -> Path | None:
    path = Path(text)
    if path.exists():
        return path
    raise UsageError(
        f"{source} names {text!r}, which does not exist.",
        hint="Give the file that holds the certificates of your certificate authority (PEM).",
    )


def signing_key(text: str, source: str) -> Path | None:
    path = Path(text)
    if path.exists():
        return path
    raise UsageError(
        f"{source} names {text!r}, which does not exist.",
        hint="Name the private key that signs certificates; `lookervault key new` makes one.",
    )


def token_text(name: str) -> Callable[[str, str], str]:
    """For what must be one word. The message never repeats it: it may be the secret."""

    def parse(text: str, source: str) -> str:
        if text.isascii() and text.isprintable() and " " not in text:
            return text
        raise UsageError(
            f"The {name} from {source} holds blanks, line ends or characters beyond ASCII,"
            " which Looker's API keys never do.",
            hint="Copy it again, without anything around it.",
        )

    return parse


def base_url(text: str, source: str) -> str:
    """Without `/api/4.0`, a slash at the end, and a port that the scheme implies."""
    text = text.strip()
    if "://" not in text:
        shown = without_password(text)
        raise UsageError(
            f"The base URL {shown!r} from {source} has no scheme.", hint=f"Write https://{shown}."
        )
    url = _split(text, source)
    path = _API_PATH.sub("", url.path.rstrip("/"))
    return f"{url.scheme}://{_host_and_port(url)}{path}"


def heartbeat(text: str, source: str) -> Secret:
    """The message never repeats it: whoever has the URL can tell what he likes."""
    try:
        url = urlsplit(text)
        known = url.scheme in _DEFAULT_PORTS and url.hostname and url.port != 0
        if known and not url.fragment and text.isascii() and not re.search(r"[\s\x00-\x1f]", text):
            return Secret(text)
    except ValueError:
        pass
    raise UsageError(
        f"The heartbeat's URL from {source} cannot be used.",
        hint="Copy it again: it begins with https:// and is what the service shows for the check.",
    )


def _split(text: str, source: str) -> SplitResult:
    wrong = "cannot be read"
    try:
        url = urlsplit(text)
        if url.username is not None or url.password is not None:
            wrong = "holds a user name or a password"
        elif url.scheme not in _DEFAULT_PORTS:
            wrong = f"has the scheme {url.scheme!r}"
        elif not url.hostname or re.search(r"[\s\\\x00-\x1f\x7f]", text):
            wrong = "has no host, or blanks in it"
        elif url.query or url.fragment:
            wrong = "has a query or a fragment"
        elif url.port != 0:  # raises ValueError for what is no port
            return url
    except ValueError:
        pass
    raise UsageError(
        f"The base URL from {source} {wrong}.",
        hint="Write it like https://company.looker.com or https://looker.company.com:19999.",
    )


def _host_and_port(url: SplitResult) -> str:
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    implied = url.port in (None, _DEFAULT_PORTS[url.scheme])
    return host if implied else f"{host}:{url.port}"


def check_encrypted(url: str, source: str, *, allow_http: bool) -> None:
    """`http://` sends the secret in the open: only within this machine, or when it is allowed."""
    parts = urlsplit(url)
    if parts.scheme == "https" or allow_http or is_loopback(parts.hostname or ""):
        return
    raise UsageError(
        f"The base URL {url} from {source} is not encrypted:"
        " anyone on the way could read the client secret.",
        hint=f"Write https://{parts.netloc}{parts.path}, or pass --allow-http if you must.",
    )


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_password(url: str) -> str:
    """A URL fit to be shown, also one whose scheme was left out."""
    head, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    _, at, host = rest.rpartition("@")
    return f"{head}{separator}{'***@' if at else ''}{host}"
