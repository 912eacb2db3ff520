"""What `deploy/` has: checked by the tools of each platform, and run as it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pyrage
import pytest
from ruamel.yaml import YAML

from lookervault import __version__
from lookervault.demo.server import EmbeddedLooker
from tests.cli.forking import Constraint
from tests.cli.running import INSTALLED, program

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()]


def tool(name: str, *arguments: object, where: str) -> subprocess.CompletedProcess[str]:
    """Skips the test where the tool is not installed, but not in CI; `where` says by what it is."""
    beside = Path(sys.executable).with_name(name)
    command = str(beside) if beside.exists() else shutil.which(name)
    if command is None:
        reason = f"{name} is not here: {where}"
        assert os.environ.get("TEST_STORES") != "all", reason
        pytest.skip(reason)
    return subprocess.run(
        [command, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def passed(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


LOCK = "`make setup` installs it"


def test_the_image_is_what_hadolint_asks_for() -> None:
    where = f"{LOCK} on Linux with x86-64"
    passed(tool("hadolint", DEPLOY / "Containerfile", where=where))


def test_the_image_is_built_from_files_that_are_there() -> None:
    recipe = (DEPLOY / "Containerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )*(\S+) \S+$", recipe, re.MULTILINE)
    assert "requirements.lock" in copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    bases = re.findall(r"^FROM (\S+)", recipe, re.MULTILINE)
    minor = ".".join((ROOT / ".python-version").read_text().split(".")[:2])
    assert {re.match(r"python:(\d+\.\d+)-slim", base)[1] for base in bases} == {minor}  # type: ignore[index]  # no match fails, too
    assert f"/app/lib/python{minor}/site-packages/" in recipe


def test_the_cron_job_is_what_kubernetes_asks_for() -> None:
    passed(tool("kubernetes-validate", "--strict", DEPLOY / "kubernetes.yaml", where=LOCK))


def test_the_workflow_is_what_github_asks_for() -> None:
    schema = ("--builtin-schema", "vendor.github-workflows")
    passed(tool("check-jsonschema", *schema, DEPLOY / "github-workflow.yaml", where=LOCK))


SYSTEMD = "Debian's package systemd has it"


def test_the_units_are_what_systemd_asks_for(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/usr/local/bin/lookervault", str(INSTALLED))
        (tmp_path / unit.name).write_text(text)
    units = sorted(tmp_path.iterdir())
    done = tool("systemd-analyze", "verify", "--man=no", *units, where=SYSTEMD)
    passed(done)
    assert done.stdout + done.stderr == "", "what it does not know, it only warns of"


def test_the_service_may_do_little(tmp_path: Path) -> None:
    flags = ("security", "--offline=true", "--no-pager", "--threshold=20")
    unit = DEPLOY / "systemd/lookervault.service"
    passed(tool("systemd-analyze", *flags, unit, where=SYSTEMD))


def documents(name: str) -> list[Any]:
    return list(YAML(typ="safe").load_all(DEPLOY / name))


def test_the_job_is_what_cloud_run_asks_for() -> None:
    described = json.loads((ROOT / "tests/data/cloud-run-v1.json").read_text())["schemas"]
    definitions = {name: _as_json_schema(one) for name, one in described.items()}
    schema = {"$ref": "#/$defs/Job", "$defs": definitions}
    (job,) = documents("cloud-run-job.yaml")
    jsonschema.validate(job, schema)
    job["spec"]["template"]["spec"]["template"]["spec"]["containers"][0]["arg"] = []
    with pytest.raises(jsonschema.ValidationError, match="arg"):
        jsonschema.validate(job, schema)


def _as_json_schema(described: Any) -> Any:
    """Of Google's own form of schemas. Members that it does not name are wrong."""
    if isinstance(described, list):
        return [_as_json_schema(one) for one in described]
    if not isinstance(described, dict):
        return described
    if "$ref" in described:
        return {"$ref": f"#/$defs/{described['$ref']}"}
    found = {
        name: _as_json_schema(one)
        for name, one in described.items()
        if name in ("type", "items", "additionalProperties", "enum")
    }
    if "properties" in described:
        members = described["properties"].items()
        found["properties"] = {name: _as_json_schema(one) for name, one in members}
        found["additionalProperties"] = False
    return found


# ── as it says ──────────────────────────────────────────────────────────────────────────────────


def _container(spec: Any) -> list[str]:
    (container,) = spec["containers"]
    given: list[str] = container["args"]
    return given


def _kubernetes() -> list[str]:
    _, job = documents("kubernetes.yaml")
    return _container(job["spec"]["jobTemplate"]["spec"]["template"]["spec"])


def _cloud_run() -> list[str]:
    (job,) = documents("cloud-run-job.yaml")
    return _container(job["spec"]["template"]["spec"]["template"]["spec"])


def _github() -> list[str]:
    (workflow,) = documents("github-workflow.yaml")
    (script,) = [
        step["run"] for step in workflow["jobs"]["backup"]["steps"] if "docker run" in step["run"]
    ]
    words = shlex.split(script)
    return words[words.index("$IMAGE") + 1 :]


