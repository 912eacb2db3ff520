"""What lets the program into a cloud: in nothing that it writes, wherever that is."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import pyrage
import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import Exit
from tests.security.running import written
from tests.security.secrets import IN_THE_OPEN, files, forms
from tests.snapshot import google
from tests.snapshot.conftest import Target

WRONG = "wr0ngSecretOfTheCloud"


def wrong(target: Target) -> Mapping[str, str]:
    """Credentials that are none, but look like it."""
    return {
        "s3": {"AWS_SECRET_ACCESS_KEY": WRONG},
        "az": {"AZURE_STORAGE_KEY": base64.b64encode(WRONG.encode()).decode()},
        "gs": {"GOOGLE_SERVICE_ACCOUNT_KEY": google.service_account(google.new_key())},
    }[target.url.partition(":")[0]]


def secrets_of(env: Mapping[str, str]) -> list[str]:
    """Whole, and a line of what has several."""
    names = ("AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_KEY", "GOOGLE_SERVICE_ACCOUNT_KEY")
    found = [env[name] for name in names if name in env]
    return found + [text.split("\\n")[3] for text in found if "PRIVATE KEY" in text]


class Written:
    """All that the program said, and what lies in its folder and in the store."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder, self._env = folder, {**env, "HOME": str(folder), "TMPDIR": str(folder)}
        self.data: dict[str, bytes] = {}

    def run(self, name: str, *arguments: object, code: int = 0, **env: str) -> None:
        done = written(*arguments, "--debug", env=self._env | env, cwd=self._folder)
        assert done.returncode == code, done.stderr.decode()
        self.data[name] = done.stdout + b"\n" + done.stderr
        self.data |= {f"{path}, {name}": data for path, data in files(self._folder, set())}

    def where(self, text: str) -> list[str]:
        return [name for name, data in self.data.items() if any(f in data for f in forms(text))]


@pytest.mark.parametrize("cloud", ["s3", "gcs", "azure"])
def test_no_credential_of_a_cloud_is_anywhere(
    cloud: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    target: Target = request.getfixturevalue(cloud)
    identity = tmp_path / "identity.txt"
    identity.write_text(f"{(key := pyrage.x25519.Identity.generate())}\n")
    store = ("--store", target.url)
    with EmbeddedLooker(items=1) as looker:
        looker.store.edit("dashboards", looker.store.ids("dashboards")[0], title=IN_THE_OPEN)
        (tmp_path / "here").mkdir()
        one = Written(
            tmp_path / "here",
            {
                **target.env,
                **looker.env(),
                "LOOKERVAULT_RECIPIENTS": str(key.to_public()),
                "LOOKERVAULT_INDEX_KEY": "index.key",
                "LOOKERVAULT_HEARTBEAT": "http://127.0.0.1:9/",
            },
        )
        kept = ("--vault", "kept.db", "--metrics", "figures.prom", "--json")
        types = ("dashboards", "users")
        one.run("a night", "extract", *types, *store, "--log-format", "json")
        one.run("a vault that stays", "extract", *types, *store, *kept)
        one.run("check", "check", *store)
        for name in ("list", "verify"):
            one.run(name, "snapshot", name, *store, "--identity", identity)
        one.run("pull", "snapshot", "pull", *store, "--identity", identity, "--vault", "back.db")
        refused = wrong(target)
        one.run("refused", "snapshot", "list", *store, code=Exit.ACCESS, **refused)
        one.run("a refused night", "extract", *types, *store, code=Exit.ACCESS, **refused)
    there = target.open()
    one.data |= {f"store: {name}": there.get(name) for name in [s.name for s in there.list("")]}
    assert {"back.db, unpacked, pull", "kept.db, unpacked, pull"} <= {*one.where(IN_THE_OPEN)}
    names = {name.partition(",")[0] for name in one.data}
    assert names >= {"figures.prom", "kept.db", "kept.db.pushed", "index.key"}, names
    for secret in (*secrets_of(target.env), *secrets_of(refused), WRONG):
        assert one.where(secret) == []
