"""Secrets that the program is given, is sent or asks for: in nothing that it writes.

The program runs with everything it can do, well and badly. Whatever it wrote anywhere is kept, and
looked through in the end.
"""

from __future__ import annotations

import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import AS_ITSELF, LONGEST_S, started, wait_until
from tests.cli.terminals import in_terminal
from tests.security.running import written
from tests.security.secrets import IN_THE_OPEN, SEED, files, issued, plant

pytestmark = pytest.mark.xdist_group("everything that is written")  # by one worker: it takes long
WRONG = "wr0ngSecretOfTheKey"


@dataclass
class Everything:
    """What was written, by what and where it came from."""

    folder: Path
    env: Mapping[str, str]
    said: dict[str, bytes] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    client_secrets: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def run(self, name: str, *arguments: object, **env: str) -> None:
        done = written(*arguments, env={**self.env, **env})
        self.codes[name] = done.returncode
        self.said[name] = done.stdout + b"\n" + done.stderr
        self.keep_files(f"after {name}")

    def keep_files(self, when: str) -> None:
        for name, data in files(self.folder):
            if data not in self.said.values():
                self.said[f"{name}, {when}"] = data

    def where(self, text: str) -> list[str]:
        return [name for name, data in self.said.items() if text.encode() in data]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    folder = tmp_path_factory.mktemp("everything")
    with EmbeddedLooker(items=60, seed=SEED) as looker:
        cut = plant(looker)
        env = {
            **looker.env(),
            "LOOKERVAULT_VAULT": str(folder / "vault.db"),
            "TMPDIR": str(folder),
            "HOME": str(folder),
        }
        one = Everything(folder, env, client_secrets=[looker.client_secret, WRONG], cut=cut)
        _before_a_run(one)
        _runs(one, looker)
        _failures(one, looker)
        _after_a_run(one)
        _damage(one)
        _interrupted(one, looker)
        _defects(one)
        one.tokens = issued(looker)
        yield one


def _before_a_run(one: Everything) -> None:
    one.run("check", "check")
    one.run("check --json", "check", "--json", "--debug")
    one.run("check --offline", "check", "--offline")
    one.run("key new", "key", "new", "--out", one.folder / "key.pem")


def _runs(one: Everything, looker: EmbeddedLooker) -> None:
    key = {"LOOKERVAULT_SIGNING_KEY": str(one.folder / "key.pem")}
    one.run("extract --json --debug", "extract", "--json", "--debug", **key)
    looker.behaviour.latency_ms = 20
    shown = in_terminal("extract", "--fresh", env=one.env)
    one.codes["extract in a terminal"] = shown.code
    one.said["extract in a terminal"] = shown.raw.encode()
    one.run("extract with plain progress", "extract", "--fresh", CI="true")
    looker.behaviour.latency_ms = 0
    looker.behaviour.token_lifetime_s = 0.5
    looker.behaviour.fault_rate = 0.1
    looker.behaviour.stall_s = 0.1
    one.run("extract with faults", "extract", "--fresh", "--debug")
    looker.behaviour.fault_rate = 0
    looker.behaviour.token_lifetime_s = 3600


def _failures(one: Everything, looker: EmbeddedLooker) -> None:
    one.run("a refused login", "extract", "--debug", LOOKERSDK_CLIENT_SECRET=WRONG)
    one.run("a refused login, as JSON", "extract", "--json", LOOKERSDK_CLIENT_SECRET=WRONG)
    one.run("a secret with a blank", "extract", "--debug", LOOKERSDK_CLIENT_SECRET=f" {WRONG}")
    one.run("no Looker", "check", "--debug", LOOKERSDK_BASE_URL="http://127.0.0.1:9")
    looker.behaviour.forbidden = {"all_boards": 403, "search_users": 404}
    one.run("extract without permissions", "extract", "--debug")
    looker.behaviour.forbidden = Behaviour().forbidden


def _after_a_run(one: Everything) -> None:
    exported = one.folder / "1.certificate"
    one.run("certificate show", "certificate", "show", 1, "--json")
    one.run("certificate export", "certificate", "show", 1, "--export", exported)
    one.run("certificate check", "certificate", "check", exported, "--json")
    one.run("runs", "runs", "--json")
    one.run("runs show", "runs", "show", 1, "--json")
    one.run("verify --deep", "verify", "--deep", "--debug")
    one.run("verify --against-looker", "verify", "--against-looker", "--json", "--debug")
    one.run("types", "types")
    for name in ("users", "settings", "scheduled_plans", "connections", "dashboards"):
        one.run(f"list {name}", "list", name, "--json")
    for name, id in (("users", 1), ("settings", "oidc_config"), ("dashboards", 1)):
        one.run(f"show {name}", "show", name, id)


def _damage(one: Everything) -> None:
    shutil.copy(one.folder / "vault.db", one.folder / "damaged.db")
    with closing(sqlite3.connect(one.folder / "damaged.db")) as vault:
        vault.execute("UPDATE objects SET data = x'00' WHERE id IN (1, 2, 3)")
        vault.commit()
    one.run("salvage", "salvage", one.folder / "damaged.db", one.folder / "rescued.db", "--json")
    of_it = ["--vault", one.folder / "damaged.db", "--debug"]
    one.run("verify of a damaged one", "verify", *of_it)
    one.run("verify --repair", "verify", "--repair", *of_it)


