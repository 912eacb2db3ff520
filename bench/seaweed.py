"""SeaweedFS, which speaks S3: the server that stands for it, with users of different rights.

The tests of snapshots have it, too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

from bench.sharing import Ports, shared, status_of

WEED = Path(sys.executable).with_name("weed")
BUCKET = "snapshots"
RIGHTS = {
    "everything": ["Admin", "Read", "Write", "List"],
    "reading": ["Read", "List"],
    "writing": ["Write"],
    "guest": [],
}
"""By user. What a guest may is in the policies of buckets."""

_PORTS = (
    "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc",
)  # fmt: skip


def secret_of(user: str) -> str:
    return f"secretOf{user.title()}"


def env_of(port: int, user: str = "everything") -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": user,
        "AWS_SECRET_ACCESS_KEY": secret_of(user),
    }


@contextmanager
def serving(folder: Path, volumes: int = 20) -> Iterator[int]:
    """The port of S3. A volume has room for 64 MB."""
    with shared(folder, _PORTS, partial(_command, volumes), _is_up) as ports:
        yield ports["s3"]


def _command(volumes: int, folder: Path, ports: Ports) -> Sequence[object]:
    users = [
        {
            "name": name,
            "credentials": [{"accessKey": name, "secretKey": secret_of(name)}],
            "actions": actions,
        }
        for name, actions in RIGHTS.items()
    ]
    (folder / "users.json").write_text(json.dumps({"identities": users}))
    (folder / "data").mkdir(exist_ok=True)
    numbers = [
        f"-{server}.port{'.' if kind else ''}{kind}={port}"
        for name, port in ports.items()
        for server, _, kind in [name.partition(".")]
    ]
    return [
        WEED, "-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=data",
        "-master.telemetry=false", "-master.volumeSizeLimitMB=64", f"-volume.max={volumes}",
        "-filer.localSocket=filer.sock", "-s3", "-s3.config=users.json", "-s3.iam=false",
        "-s3.autoCreateBucket=false",
        "-s3.port.iceberg=0", "-s3.port.lance=0", *numbers,
    ]  # fmt: skip


def _is_up(ports: Ports) -> bool:
    """With its bucket, which is a folder of the filer."""
    return (
        status_of(ports["s3"], "GET", "/healthz") == HTTPStatus.OK
        and status_of(ports["filer"], "POST", f"/buckets/{BUCKET}/") == HTTPStatus.CREATED
    )
