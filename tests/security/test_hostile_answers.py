"""Answers that were made to do harm: shown harmlessly, stored exactly, or refused with a name."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program
from tests.security.running import on_a_terminal, written
from tests.unit.looker.stand_in import SECRET, Reply, Request, reply, serving

KEY = {"LOOKERSDK_CLIENT_ID": "id", "LOOKERSDK_CLIENT_SECRET": SECRET}
TRICKS = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt.exe\u2066\u200f\u2028\r\nnext"
OBEYED = "\x1b\x07\x9b\u202e\u2066\u200f\u2028"
"""What no output may hold as it is. Line ends are looked at elsewhere."""
DEPTH = 10_000
OBJECTS = {
    "tricks": b'{"id":"%b","title":%b}' % (b"%b", json.dumps(TRICKS).encode()),
    "raw tricks": b'{"id":"%b","title":"' + "\u202e\u200f\x9b".encode() + b'"}',
    "ten megabytes": b'{"id":"%b","title":"long","description":"' + b"d" * 10_000_000 + b'"}',
    "a title of ten megabytes": b'{"id":"%b","title":"' + b"t" * 10_000_000 + b'"}',
    "ten thousand levels": b'{"id":"%b","a":' + b"[" * DEPTH + b"]" * DEPTH + b"}",
    "ten thousand objects": b'{"id":"%b","a":' + b'{"a":' * DEPTH + b"1" + b"}" * DEPTH + b"}",
    "an integer of many digits": b'{"id":"%b","a":' + b"7" * 5000 + b"}",
    "a number beyond a double": b'{"id":"%b","a":1e400,"b":-0,"c":0.1234567890123456789012}',
    "invalid UTF-8": b'{"id":"%b","title":"\xff\xfe","description":"\xed\xa0\x80"}',
    "a lone surrogate": b'{"id":"%b","title":"\\ud800","\\udfff":1}',
    "keys twice": b'{"id":"%b","title":"one","title":"two"}',
    "zero characters": b'{"id":"%b","title":"a\\u0000b"}',
}
NAMES = (
    "../../x",
    "/etc/passwd",
    "..",
    "%2e%2e%2fx",
    "a b?c#d&e=f",
    "--help",
    "'; DROP TABLE versions; --",
    TRICKS,
    "n" * 5000,
)


@dataclass(frozen=True, slots=True)
class Hostile:
    looker: EmbeddedLooker
    vault: Path
    bodies: dict[str, bytes]
    """Looks by id."""
    named: dict[str, bytes]
    """Connections by name."""

    def run(self, *arguments: object) -> tuple[object, ...]:
        return (*arguments, "--vault", self.vault)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    vault = tmp_path_factory.mktemp("hostile") / "vault.db"
    counts = {"looks": len(OBJECTS), "connections": len(NAMES), "users": 4}
    with EmbeddedLooker(seed=1, counts=counts) as looker:
        bodies = dict(_put(looker, "looks", OBJECTS))
        named = {name: b'{"name":%b,"a":1}' % json.dumps(name).encode() for name in NAMES}
        for id, body in zip(looker.store.ids("connections"), named.values(), strict=True):
            looker.store.put_raw("connections", id, body)
        done = program(
            "extract", "looks", "connections", "--json", "--vault", vault, env=looker.env()
        )
        assert (done.code, done.json["missing"]) == (0, [])
        yield Hostile(looker, vault, bodies, named)


def _put(
    looker: EmbeddedLooker, type_: str, patterns: dict[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    for id, pattern in zip(looker.store.ids(type_), patterns.values(), strict=True):
        body = pattern.replace(b"%b", id.encode())
        looker.store.put_raw(type_, id, body)
        yield id, body


def harmless(text: str) -> bool:
    return not any(sign in text for sign in OBEYED)


def test_each_object_comes_out_byte_for_byte(hostile: Hostile) -> None:
    for id, body in hostile.bodies.items():
        assert program("show", "looks", id, "--vault", hostile.vault).out == body
    for name, body in hostile.named.items():
        shown = program("show", "--vault", hostile.vault, "--", "connections", name)
        assert shown.out == body, shown


def test_an_id_that_is_a_path_leads_nowhere(hostile: Hostile, tmp_path: Path) -> None:
    there = {path.name for path in hostile.vault.parent.rglob("*")}
    assert there == {"vault.db", "vault.db.lock"}
    assert list(tmp_path.iterdir()) == []
    listed = program("list", "connections", "--json", "--vault", hostile.vault).json
    assert {row["id"] for row in listed} == set(NAMES)


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "looks"),
        ("list", "connections"),
        ("list", "looks", "--json"),
        ("list", "connections", "--json"),
        ("runs", "show", "1"),
        ("certificate", "show", "1"),
        ("verify", "--deep", "-q"),
    ],
    ids=" ".join,
)
def test_a_terminal_is_told_nothing_by_content(hostile: Hostile, arguments: tuple[str]) -> None:
    code, sent = on_a_terminal(*hostile.run(*arguments))
    assert code == 0
    assert harmless(sent)


@pytest.mark.parametrize("kind", [kind for kind in OBJECTS if "megabytes" not in kind])
def test_show_tells_a_terminal_nothing_either(hostile: Hostile, kind: str) -> None:
    id = list(hostile.bodies)[list(OBJECTS).index(kind)]
    code, sent = on_a_terminal(*hostile.run("show", "looks", id))
    assert code == 0
    assert harmless(sent)


def test_all_of_it_is_verified_compared_and_salvaged(hostile: Hostile, tmp_path: Path) -> None:
    looked = program(*hostile.run("verify", "--deep", "--json"))
    assert (looked.code, looked.json["findings"]) == (0, [])
    compared = program(
        *hostile.run("verify", "--against-looker", "--json"), env=hostile.looker.env()
    )
    assert compared.code == 0, compared
    assert program("certificate", "check", "1", "--vault", hostile.vault).code == 0
    salvaged = program("salvage", hostile.vault, tmp_path / "rescued.db", "--json")
    assert salvaged.code == 0, salvaged
    for id, body in hostile.bodies.items():
        assert program("show", "looks", id, "--vault", tmp_path / "rescued.db").out == body


def test_a_second_run_finds_nothing_changed(hostile: Hostile, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(hostile.vault.read_bytes())
    done = program("extract", "looks", "--json", "--vault", copy, env=hostile.looker.env())
    assert done.code == 0
    looks = done.json["types"]["looks"]
    assert (looks["new"], looks["changed"], looks["deleted"]) == (0, 0, 0)


# ── who and where: what Looker says of itself ───────────────────────────────────────────────────


def test_names_of_users_and_roles_and_messages_tell_a_terminal_nothing() -> None:
    with EmbeddedLooker(items=20, seed=1) as looker:
        store = looker.store
        for id in store.ids("users"):
            store.edit("users", id, display_name=TRICKS, first_name=TRICKS, email=TRICKS)
        for id in store.ids("roles"):
            store.edit("roles", id, name=TRICKS)
        checked = on_a_terminal("check", env=looker.env())
        ran = on_a_terminal("extract", "users", "roles", "-q", env=looker.env())
        runs = on_a_terminal("runs", "show", "1")
    for code, sent in (checked, ran, runs):
        assert code == 0
        assert harmless(sent), sent


def test_a_message_of_looker_tells_a_terminal_nothing() -> None:
    message = json.dumps({"message": TRICKS, "errors": [{"field": TRICKS, "message": TRICKS}]})
    with serving() as looker:
        for answer in (
            reply(422, message.encode()),
            reply(
                200, TRICKS.encode(), content_type="text/\u009b\u202e".encode().decode("latin-1")
            ),
            reply(302, location="http://x/\x1b[2J\x9b"),
            reply(200, b"{}", content_encoding="\x1b[2J\x9b"),
        ):
            looker.answer = lambda _, answer=answer: answer  # type: ignore[misc]  # a default binds it
            code, sent = on_a_terminal("check", "--base-url", looker.url, env=KEY)
            assert code == 1
            assert "Error: " in sent
            assert harmless(sent), sent


def test_what_is_missing_is_named_harmlessly() -> None:
    with EmbeddedLooker(items=20, seed=1, counts={"connections": 2, "looks": 4}) as looker:
        id = looker.store.ids("looks")[0]
        looker.store.put_raw("looks", id, b'{"id":"\\u001b[2J\\u202e"}')
        code, sent = on_a_terminal("extract", "looks", "-q", env=looker.env())
    assert code == 3
    assert harmless(sent), sent


# ── gzip bombs ──────────────────────────────────────────────────────────────────────────────────

ROOM = 200 * 2**20
"""Bytes that the program needs, and a little more: nothing of a bomb is kept."""
ROOM_FOR_ONE = 600 * 2**20
"""Bytes, while a body as large as is ever taken in is put together."""


def bomb(unpacked: int) -> bytes:
    """A gzip stream of zeros: one compressed mebibyte, again and again."""
    packer, chunk = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS), bytes(2**20)
    packed = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    times, checked = unpacked // len(chunk), 0
    for _ in range(times):
        checked = zlib.crc32(chunk, checked)
    end = checked.to_bytes(4, "little") + unpacked.to_bytes(4, "little")
    return gzip.compress(b"")[:10] + packed * times + packer.flush() + end


BOMBS = {
    "honest": (None, ROOM),
    "says it is small": (1000, ROOM),
    "says it is nothing": (0, ROOM),
    "says it just fits": (200 * 2**20, ROOM_FOR_ONE),
}


@pytest.fixture(scope="module")
def gibibyte() -> bytes:
    return bomb(2**30)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_by_name_before_it_fills_the_memory(kind: str, gibibyte: bytes) -> None:
    told, room = BOMBS[kind]
    packed = gibibyte if told is None else gibibyte[:-4] + told.to_bytes(4, "little")
    with serving() as looker:
        looker.answer = lambda _: reply(200, packed, content_encoding="gzip")
        code, said, memory = measured("check", "--base-url", looker.url, env=KEY)
    assert code == 1
    assert "/api/4.0/versions was answered by more than 256 MiB, which is not taken in" in said
    assert memory < room


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_bomb_in_a_refusal_is_read_at_its_beginning_only(gibibyte: bytes) -> None:
    with serving() as looker:
        looker.answer = lambda _: reply(422, gibibyte, content_encoding="gzip")
        code, said, memory = measured("check", "--base-url", looker.url, env=KEY)
    assert code == 1
    assert "was answered by 422" in said
    assert memory < ROOM


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_many_bombs_at_once_are_no_worse_and_the_run_names_what_they_cost(gibibyte: bytes) -> None:
    lying = gibibyte[:-4] + (1000).to_bytes(4, "little")
    with serving() as looker:
        looker.answer = lambda request: _but_for_content(request, lying)
        arguments = ["extract", "boards", "looks", "themes", "roles", "--base-url", looker.url]
        code, said, memory = measured(*arguments, "--json", env=KEY)
    assert code in (1, 3)
    assert "Traceback" not in said
    assert memory < ROOM


def _but_for_content(request: Request, packed: bytes) -> Reply:
    """What a run asks first is answered: who we are, and where."""
    if "/versions" in request.target:
        return reply(200, b'{"looker_release_version":"26.20","web_server_url":"http://localhost"}')
    if request.target.endswith("/user"):
        return reply(200, b'{"id":"1","display_name":"me","role_ids":["2"]}')
    return reply(200, packed, content_encoding="gzip")


WEIGHED = """
import atexit, re, sys

def weigh():
    with open("/proc/self/status") as status, open("heaviest", "w") as noted:
        noted.write(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1])

atexit.register(weigh)
from lookervault.cli.app import main
main()
"""


def measured(*arguments: str, env: dict[str, str]) -> tuple[int, str, int]:
    """Exit code, stderr, and the most bytes that the program held.

    It is asked itself: what the system tells of a child counts what its parent held before.
    """
    done = written(*arguments, env=env, command=(sys.executable, "-c", WEIGHED))
    return done.returncode, done.stderr.decode(), int(Path("heaviest").read_text()) * 1024


@pytest.mark.parametrize("cut", [1, 4, 8, 100])
def test_a_stream_that_is_cut_is_no_bomb_and_is_tried_again(cut: int) -> None:
    whole = gzip.compress(json.dumps(list(range(1000))).encode())
    with serving() as looker:
        looker.answer = lambda _: reply(200, whole[:-cut], content_encoding="gzip")
        done = program("check", "--base-url", looker.url, env=KEY)
        assert looker.count("GET") > 1
    assert done.code == 1
    assert "the gzip stream breaks off" in done.told
