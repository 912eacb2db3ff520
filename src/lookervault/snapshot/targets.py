"""From the URL of a store to the store.

    s3://BUCKET/PREFIX       Amazon S3, and everything that speaks its protocol
    gs://BUCKET/PREFIX       Google Cloud Storage
    az://CONTAINER/PREFIX    Azure Blob Storage
    file:///PATH, or a path  a folder

A URL names a place and nothing else: credentials and endpoints come from the environment and from
the clouds' own files (`credentials`).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lookervault.config.values import without_password
from lookervault.errors import AccessError, UsageError
from lookervault.snapshot import credentials
from lookervault.snapshot.clouds import CloudStore, Patience, Place
from lookervault.snapshot.folder import FolderStore
from lookervault.snapshot.store import Store

_CLOUDS: dict[str, Callable[[Mapping[str, str]], credentials.Access]] = {
    "s3": credentials.of_aws,
    "gs": credentials.of_google,
    "az": credentials.of_azure,
}
_ENDPOINTS = {
    "s3": "aws_endpoint_url",
    "gs": "google_base_url",
    "az": "azure_storage_endpoint",
}
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}[A-Za-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9_=.-]*(/[A-Za-z0-9_=-][A-Za-z0-9_=.-]*)*")
_FORMS = "Write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or /PATH/TO/A/FOLDER."
_FILE = "file"
_PROBE_SECONDS = 2.0
"""For a connection to the metadata server, which is near or not there at all."""


def open_store(url: str, env: Mapping[str, str], patience: Patience | None = None) -> Store:
    """`env` is what `os.environ` holds, which obstore reads, too.

    Raises `UsageError` for a URL or an environment that names no store, and `AccessError` where
    there are no credentials. Sends nothing to the store.
    """
    scheme, where, prefix = parsed(url)
    if scheme == _FILE:
        return FolderStore(Path(where))
    return CloudStore(_place(scheme, where, prefix, env), patience or Patience())


def url_of(url: str) -> str:
    """As a store tells its own, which was given so. Raises `UsageError`."""
    scheme, where, prefix = parsed(url)
    return Path(where).as_uri() if scheme == _FILE else f"{scheme}://{where}/{prefix}".rstrip("/")


def parsed(url: str) -> tuple[str, str, str]:
    """Its scheme, its bucket and the prefix; of a folder, `file`, the whole path and nothing.

    Raises `UsageError`.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return _FILE, str(_folder(url, url)), ""
    if "@" in rest or "?" in rest or "#" in rest:
        raise UsageError(
            f"The store {without_password(url).partition('?')[0].partition('#')[0]} was given with"
            " a user name, a password, a query or a fragment, which a store's URL never has.",
            hint="Credentials are read from the environment. " + _FORMS,
        )
    if scheme == _FILE:
        return _FILE, str(_folder(unquote(rest), url)), ""
    if scheme not in _CLOUDS:
        raise UsageError(f"The store {url} has the scheme {scheme!r}.", hint=_FORMS)
    bucket, _, prefix = rest.partition("/")
    _check_place(url, bucket, prefix.rstrip("/"))
    return scheme, bucket, prefix.rstrip("/")


def _folder(path: str, given: str) -> Path:
    if "\0" in path or not path.startswith("/"):
        raise UsageError(
            f"The store {given!r} is not a whole path: it does not begin with '/'.", hint=_FORMS
        )
    # what is beyond a link is meant; inside the store, none is followed
    folder = Path(path).resolve()
    if folder.parent == folder:
        raise UsageError("The store is the root of the file system.", hint="Name a folder in it.")
    return folder


def _check_place(url: str, bucket: str, prefix: str) -> None:
    if not bucket:
        raise UsageError(f"The store {url} has no bucket.", hint=_FORMS)
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise UsageError(
            f"The store {url} has the bucket {bucket!r}, and no cloud has one of such a name.",
            hint="Bucket names have three characters or more: letters, digits, '-', '_' and '.'.",
        )
    if prefix and not _PREFIX.fullmatch(prefix):
        raise UsageError(
            f"The store {url} has the prefix {prefix!r}, which is not one.",
            hint="Write letters, digits, '-', '_', '=' and '.', with a '/' between folders.",
        )


def _place(scheme: str, bucket: str, prefix: str, env: Mapping[str, str]) -> Place:
    access = _CLOUDS[scheme](env)
    where = f"{scheme}://{bucket}"
    if access.role_from is not None and not _is_there(access.role_from):
        raise AccessError(
            f"There are no credentials for {where}: none in the environment, none in the files of"
            " the cloud's own tools, and this machine has no role.",
            hint=access.advice,
        )
    options = dict(access.options)
    if access.endpoint:
        options[_ENDPOINTS[scheme]] = _endpoint(access.endpoint, where)
    return Place(
        scheme,
        bucket,
        prefix,
        options,
        access.secrets,
        allow_http=access.endpoint.startswith("http://"),
        certificates=_certificates(access.certificates),
    )


def _endpoint(url: str, where: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in url or parts.query:
        raise UsageError(
            f"The endpoint of {where} in the environment is no URL of a server.",
            hint="Write it like https://storage.example.com:9000, without credentials.",
        )
    return url.rstrip("/")


def _certificates(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path else None
    except OSError as error:
        raise UsageError(
            f"The certificates of AWS_CA_BUNDLE, {path}, cannot be read: {error.strerror}.",
            hint="Name a file of certificates (PEM).",
        ) from None


def _is_there(server: str) -> bool:
    parts = urlsplit(server)
    try:
        socket.create_connection(
            (parts.hostname or "", parts.port or 80), timeout=_PROBE_SECONDS
        ).close()
    except (OSError, ValueError):
        return False
    return True
