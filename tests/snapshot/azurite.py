"""Azurite, Microsoft's own emulator of Azure Blob Storage; scripts/azurite.sh installs it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from bench.sharing import Ports, shared, status_of
from tests.snapshot.relay import Ask, Spoil, replied
from tests.unit.looker.stand_in import Reply, Request

PROGRAM = Path(sys.prefix) / "azurite/node_modules/azurite/dist/src/blob/main.js"
CONTAINER = "snapshots"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Of every Azurite: https://learn.microsoft.com/azure/storage/common/storage-use-azurite"""
_VERSION = "2023-11-03"


def env_of(port: int) -> dict[str, str]:
    return {
        "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{port}/{ACCOUNT}",
        "AZURE_STORAGE_ACCOUNT": ACCOUNT,
        "AZURE_STORAGE_KEY": KEY,
    }


def signed_env_of(port: int, rights: str = "rwdlac") -> dict[str, str]:
    """With a shared access signature, which unlike a key's leaves the query of a request open."""
    env = {**env_of(port), "AZURE_STORAGE_SAS_TOKEN": _signature_for(rights)}
    del env["AZURE_STORAGE_KEY"]
    return env


def _signature_for(rights: str) -> str:
    """https://learn.microsoft.com/rest/api/storageservices/create-account-sas"""
    fields = {
        "sp": rights, "ss": "b", "srt": "sco", "st": "", "se": "2099-01-01T00:00:00Z",
        "sip": "", "spr": "", "sv": _VERSION, "ses": "",
    }  # fmt: skip
    signed = _sign("\n".join([ACCOUNT, *fields.values(), ""]))
    return urlencode({name: value for name, value in fields.items() if value} | {"sig": signed})


PAGE = 200


def in_pages(request: Request, ask: Ask) -> Reply:
    """Azurite has pages of 5,000, which take long to fill. What asks for less is signed anew."""
    if "comp=list" not in request.target:
        return ask(request)
    target = f"{request.target}&maxresults={PAGE}"
    kept = {name: request.headers[name] for name in ("host", "accept", "user-agent")}
    return ask(replace(request, target=target, headers=kept | _signed("GET", target)))


def refusing(status: int, code: str, message: str) -> Spoil:
    """What Azure says to a batch of deletions. Azurite cannot take one with a signature at all."""
    body = (
        "--batchresponse_1\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\n"
        f"HTTP/1.1 {status} {message}\r\nx-ms-error-code: {code}\r\n"
        "Content-Type: application/xml\r\n\r\n"
        f"<Error><Code>{code}</Code><Message>{message}\nRequestId:1</Message></Error>\r\n"
        "--batchresponse_1--\r\n"
    ).encode()
    headers = {"Content-Type": "multipart/mixed; boundary=batchresponse_1"}

    def spoil(request: Request, ask: Ask) -> Reply:
        return replied(202, body, headers) if "comp=batch" in request.target else ask(request)

    return spoil


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    with shared(folder, ["blob"], _command, _is_up) as ports:
        yield ports["blob"]


def why_not() -> str:
    """Why it cannot be started here; empty where it can."""
    if not shutil.which("node"):
        return "there is no node, which runs Azurite"
    return "" if PROGRAM.exists() else "Azurite is not installed: make azurite"


def _command(folder: Path, ports: Ports) -> Sequence[object]:
    return [
        "node", PROGRAM, "--blobHost", "127.0.0.1", "--blobPort", ports["blob"], "--silent",
        "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence",
    ]  # fmt: skip


def _is_up(ports: Ports) -> bool:
    """With its container."""
    target = f"/{ACCOUNT}/{CONTAINER}?restype=container"
    return status_of(ports["blob"], "PUT", target, _signed("PUT", target)) == HTTPStatus.CREATED


def _signed(method: str, target: str) -> dict[str, str]:
    """https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key"""
    url = urlsplit(target)
    own = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _VERSION}
    resource = [f"/{ACCOUNT}{url.path}", *(f"{n}:{v}" for n, v in sorted(parse_qsl(url.query)))]
    headers = [f"{name}:{value}" for name, value in own.items()]
    text = "\n".join([method, *[""] * 11, *headers, *resource])
    return own | {"authorization": f"SharedKey {ACCOUNT}:{_sign(text)}"}


def _sign(text: str) -> str:
    signature = hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)
    return base64.b64encode(signature).decode()
