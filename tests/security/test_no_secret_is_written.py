"""Secrets that the program is given, is sent or asks for: in nothing that it writes.

The program runs with everything it can do, well and badly. Whatever it wrote anywhere is kept, and
looked through in the end.
"""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import pyrage
import pytest

from lookervault.cli.commands import build
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import AS_ITSELF, LONGEST_S, started, wait_until
from tests.cli.terminals import in_terminal
from tests.faults.relay import relayed
from tests.faults.test_reaching import HOST, proxy_to, self_signed
from tests.security.running import written
from tests.security.secrets import IN_THE_OPEN, MARK, SEED, Packed, files, forms, issued, plant

pytestmark = pytest.mark.xdist_group("everything that is written")  # by one worker: it takes long
WRONG = "wr0ngSecretOfTheKey"
PROCESSES = Path("/proc")
HEARTBEAT = "h3artbeat-0f-the-check"
PROXY_PASSWORD = 'pr0xy/Pass"ü+&%wörd'


@dataclass
class Everything:
    """What was written, by what and where it came from."""

    folder: Path
    env: Mapping[str, str]
    cwd: Path | None = None
    said: dict[str, bytes] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    client_secrets: list[str] = field(default_factory=list)
    proxy_passwords: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    store_keys: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    unpacked: set[Packed] = field(default_factory=set)

    def run(self, name: str, *arguments: object, **env: str) -> None:
        done = written(*arguments, env={**self.env, **env}, cwd=self.cwd)
        self.codes[name] = done.returncode
        self.said[name] = done.stdout + b"\n" + done.stderr
        self.keep_files(f"after {name}")

    def run_watched(self, name: str, *arguments: object, **env: str) -> None:
        """With the command lines of the process and of those that it starts."""
        with started(*arguments, env={**self.env, **env}, command=AS_ITSELF) as process:
            lines = CommandLines(process.pid)
            out, err = process.communicate(timeout=LONGEST_S)
            self.said[f"command lines of {name}"] = lines.stop()
        self.codes[name] = process.returncode
        self.said[name] = out + b"\n" + err
        self.keep_files(f"after {name}")

    def keep_files(self, when: str) -> None:
        for name, data in files(self.folder, self.unpacked):
            if data not in self.said.values():
                self.said[f"{name}, {when}"] = data

    def where(self, text: str) -> list[str]:
        """In whatever form."""
        written_as = forms(text)
        return [
            name for name, data in self.said.items() if any(form in data for form in written_as)
        ]


class CommandLines:
    """Of a process and its children, as often as they can be read until it is stopped."""

    def __init__(self, process_id: int) -> None:
        self._process = PROCESSES / str(process_id)
        self._seen: set[bytes] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.01):
            with suppress(OSError):  # it has ended, or this system does not tell
                self._seen.add((self._process / "cmdline").read_bytes())
                for thread in (self._process / "task").iterdir():
                    for child in (thread / "children").read_text().split():
                        self._seen.add((PROCESSES / child / "cmdline").read_bytes())

    def stop(self) -> bytes:
        self._ended.set()
        self._thread.join()
        return b"\n".join(self._seen)


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
            "LOOKERVAULT_HEARTBEAT": f"http://127.0.0.1:9/{HEARTBEAT}",
        }
        one = Everything(folder, env, client_secrets=[looker.client_secret, WRONG], cut=cut)
        _before_a_run(one)
        _runs(one, looker)
        _failures(one, looker)
        _with_every_option(one, looker, tmp_path_factory.mktemp("given"))
        _with_a_file_of_settings(one, looker, tmp_path_factory.mktemp("ini"))
        _with_a_store(one, tmp_path_factory.mktemp("keys"))
        _after_a_run(one)
        _damage(one)
        _interrupted(one, looker)
        _defects(one)
        one.tokens += issued(looker)
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


EVERY_OPTION = (
    *("--exclude", "themes", "--workers", "4", "--page-size", "50", "--rate", "200"),
    *("--queue-size", "16", "--max-wait", "30", "--max-deletions", "20", "--allow-http"),
    *("--prove", "50%", "--max-calls", "5000", "--every", "themes=7d"),
    *("--same-instance", "--accept-visibility", "--accept-permissions", "--fresh"),
    *("--metrics", "{folder}/figures.prom", "--log-format", "json"),
    *("--resume-within", "2", "--ca-file", "{folder}/self-signed.pem"),
    *("--base-url", f"https://{HOST}", "--vault", "{vault}", "--debug"),
)
"""Of `extract`, but for those that exclude one another."""
HALVES = (
    ("--client-secret-file", "{folder}/held", "--folder", "1", "--recursive"),
    (
        *("--client-secret-command", "cat {folder}/held", "--accept-deletions", "looks"),
        *("--json", "--quiet", "--full"),
    ),
)
NO_MATTER = {
    "--help": "shows a page and does nothing",
    "-h": "is --help",
    "--heartbeat": "shows its URL to whoever lists processes; LOOKERVAULT_HEARTBEAT is tried",
    "-q": "is --quiet",
    "--plan": "tells numbers; what it calls, and how, is tried with `check`",
    "--fit-quota": "chooses numbers, and needs a quota",
}


