"""The guides to stores, line by line, with a folder for the bucket."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import Completed, shell
from tests.docs.running import ROOT, blocks, fits

CLOUD = ROOT / "docs/how-to/snapshots-in-the-cloud.md"
KEYS = ROOT / "docs/how-to/keys-of-a-store.md"
GONE = ROOT / "docs/how-to/the-machine-is-gone.md"
URL = "s3://company-looker/vault"

AGE_KEYGEN = f"""#!{sys.executable}
import sys
from pyrage.x25519 import Identity
flag, path = sys.argv[1:]
if flag == "-o":
    identity = Identity.generate()
    with open(path, "x") as file:
        file.write(f"# public key: {{identity.to_public()}}\\n{{identity}}\\n")
else:
    print(Identity.from_str(open(path).read().splitlines()[-1]).to_public())
"""
"""age's own, as far as the guides use it."""


class Reader:
    """Somebody who types what a guide says; what they export stays."""

    def __init__(self, folder: Path, looker: EmbeddedLooker) -> None:
        self._folder = folder
        (folder / "bin").mkdir()
        keygen = folder / "bin/age-keygen"
        keygen.write_text(AGE_KEYGEN)
        keygen.chmod(0o755)
        self.env = looker.env() | {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def types(self, script: str, *, code: int = 0) -> Completed:
        script = script.replace(URL, f"file://{self._folder}/store")
        done = shell(f"set -e\n{script}\nenv > exported", self.env)
        assert done.code == code, done.err
        if code == 0:
            lines = (line.partition("=") for line in Path("exported").read_text().splitlines())
            self.env |= {name: value for name, _, value in lines if name.startswith("LOOKERVAULT")}
        return done


@pytest.fixture(scope="module")
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=60, seed=5) as one:
        yield one


@pytest.fixture
def reader(tmp_path: Path, looker: EmbeddedLooker) -> Reader:
    return Reader(tmp_path, looker)


def test_each_command_of_the_guide_to_the_cloud(reader: Reader, looker: EmbeddedLooker) -> None:
    keys, settings, _, _, _, _, kubernetes, look, read, dry, prune, _ = blocks(CLOUD, "sh")
    (first,) = blocks(CLOUD, "console")
    assert "kubectl" in kubernetes  # tests/deploy has that file checked
    recipient = reader.types(keys).text.split()[-1]
    settings = settings.replace("age1…", recipient)
    reader.types(settings.replace("/etc/lookervault/", f"{Path.cwd()}/"))
    command, _, shown = first.partition("\n")
    done = reader.types(f"{command.removeprefix('$ ')} 2>&1")
    assert fits(shown.partition("\n")[2], done.text), done.text
    assert "None" not in done.text
    id = looker.store.ids("dashboards")[0]
    looker.store.edit("dashboards", id, title="Another title")
    reader.types("lookervault extract --quiet")
    looker.store.edit("dashboards", id, title="One more")
    reader.types("lookervault extract --quiet")
    assert not Path("lookervault.db").exists()
    *lists, log, diff = look.splitlines()
    reader.types("\n".join(lists))
    reader.types(log, code=2)
    reader.env["LOOKERVAULT_IDENTITY"] = "identity.txt"
    reader.types(log)
    assert "Another title" in reader.types(diff).text
    del reader.env["LOOKERVAULT_IDENTITY"]
    assert "ok" in reader.types(read).text
    assert "Snapshots to remove  1 of 3" in reader.types(dry).text
    reader.types(prune)
    found = json.loads(Path("prune.json").read_text())
    assert (len(found["kept"]), len(found["removed"]), found["status"]) == (2, 1, "complete")
    names = [part for row in CLOUD.read_text().splitlines() for part in row.split("`")[1::2]]
    assert found.keys() - {"dry_run"} <= set(names)


def test_each_variable_of_the_other_clouds_is_one_of_the_reference() -> None:
    _, _, _, google, _, azure, *_ = blocks(CLOUD, "sh")
    there = (ROOT / "docs/reference/stores.md").read_text()
    for settings, scheme in ((google, "gs"), (azure, "az")):
        assert f"export LOOKERVAULT_STORE={scheme}://" in settings
        for name in re.findall(r"^export ((?:GOOGLE|AZURE)\w+)=", settings, re.MULTILINE):
            assert f"`{name}`" in there


