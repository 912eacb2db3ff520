"""Which proxy stands before Looker, from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from lookervault.config.values import is_loopback, without_password
from lookervault.errors import UsageError


def find_proxy(base_url: str, env: Mapping[str, str]) -> tuple[str, str]:
    """(the proxy's URL or "", its source). The loopback is never asked for through a proxy."""
    url = urlsplit(base_url)
    text, variable = _get(env, f"{url.scheme}_proxy")
    if not text or is_loopback(url.hostname or ""):
        return "", "default"
    exceptions, exceptions_variable = _get(env, "no_proxy")
    if is_excepted(url.hostname or "", url.port, exceptions):
        return "", f"environment {exceptions_variable}"
    return _proxy_url(text, variable), f"environment {variable}"


def _get(env: Mapping[str, str], name: str) -> tuple[str, str]:
    """Lower case comes first, as in curl."""
    for variable in (name, name.upper()):
        if env.get(variable):
            return env[variable].strip(), variable
    return "", name.upper()


def is_excepted(host: str, port: int | None, exceptions: str) -> bool:
    """Whether `NO_PROXY` names the host: itself, a domain above it, a network, or `*`."""
    return any(
        _names(entry.strip(), host, port) for entry in exceptions.split(",") if entry.strip()
    )


def _names(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    if _in_network(entry, host):
        return True
    name, _, wanted = entry.lower().partition(":")
    if wanted and wanted != str(port):
        return False
    name = name.lstrip("*").lstrip(".")
    return host == name or host.endswith(f".{name}")


def _in_network(entry: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _proxy_url(text: str, variable: str) -> str:
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return url
    except ValueError:
        pass
    raise UsageError(
        f"The proxy {without_password(text)!r} from environment {variable} cannot be used.",
        hint="Write it like http://proxy.company.com:3128, or name Looker's host in NO_PROXY.",
    )