def _with_every_option(one: Everything, looker: EmbeddedLooker, given: Path) -> None:
    """Through a proxy that wants a password, with TLS."""
    (given / "held").write_text(looker.client_secret)
    one.proxy_passwords = [PROXY_PASSWORD, quote(PROXY_PASSWORD, safe="")]
    with (
        relayed(looker, certificate=self_signed(given, HOST)) as (server, _),
        proxy_to(server.port) as proxy,
    ):
        at = f"http://backup:{one.proxy_passwords[1]}@127.0.0.1:{proxy.port}"
        for half in HALVES:
            vault = one.folder / f"with {half[0]}.db"
            parts = ("extract", *EVERY_OPTION, *half)
            arguments = [part.format(folder=given, vault=vault) for part in parts]
            name = f"extract with every option and {half[0]}"
            one.run_watched(name, *arguments, LOOKERSDK_CLIENT_SECRET="", HTTPS_PROXY=at)
            assert proxy.asked, one.said[name]
        held = ("--client-secret-file", given / "held", "--base-url", f"https://{HOST}")
        one.run("a certificate that is not trusted", "check", *held, "--debug", HTTPS_PROXY=at)
    one.run("no proxy", "check", *held, "--debug", HTTPS_PROXY=at)
    one.run("a proxy that is none", "check", *held, "--debug", HTTPS_PROXY=f"ftp{at[4:]}")
    bare = f"backup:{one.proxy_passwords[1]}@127.0.0.1:port"
    one.run("a proxy without a scheme", "check", *held, "--debug", HTTPS_PROXY=bare)
    one.run("a URL without a scheme", "check", "--debug", "--base-url", bare)
    one.run("a URL with a password", "check", "--debug", "--base-url", f"https://{bare[:-4]}9")
    one.run("settings with a proxy", "check", "--offline", *held, HTTPS_PROXY=at)
    script = f"cat {given}/held; cat {given}/held >&2; exit 3"
    fails = {
        "LOOKERVAULT_CLIENT_SECRET_COMMAND": f"sh -c '{script}'",
        "LOOKERSDK_CLIENT_SECRET": "",
    }
    one.run("a command that fails", "check", "--debug", **fails)
    one.tokens += server.tokens


IN_A_STORE = (
    *("--store", "file://{store}", "--recipient", "{recipient}"),
    *("--index-key", "{keys}/index.key", "--identity", "{keys}/identity.txt"),
)