def _systemd() -> list[str]:
    unit = (DEPLOY / "systemd/lookervault.service").read_text()
    (line,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    return shlex.split(line)[1:]


def _image() -> list[str]:
    (line,) = re.findall(r"^CMD (.+)$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    given: list[str] = json.loads(line)
    return given


IN_CLOUD_RUN = "gs://company-looker/vault"
"""Written into its arguments, where no variable can be missing."""


def _with_store(arguments: list[str], url: str | None) -> list[str]:
    """As each platform puts in the variable, or what is left of it where there is none."""
    there = {
        "$LOOKERVAULT_STORE": url or "",  # a shell's
        "${LOOKERVAULT_STORE}": url or "",  # systemd's, where this is one word
        "$(LOOKERVAULT_STORE)": url or "$(LOOKERVAULT_STORE)",  # Kubernetes leaves it as it is
        IN_CLOUD_RUN: url or IN_CLOUD_RUN,
    }
    return [there.get(word, word) for word in arguments]


@pytest.mark.parametrize("arguments", [_kubernetes, _github, _systemd])
def test_without_a_store_none_leaves_a_vault_on_the_disk(arguments: Any) -> None:
    with EmbeddedLooker(items=1) as looker:
        done = program(*_with_store(arguments(), None), env=looker.env())
        assert (done.code, "store" in done.told) == (2, True), done
        assert len(looker.log) == 0
    assert [*Path().iterdir()] == []


@pytest.mark.parametrize("arguments", [_kubernetes, _cloud_run, _github, _systemd, _image])
def test_what_each_runs_brings_looker_into_the_store(arguments: Any, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    store = {
        "LOOKERVAULT_STORE": f"file://{tmp_path}/store",
        "LOOKERVAULT_RECIPIENTS": str(identity.to_public()),
        "LOOKERVAULT_INDEX_KEY": str(tmp_path / "index.key"),
    }
    (tmp_path / "store").mkdir()
    with EmbeddedLooker(items=1) as looker:
        for _ in range(2):
            given = _with_store(arguments(), store["LOOKERVAULT_STORE"])
            done = program(*given, env=looker.env() | store)
            assert done.code == 0, done
    told = program("snapshot", "list", "--json", env=store)
    assert sorted(one["run"] for one in told.json) == [1, 2]
    assert not Path("lookervault.db").exists(), "nothing stays but the store and the key"


def test_each_week_the_store_is_rehearsed_verified_and_pruned(tmp_path: Path) -> None:
    identity = tmp_path / "identity.txt"
    identity.write_text(f"{(key := pyrage.x25519.Identity.generate())}\n")
    identity.chmod(0o600)
    url = f"file://{tmp_path}/store"
    nightly = ("--recipient", key.to_public(), "--index-key", tmp_path / "index.key")
    with EmbeddedLooker(items=1) as looker:
        done = program("extract", "--store", url, *nightly, env=looker.env())
        assert done.code == 0, done
    unit = (DEPLOY / "systemd/lookervault-weekly.service").read_text()
    lines = re.findall(r"^ExecStart=\S+ (.+)$", unit, re.MULTILINE)
    assert [line.split()[1] for line in lines] == ["rehearse", "verify", "prune"]
    for line in lines:
        given = _with_store(shlex.split(line), url)
        done = program(*given, env={"LOOKERVAULT_IDENTITY": str(identity)})
        assert done.code == 0, done
        assert program(*_with_store(shlex.split(line), None)).code == 2


def test_with_a_store_nothing_is_written_but_in_the_temporary_folder() -> None:
    """As on a root that is never written to, by somebody who may write nowhere else."""
    with EmbeddedLooker(items=1) as looker, tempfile.TemporaryDirectory() as name:
        folder = Path(name)  # nobody may enter pytest's own
        folder.chmod(0o755)
        for place, mode in (("tmp", 0o777), ("store", 0o777), ("vault", 0o555)):
            (folder / place).mkdir()
            (folder / place).chmod(mode)
        env = looker.env() | {
            "LOOKERVAULT_STORE": f"file://{folder}/store",
            "TMPDIR": str(folder / "tmp"),
            "HOME": str(folder / "tmp"),
        }
        for flags in (["--no-encryption"], []):
            done = program(
                "extract", *flags, env=env, cwd=folder / "vault", command=Constraint("uid", 65534)
            )
            assert done.code == 0, done
        assert list((folder / "tmp").iterdir()) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_variable_is_one_that_the_program_reads(path: Path) -> None:
    program_text = "".join(file.read_text() for file in (ROOT / "src").rglob("*.py"))
    for name in set(re.findall(r"\bLOOKER(?:SDK|VAULT)_[A-Z_]+\b", path.read_text())):
        assert name in program_text, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_image_is_of_this_version(path: Path) -> None:
    versions = re.findall(r"registry\.example\.com/lookervault:([\d.]+\d)", path.read_text())
    assert set(versions) <= {__version__}