@pytest.mark.parametrize("damaged", [False, True])
def test_the_weekly_script_mails_what_went_wrong(
    reader: Reader, tmp_path: Path, *, damaged: bool
) -> None:
    keys, settings, *_, weekly = blocks(CLOUD, "sh")
    recipient = reader.types(keys).text.split()[-1]
    settings = settings.replace("age1…", recipient).replace("/etc/lookervault/", f"{Path.cwd()}/")
    reader.types(f"{settings}lookervault extract --quiet")
    for name in ("LOOKERVAULT_RECIPIENTS", "LOOKERVAULT_INDEX_KEY"):
        del reader.env[name]
    mail = tmp_path / "bin/mail"
    mail.write_text(f'#!/bin/sh\nprintf "%s\\n" "$2" > "{tmp_path}/mailed"\n')
    mail.chmod(0o755)
    Path("env").write_text("MAIL_TO=a@example.com\nexport LOOKERVAULT_IDENTITY=identity.txt\n")
    reader.env["LOOKERVAULT_ENV"] = f"{Path.cwd()}/env"
    if damaged:
        next((tmp_path / "store/packs").iterdir()).unlink()
    done = shell(weekly, reader.env)
    assert done.code == 5 * damaged, done
    mailed = tmp_path / "mailed"
    assert damaged == mailed.exists()
    assert not damaged or mailed.read_text() == "LookerVault's store (exit 5)\n"


def test_each_command_where_something_is_lost(reader: Reader, tmp_path: Path) -> None:
    indented = re.findall(r"^   ```sh\n(.*?)^   ```", CLOUD.read_text(), re.DOTALL | re.MULTILINE)
    mend, go_on = map(dedent, indented)
    keys, settings, *_ = blocks(CLOUD, "sh")
    recipient = reader.types(keys).text.split()[-1]
    settings = settings.replace("age1…", recipient)
    reader.types(settings.replace("/etc/lookervault/", f"{Path.cwd()}/"))
    for _ in range(2):
        reader.types("lookervault extract --quiet")
    manifests = sorted((tmp_path / "store/snapshots").iterdir())
    manifests[0].write_bytes(b"lost")
    next((tmp_path / "store/packs").iterdir()).unlink()
    prune = go_on.partition("--lost")[0]
    reader.types("lookervault snapshot verify", code=5)
    assert manifests[0].name in reader.types(prune, code=5).err
    reader.types(mend, code=5)
    assert f"Something is lost of {manifests[0].name}: " in reader.types(prune, code=5).err
    shown = reader.types(f"{prune} --lost {manifests[0].name}").text
    assert "Snapshots to remove  1 of 2" in shown
    reader.types(prune.replace("--dry-run", f"--lost {manifests[0].name}"))
    assert reader.types("lookervault snapshot verify --read-data --identity identity.txt").text
    assert go_on.startswith(f"{prune}--lost ")


def test_each_command_of_the_guide_to_keys(reader: Reader) -> None:
    make, first, rehearse, again, change, anew = blocks(KEYS, "sh")
    reader.types(make)
    for name in ("safe.txt", "new.txt"):
        reader.types(make.replace("identity.txt", name))
    reader.types(first)
    reader.types(rehearse)
    reader.types(again)
    assert Path("again.key").read_bytes() == Path("index.key").read_bytes()
    assert "keys/000002" in reader.types(change).text
    reader.types("lookervault snapshot list --identity safe.txt", code=2)
    nightly = "lookervault extract --quiet --index-key index.key"
    reader.types(nightly)
    reader.types(anew)
    reader.types("lookervault snapshot list --identity identity.txt", code=2)
    reader.types(nightly, code=2)
    reader.types(nightly.replace("index.key", "new-index.key"))
    reader.types(rehearse.replace("safe.txt", "new.txt"))


def test_each_step_from_nothing_to_a_vault_and_the_next_night(
    reader: Reader, looker: EmbeddedLooker, tmp_path: Path
) -> None:
    where, hurry, pull, rest, check, index_key, night, rehearse = blocks(GONE, "sh")
    (listed,) = blocks(GONE, "console")
    reader.types("age-keygen -o identity.txt")
    with_keys = '--recipient "$(age-keygen -y identity.txt)" --index-key lost.key'
    for _ in range(2):
        reader.types(f"lookervault extract --quiet --store {URL} {with_keys}")
    Path("lost.key").unlink()
    reader.types(where)
    command, _, shown = listed.partition("\n")
    done = reader.types(command.removeprefix("$ "))
    assert fits(shown, done.text), done.text
    id = looker.store.ids("dashboards")[0]
    reader.types(hurry.replace("12", id))
    assert (
        Path("dashboard.json").read_bytes().strip() == looker.store.body("dashboards", id).strip()
    )
    reader.types(pull)
    assert "ok" in reader.types(check).text
    partial, salvage = rest.splitlines()
    pack = max((tmp_path / "store/packs").iterdir(), key=lambda file: file.stat().st_size)
    whole = pack.read_bytes()
    middle = len(whole) // 2
    pack.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert "Hit by packs/" in reader.types(partial, code=5).text
    reader.types(salvage.replace("lookervault.db", "sound.db"), code=3)
    assert "ok" in reader.types("lookervault verify --vault sound.db").text
    pack.write_bytes(whole)
    reader.types(index_key)
    reader.types(night)
    reader.types(rehearse)
    runs = [one["run"] for one in json.loads(reader.types("lookervault snapshot list --json").out)]
    assert runs == [3, 2, 1]