def _with_a_store(one: Everything, keys: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    (keys / "identity.txt").write_text(f"{identity}\n")
    (keys / "others.txt").write_text(f"{pyrage.x25519.Identity.generate()}\n")
    names = {"store": one.folder / "store", "recipient": identity.to_public(), "keys": keys}
    encrypted = [part.format(**names) for part in IN_A_STORE]
    plain = ("--store", f"file://{one.folder}/plain", "--no-encryption")
    one.run("extract --store", "extract", *encrypted, "--json", "--debug")
    one.run("extract --no-encryption", "extract", *plain, "--fresh", "--debug")
    for name in ("list", "show", "verify", "rehearse"):
        one.run(f"snapshot {name}", "snapshot", name, *encrypted[:2], *encrypted[4:], "--debug")
    for name in ("others.txt", "index.key"):
        reading = (*encrypted[:2], "--identity", keys / name, "--debug")
        one.run(f"snapshot list with {name}", "snapshot", "list", *reading)
    wrong = (*encrypted[:2], "--index-key", keys / "identity.txt", "--debug")
    one.run("an identity for an index key", "snapshot", "list", *wrong)
    index_key = (keys / "index.key").read_text().strip()
    one.store_keys = [str(identity), index_key, index_key.rpartition("-")[2]]


def _with_a_file_of_settings(one: Everything, looker: EmbeddedLooker, folder: Path) -> None:
    one.cwd = folder
    no_key = {"LOOKERSDK_CLIENT_ID": "", "LOOKERSDK_CLIENT_SECRET": "", "LOOKERSDK_BASE_URL": ""}
    key = f"client_id={looker.client_id}\nclient_secret={looker.client_secret}\n"
    place = f"base_url={looker.base_url}\nverify_ssl=false\n"
    for name, text in {
        "looker.ini": f"[Looker]\n{place}{key}",
        "looker.ini with a wrong secret": f"[Looker]\n{place}client_id=x\nclient_secret={WRONG}\n",
        "looker.ini without a section": f"{place}{key}",
        "looker.ini with a line that is none": f"[Looker]\n{looker.client_secret}\n{place}{key}",
        "looker.ini with a line twice": f"[Looker]\n{place}{key}{key}",
    }.items():
        (folder / "looker.ini").write_text(text)
        one.run(name, "extract", "boards", "--debug", "--allow-http", **no_key)
    one.cwd = None


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
    one.run("extract --plan", "extract", "--plan", "--json")
    one.run("log", "log", "--all", "--json")
    one.run("diff", "diff", 1, "--html", one.folder / "diff.html")
    one.run("search", "search", "admin", "--json")
    one.run("uses", "uses", "--user", 1, "--json")
    one.run("stats", "stats", "--json")
    one.run("export", "export", one.folder / "tree", "--git")
    shutil.rmtree(one.folder / "tree")  # each file of it was kept
    one.run("forget", "forget", "--keep-last", 1, "--gc", "--json")
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


HOWEVER_IT_ENDS = ("verify --repair", "extract with faults")
"""Two tokens that expire in one call, on a busy machine, end a run."""


def test_the_program_did_what_it_was_to_be_watched_at(everything: Everything) -> None:
    expected = {
        "a refused login": 4,
        "a refused login, as JSON": 4,
        "a secret with a blank": 2,
        "a certificate that is not trusted": 1,
        "no proxy": 1,
        "a proxy that is none": 2,
        "a proxy without a scheme": 2,
        "a URL without a scheme": 2,
        "a URL with a password": 2,
        "a command that fails": 2,
        "looker.ini with a wrong secret": 4,
        "looker.ini without a section": 2,
        "looker.ini with a line that is none": 2,
        "looker.ini with a line twice": 2,
        "snapshot list with others.txt": 2,
        "snapshot list with index.key": 2,
        "an identity for an index key": 2,
        "no Looker": 1,
        "extract without permissions": 3,
        "salvage": 3,
        "verify of a damaged one": 5,
        "SIGTERM": 130,
        "SIGKILL": -9,
    }
    for name, code in everything.codes.items():
        if name not in (*DEFECTS, *HOWEVER_IT_ENDS):
            assert (name, code) == (name, expected.get(name, 0)), everything.said[name].decode()
    for name in DEFECTS:
        assert b"RuntimeError: a defect" in everything.said[name]
    assert len(everything.tokens) > 10


def test_each_option_of_extract_was_used() -> None:
    used = {*EVERY_OPTION, *HALVES[0], *HALVES[1], *IN_A_STORE, "--no-encryption"}
    command = build().commands["extract"]  # type: ignore[attr-defined]  # a group has them
    there = {name for one in command.params if one.param_type_name == "option" for name in one.opts}
    assert there - used - NO_MATTER.keys() == set(), "use it above, or say why it does not matter"


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


def test_no_key_of_a_store_is_anywhere(everything: Everything) -> None:
    for secret in everything.store_keys:
        assert everything.where(secret) == []


def test_where_a_heartbeat_goes_is_nowhere(everything: Everything) -> None:
    assert b"The heartbeat (environment LOOKERVAULT_HEARTBEAT)" in everything.said["SIGTERM"]
    assert everything.where(HEARTBEAT) == []


def test_no_password_of_a_proxy_is_anywhere(everything: Everything) -> None:
    assert b"***@127.0.0.1" in everything.said["settings with a proxy"]
    for secret in everything.proxy_passwords:
        assert everything.where(secret) == []


@pytest.mark.parametrize("secret", [WRONG, PROXY_PASSWORD])
def test_a_secret_is_found_in_whatever_form(tmp_path: Path, secret: str) -> None:
    for text in (
        secret,
        json.dumps({"a": secret}),
        repr(secret),
        urlencode({"client_secret": secret}),
        quote(f"x:{secret}@y", safe=""),
        *(b64encode(f"{'x' * n}{secret}{'y' * n}".encode()).decode() for n in range(4)),
    ):
        one = Everything(tmp_path, {}, said={"somewhere": f"before {text} after".encode()})
        assert one.where(secret) == ["somewhere"], text


def test_no_token_is_anywhere(everything: Everything) -> None:
    assert {token: where for token in everything.tokens if (where := everything.where(token))} == {}


def test_what_looker_keeps_secret_is_nowhere(everything: Everything) -> None:
    """One look finds whichever was planted: each form of it has one of the mark in it."""
    planted = {text for text in everything.cut if text.startswith(MARK)}
    assert len(planted) > 100
    marks = forms(MARK)
    assert [form for one in planted for form in forms(one) if not _any_in(marks, form)] == []
    assert everything.where(MARK) == []
    others = {*everything.cut} - planted
    assert len(others) > 5
    assert {text: where for text in others if (where := everything.where(text))} == {}


def _any_in(marks: set[bytes], form: bytes) -> bool:
    return any(mark in form for mark in marks)


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