def _interrupted(one: Everything, looker: EmbeddedLooker) -> None:
    looker.behaviour.latency_ms = 50
    for number in (signal.SIGTERM, signal.SIGKILL):
        looker.log.clear()
        with started("extract", "--fresh", "--debug", env=one.env) as process:
            wait_until(lambda: len(looker.log) > 60)
            process.send_signal(number)
            out, err = process.communicate(timeout=LONGEST_S)
        one.codes[number.name] = process.returncode
        one.said[number.name] = out + err
        one.keep_files(f"after {number.name}")
    looker.behaviour.latency_ms = 0


DEFECT = """
import sys
from {module} import {kind}

def defective(self, *arguments, **named):
    text = repr(arguments)
    raise RuntimeError("a defect")

{kind}.{name} = defective
from lookervault.cli.app import main
sys.argv[1:] = ["extract", "--fresh", "--debug"]
main()
"""
DEFECTS = {
    "where the login is sent": ("lookervault.looker.session", "Session", "_post"),
    "where the token is sent": ("lookervault.looker.client", "Looker", "_send"),
    "where secrets are cut": ("lookervault.content.redaction", "Redactor", "cut"),
    "where items are packed": ("lookervault.storage.repository", "Repository", "pack"),
}


def _defects(one: Everything) -> None:
    for name, (module, kind, method) in DEFECTS.items():
        script = DEFECT.format(module=module, kind=kind, name=method)
        done = written(env=one.env, command=(sys.executable, "-c", script))
        one.codes[name] = done.returncode
        one.said[name] = done.stdout + done.stderr
        one.keep_files(f"after {name}")


def test_the_program_did_what_it_was_to_be_watched_at(everything: Everything) -> None:
    expected = {
        "a refused login": 4,
        "a refused login, as JSON": 4,
        "a secret with a blank": 2,
        "no Looker": 1,
        "extract without permissions": 3,
        "salvage": 3,
        "verify of a damaged one": 5,
        "SIGTERM": 130,
        "SIGKILL": -9,
    }
    for name, code in everything.codes.items():
        if name not in DEFECTS and name != "verify --repair":
            assert (name, code) == (name, expected.get(name, 0)), everything.said[name].decode()
    for name in DEFECTS:
        assert b"RuntimeError: a defect" in everything.said[name]
    assert len(everything.tokens) > 10


def test_what_is_no_secret_is_found_wherever_it_should_be(everything: Everything) -> None:
    found = set(everything.where(IN_THE_OPEN))
    assert {"show dashboards", "list dashboards"} <= found
    assert any(name.startswith("vault.db, unpacked") for name in found)
    assert any(name.startswith("rescued.db, unpacked") for name in found)
    assert len(list(everything.folder.glob("damaged.db.damaged-*"))) == 1
    assert any(name.startswith("vault.db-wal, after SIGKILL") for name in everything.said)


def test_the_client_secret_is_nowhere(everything: Everything) -> None:
    for secret in everything.client_secrets:
        assert everything.where(secret) == []


def test_no_token_is_anywhere(everything: Everything) -> None:
    assert {token: where for token in everything.tokens if (where := everything.where(token))} == {}


def test_what_looker_keeps_secret_is_nowhere(everything: Everything) -> None:
    assert len(everything.cut) > 100
    assert {text: where for text in everything.cut if (where := everything.where(text))} == {}
    assert everything.where("SeCrEt-") == []


PROCESSES = Path("/proc")


@pytest.mark.skipif(not (PROCESSES / "self/cmdline").exists(), reason="/proc is Linux's")
def test_no_command_line_shows_a_secret_while_the_program_runs(tmp_path: Path) -> None:
    behaviour = Behaviour(latency_ms=50)
    with EmbeddedLooker(items=60, seed=SEED, behaviour=behaviour) as looker:
        held = tmp_path / "held"
        held.write_text(looker.client_secret)
        env = {name: text for name, text in looker.env().items() if "SECRET" not in name}
        for way in (
            ["--client-secret-file", str(held)],
            ["--client-secret-command", f"cat {held}"],
        ):
            looker.log.clear()
            shown = b""
            with started("extract", "--fresh", *way, env=env, command=AS_ITSELF) as process:
                wait_until(lambda: len(looker.log) > 5)
                process_of = PROCESSES / str(process.pid)
                shown += (process_of / "cmdline").read_bytes()
                shown += (process_of / "environ").read_bytes()
            assert way[0].encode() in shown
            assert looker.client_secret.encode() not in shown
            assert not any(token.encode() in shown for token in issued(looker))


@pytest.mark.skipif(not (PROCESSES / "self/cmdline").exists(), reason="/proc is Linux's")
def test_the_demo_shows_no_secret_in_a_command_line_either() -> None:
    secret = EmbeddedLooker(items=1, seed=SEED).client_secret.encode()
    company = ("--items", "3000", "--seed", SEED)
    with started("demo", *company, command=AS_ITSELF) as process:
        wait_until(lambda: Path("lookervault-demo.db").exists())
        children = (PROCESSES / f"{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        for pid in (str(process.pid), *children):
            assert secret not in (PROCESSES / pid / "cmdline").read_bytes()
