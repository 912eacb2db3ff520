from __future__ import annotations

import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from lookervault.config.secret import Secret
from lookervault.content.operations import ALL_BOARDS, DASHBOARD, ME, SEARCH_DASHBOARDS, Operation
from lookervault.errors import (
    AccessError,
    BadAnswerError,
    CallError,
    Exit,
    ForbiddenError,
    LookerVaultError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    TransientError,
    UnauthorizedError,
)
from lookervault.looker import transport
from lookervault.looker.client import Looker
from tests.unit.looker.conftest import NOW, Connect
from tests.unit.looker.stand_in import (
    SECRET,
    Reply,
    Request,
    StandIn,
    chunked,
    looker_error,
    reply,
    serving,
)

BODY = json.dumps([{"id": str(n), "n": 1.10, "title": "Ümsätze 🚀"} for n in range(2000)]).encode()
HTML = b"<!DOCTYPE html><html><title>Sign in</title></html>"


def always(said: Reply) -> Callable[[Request], Reply]:
    return lambda _: said


def in_threads(count: int, work: Callable[[], object]) -> list[object]:
    """What each of `count` threads that start together came to: a value or the error it raised."""
    together = threading.Barrier(count)
    results: list[object] = []

    def run() -> None:
        together.wait()
        try:
            results.append(work())
        except LookerVaultError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# ── what is asked ───────────────────────────────────────────────────────────────────────────────


def test_a_call_carries_the_token_the_agent_and_its_parameters(
    server: StandIn, looker: Looker
) -> None:
    looker.get(SEARCH_DASHBOARDS, params={"id": "1,2,3", "title": "a&b c/ü"})
    request = server.requests[-1]
    assert request.target == "/api/4.0/dashboards/search?id=1,2,3&title=a%26b+c%2F%C3%BC"
    assert request.headers["authorization"] == "token token1"
    assert request.headers["user-agent"].startswith("lookervault/")
    assert request.headers["accept-encoding"] == "gzip"


def test_the_login_posts_id_and_secret_as_a_form(server: StandIn, looker: Looker) -> None:
    looker.login()
    request = server.requests[0]
    assert (request.method, request.target) == ("POST", "/api/4.0/login")
    assert request.body == f"client_id=idOfTheKey&client_secret={SECRET}".encode()


def test_an_id_stays_within_its_place_in_the_path(server: StandIn, looker: Looker) -> None:
    looker.get(DASHBOARD, "../../user?x=1")
    assert server.requests[-1].target == "/api/4.0/dashboards/..%2F..%2Fuser%3Fx%3D1"


def test_an_operation_that_is_not_on_the_list_is_never_sent(
    server: StandIn, looker: Looker
) -> None:
    for operation in (
        Operation("run_query", "/queries/{query_id}/run/json"),
        Operation("me", "/queries/1/run/json"),
    ):
        with pytest.raises(ValueError, match="not on the list of allowed calls"):
            looker.get(operation)
    assert server.requests == []


def test_a_path_of_the_base_url_is_kept(server: StandIn, connect: Connect) -> None:
    connect(f"{server.url}/looker").get(ME)
    assert server.requests[-1].target == "/looker/api/4.0/user"


# ── whole bodies ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said",
    [
        reply(200, BODY),
        reply(200, gzip.compress(BODY), Content_Encoding="gzip"),
        chunked(BODY[:7000], BODY[7000:]),
        chunked(gzip.compress(BODY)[:100], gzip.compress(BODY)[100:], Content_Encoding="GZIP"),
        Reply(b"HTTP/1.0 200 OK\r\n\r\n" + BODY, "close"),
    ],
    ids=["length", "gzip", "chunked", "chunked gzip", "until the end"],
)
def test_a_body_arrives_byte_for_byte(server: StandIn, looker: Looker, said: Reply) -> None:
    server.answer = always(said)
    assert looker.get(ALL_BOARDS) == BODY


@pytest.mark.parametrize("body", [b"true", b"null", b"-1.5e3", b'"text"', b" \n[]\n ", b"0"])
def test_any_json_is_an_answer(server: StandIn, looker: Looker, body: bytes) -> None:
    server.answer = always(reply(200, body))
    assert looker.get(ME) == body


def test_json_between_many_blanks_is_an_answer(server: StandIn, looker: Looker) -> None:
    server.answer = always(reply(200, b" " * 500 + b"[]" + b"\n" * 500))
    assert looker.get(ME).strip() == b"[]"


def test_no_content_is_an_empty_body(server: StandIn, looker: Looker) -> None:
    server.answer = always(Reply(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert looker.get(ME) == b""
    assert looker.get(ME) == b""


def test_bytes_are_counted_as_they_came_over_the_wire(server: StandIn, looker: Looker) -> None:
    looker.login()
    before = looker.bytes_received
    packed = gzip.compress(BODY)
    server.answer = always(reply(200, packed, Content_Encoding="gzip"))
    looker.get(ALL_BOARDS)
    assert looker.bytes_received - before == len(packed)


def test_one_connection_serves_many_calls(server: StandIn, looker: Looker) -> None:
    for status in (200, 404, 500, 200):
        server.answer = always(reply(status, b"{}"))
        if status == 200:
            looker.get(ME)
        else:
            with pytest.raises(CallError):
                looker.get(ME)
    assert server.connections == 1


def test_threads_share_as_many_connections_as_the_pool_has(
    server: StandIn, connect: Connect
) -> None:
    looker = connect(server.url, pool_size=3)
    assert in_threads(12, lambda: looker.get(ME)) == [b'{"ok":true}'] * 12
    assert server.connections <= 3


# ── cut, damaged, oversized ─────────────────────────────────────────────────────────────────────

PACKED = gzip.compress(BODY)


@pytest.mark.parametrize(
    "said",
    [
        reply(200, BODY[:-500], length=len(BODY)),
        reply(200, BODY, length=len(BODY) - 500),
        chunked(BODY[:5000], whole=False),
        Reply(chunked(BODY).raw[:-2000], "close"),
        reply(200, PACKED[: len(PACKED) // 2], Content_Encoding="gzip"),
        chunked(PACKED[:-4], Content_Encoding="gzip"),
        reply(200, PACKED + b"[]", Content_Encoding="gzip"),
        reply(200, b"no gzip at all", Content_Encoding="gzip"),
        Reply(b"HTTP/1.0 200 OK\r\n\r\n" + BODY[:-500], "close"),
        reply(200, BODY[:-500]),
        reply(200, b""),
        reply(200, b"   "),
        Reply(b"", "close"),
        Reply(b"", "reset"),
        Reply(reply(200, BODY).raw[:9000], "reset"),
        Reply(b"HTTP/1.1 200", "close"),
        Reply(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "close"),
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n[]", "close"),
    ],
    ids=[
        "length too long",
        "length too short",
        "cut between chunks",
        "cut in a chunk",
        "gzip cut in the middle",
        "gzip without its checksum",
        "something behind the gzip",
        "not gzip",
        "cut without a length",
        "JSON cut, length right",
        "empty",
        "blank",
        "closed before an answer",
        "reset before an answer",
        "reset within the body",
        "cut in the status",
        "no HTTP",
        "two lengths",
    ],
)
def test_an_answer_that_is_not_whole_is_worth_another_try(
    server: StandIn, looker: Looker, said: Reply
) -> None:
    server.answer = always(said)
    with pytest.raises(TransientError, match="/api/4.0/boards"):
        looker.get(ALL_BOARDS)
    server.answer = always(reply(200, BODY))
    assert another_try(looker) == BODY


def another_try(looker: Looker) -> bytes:
    """Bytes behind the announced length may come so late that they spoil one call more."""
    try:
        return looker.get(ALL_BOARDS)
    except TransientError:
        return looker.get(ALL_BOARDS)


@pytest.mark.parametrize(
    ("said", "sizes"),
    [
        (reply(200, BODY), [len(BODY)]),
        (reply(200, PACKED, Content_Encoding="gzip"), [len(PACKED), len(PACKED) + len(BODY)]),
        (chunked(BODY), [0, len(BODY)]),
    ],
    ids=["plain", "packed", "of unknown length"],
)
def test_a_body_is_admitted_by_its_size_before_it_is_read(
    server: StandIn, connect: Connect, said: Reply, sizes: list[int]
) -> None:
    admitted: list[int] = []
    looker = connect(server.url, admit=admitted.append)
    looker.login()
    admitted.clear()
    server.answer = always(said)
    assert looker.get(ALL_BOARDS) == BODY
    assert admitted == sizes


@pytest.mark.parametrize("status", [403, 502])
def test_refusals_with_long_bodies_leave_the_connections_to_the_calls_after_them(
    server: StandIn, connect: Connect, status: int
) -> None:
    """Of such a body, only the beginning is read."""
    looker = connect(server.url, pool_size=1)
    server.answer = always(reply(status, b"<html>" + bytes(transport.LARGEST_ERROR * 4)))
    for _ in range(3):
        with pytest.raises(CallError):
            looker.get(ALL_BOARDS)
    server.answer = always(reply(200, BODY))
    assert looker.get(ALL_BOARDS) == BODY


def test_no_more_room_is_asked_for_than_is_read_of_a_refusal(
    server: StandIn, connect: Connect
) -> None:
    admitted: list[int] = []
    looker = connect(server.url, admit=admitted.append)
    looker.login()
    admitted.clear()
    server.answer = always(reply(502, bytes(transport.LARGEST_ERROR * 4)))
    with pytest.raises(TransientError):
        looker.get(ALL_BOARDS)
    assert admitted == [transport.LARGEST_ERROR]


def test_a_server_that_stalls_is_given_up_after_the_timeout(
    server: StandIn, connect: Connect
) -> None:
    looker = connect(server.url, timeout=0.05)
    for part in (b"", reply(200, BODY).raw[:5000]):
        server.answer = always(Reply(part, "stall"))
        with pytest.raises(TransientError, match="nothing came within the timeout"):
            looker.get(ME)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused(
    server: StandIn, looker: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_BODY", 2**20)
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(b"[" + b" " * 2**24 + b"]") + packer.flush()
    server.answer = always(reply(200, bomb, Content_Encoding="gzip"))
    with pytest.raises(CallError, match="more than 1 MiB") as caught:
        looker.get(ME)
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize(
    "said",
    [
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n[", "close"),
        chunked(b"[", b" " * 2**16, b" " * 2**16),
        Reply(b"HTTP/1.0 200 OK\r\n\r\n[" + b" " * 2**17, "close"),
    ],
    ids=["announced", "chunked", "until the end"],
)
def test_an_answer_larger_than_the_bound_is_refused(
    server: StandIn, looker: Looker, said: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_BODY", 2**16)
    server.answer = always(said)
    with pytest.raises(CallError, match="which is not taken in") as caught:
        looker.get(ME)
    assert not isinstance(caught.value, TransientError)


def test_an_encoding_that_was_not_asked_for_is_refused(server: StandIn, looker: Looker) -> None:
    server.answer = always(reply(200, b"x", Content_Encoding="br"))
    with pytest.raises(CallError, match="encoding 'br'"):
        looker.get(ME)


# ── what Looker says ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, RefusedError, "refused"),
        (403, ForbiddenError, "forbidden"),
        (404, NotFoundError, "not_found"),
        (405, RefusedError, "refused"),
        (414, RefusedError, "refused"),
        (422, RefusedError, "refused"),
        (429, RateLimitedError, "rate_limited"),
        (500, TransientError, "unreachable"),
        (502, TransientError, "unreachable"),
        (503, TransientError, "unreachable"),
        (504, TransientError, "unreachable"),
        (599, TransientError, "unreachable"),
        (202, BadAnswerError, "bad_answer"),
        (206, BadAnswerError, "bad_answer"),
        (304, RefusedError, "refused"),
    ],
)
def test_each_status_has_its_error(
    server: StandIn, looker: Looker, status: int, kind: type[CallError], reason: str
) -> None:
    server.answer = always(reply(status, b"" if status == 304 else b"{}"))
    with pytest.raises(kind, match=str(status)) as caught:
        looker.get(ME)
    assert type(caught.value) is kind
    assert caught.value.reason == reason
    assert caught.value.hint


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("3600", 3600.0),
        ("Mon, 21 Sep 2026 14:13:50 GMT", 30.0),
        ("Monday, 21-Sep-26 14:13:50 GMT", 30.0),
        ("Mon, 21 Sep 2026 13:00:00 GMT", 0.0),
        ("Mon, 21 Sep 2026 16:13:50 +0200", 30.0),
        ("Mon, 21 Sep 2026 14:13:50 -0000", 30.0),
        ("soon", None),
        ("-3", None),
        ("1e9", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_understood_in_both_forms(
    server: StandIn, looker: Looker, header: str, seconds: float | None
) -> None:
    assert NOW == 1_790_000_000  # 21 September 2026, 14:13:20 UTC
    server.answer = always(looker_error(429, "Too many", Retry_After=header))
    with pytest.raises(RateLimitedError) as caught:
        looker.get(ME)
    assert caught.value.retry_after == seconds


def test_a_date_without_a_zone_is_in_universal_time_wherever_the_client_is(
    server: StandIn, looker: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = always(reply(429, b"", Retry_After="Mon, 21 Sep 2026 14:13:50"))
    try:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        with pytest.raises(RateLimitedError) as caught:
            looker.get(ME)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert caught.value.retry_after == 30


def test_a_429_without_retry_after_says_nothing_of_the_wait(
    server: StandIn, looker: Looker
) -> None:
    server.answer = always(looker_error(429, "Too many"))
    with pytest.raises(RateLimitedError) as caught:
        looker.get(ME)
    assert caught.value.retry_after is None


def test_an_overloaded_server_that_names_a_wait_is_waited_for(
    server: StandIn, looker: Looker
) -> None:
    server.answer = always(reply(503, HTML, Retry_After="5"))
    with pytest.raises(RateLimitedError) as caught:
        looker.get(ME)
    assert caught.value.retry_after == 5


def test_looker_s_own_words_are_repeated(server: StandIn, looker: Looker) -> None:
    body = {
        "message": "Validation Failed",
        "errors": [{"field": "id", "code": "invalid", "message": "must be a number"}, "odd"],
    }
    server.answer = always(
        reply(422, gzip.compress(json.dumps(body).encode()), Content_Encoding="gzip")
    )
    with pytest.raises(RefusedError, match=r"Validation Failed \(id: must be a number\)"):
        looker.get(ME)


@pytest.mark.parametrize("body", [b"[1]", b"{", b'{"message":null}', b"\xff\xfe", b"[" * 60_000])
def test_an_error_s_body_may_be_anything(server: StandIn, looker: Looker, body: bytes) -> None:
    server.answer = always(reply(403, body))
    with pytest.raises(ForbiddenError, match="403 Forbidden\\.$"):
        looker.get(ME)


def test_an_html_page_with_status_200_is_no_answer(server: StandIn, looker: Looker) -> None:
    server.answer = always(reply(200, HTML, Content_Type="text/html"))
    with pytest.raises(BadAnswerError, match=r"no JSON \(text/html\): '<!DOCTYPE html>"):
        looker.get(ME)


def test_a_message_obeys_no_terminal_shows_no_secret_and_is_short(
    server: StandIn, looker: Looker
) -> None:
    message = f"\x1b]0;x\x07 token1 {SECRET} \u202egnp.exe\r\n\x9b2J" + "long " * 10_000
    server.answer = always(looker_error(400, message))
    with pytest.raises(RefusedError) as caught:
        looker.get(SEARCH_DASHBOARDS, params={"title": "personal"})
    told = caught.value.message
    assert told.isprintable()
    assert not any(hidden in told for hidden in (SECRET, "token1", "personal", "\u202e"))
    assert len(told) < 500


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_named_and_not_followed(server: StandIn, looker: Looker, status: int) -> None:
    with serving() as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.port}/login?token=x"
        server.answer = always(reply(status, b"", Location=target))
        with pytest.raises(
            RefusedError, match=f"redirected to http://127.0.0.1:{elsewhere.port}/login,"
        ):
            looker.get(ME)
        assert elsewhere.requests == []


# ── login ───────────────────────────────────────────────────────────────────────────────────────


def test_the_first_call_logs_in_where_nobody_did(server: StandIn, looker: Looker) -> None:
    looker.get(ME)
    looker.login()
    assert (server.count("POST"), looker.logins) == (1, 1)


def test_fifty_threads_log_in_once(server: StandIn, connect: Connect) -> None:
    looker = connect(server.url, pool_size=50)
    assert in_threads(50, lambda: looker.get(ME)) == [b'{"ok":true}'] * 50
    assert server.count("POST") == 1


def test_fifty_threads_whose_token_was_revoked_log_in_once(
    server: StandIn, connect: Connect
) -> None:
    looker = connect(server.url, pool_size=50)
    looker.login()
    server.revoke()
    assert in_threads(50, lambda: looker.get(ME)) == [b'{"ok":true}'] * 50
    assert (server.count("POST"), looker.logins) == (2, 2)


def test_a_token_is_renewed_before_it_expires(server: StandIn, connect: Connect) -> None:
    elapsed = [0.0]
    looker = connect(server.url, pool_size=50, monotonic=lambda: elapsed[0])
    for now, logins in ((0.0, 1), (3419.0, 1), (3421.0, 2), (6800.0, 2), (6900.0, 3)):
        elapsed[0] = now
        assert in_threads(8, lambda: looker.get(ME)) == [b'{"ok":true}'] * 8
        assert server.count("POST") == logins


def test_a_token_of_unknown_life_is_used_until_it_is_refused(
    server: StandIn, connect: Connect
) -> None:
    server.expires_in = 0
    looker = connect(server.url, monotonic=lambda: 1e9)
    looker.get(ME)
    looker.get(ME)
    assert server.count("POST") == 1


def test_a_call_that_is_unauthorized_with_a_new_token_too_is_given_up(
    server: StandIn, looker: Looker
) -> None:
    server.answer = always(looker_error(401, "Requires authentication."))
    with pytest.raises(UnauthorizedError, match="401") as caught:
        looker.get(ME)
    assert caught.value.exit_code == Exit.ACCESS
    assert (server.count("GET"), server.count("POST")) == (2, 2)


def test_a_new_token_that_is_revoked_at_once_is_renewed_again(
    server: StandIn, looker: Looker
) -> None:
    """Another call used the new token, and it was revoked after that, before this call's turn."""
    looker.login()
    others: list[bytes] = []

    def answer(request: Request) -> Reply:
        if request.target.endswith("/boards") and len(others) < 2:
            token = request.headers["authorization"]
            others.append(looker.get(ME))  # with the same token, so it is good for somebody
            with server.lock:
                server.tokens.discard(token)
            return looker_error(401, "Requires authentication.")
        return reply(200, b"[]")

    server.answer = answer
    assert looker.get(ALL_BOARDS) == b"[]"
    assert looker.logins == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refused_login_names_both_settings_and_their_sources(
    server: StandIn, looker: Looker, status: int
) -> None:
    server.login = always(looker_error(status, "Not found"))
    with pytest.raises(AccessError) as caught:
        looker.login()
    told = caught.value.message
    assert "client id idOf… (environment LOOKERSDK_CLIENT_ID)" in told
    assert "client secret from looker.ini [Looker] client_secret (looker.ini)" in told
    assert SECRET not in told + caught.value.hint
    assert caught.value.exit_code == Exit.ACCESS


def test_a_secret_that_was_changed_in_mid_run_is_tried_once_by_all_threads(
    server: StandIn, connect: Connect
) -> None:
    looker = connect(server.url, pool_size=50)
    looker.get(ME)
    server.secret = "another"
    server.revoke()
    results = in_threads(50, lambda: looker.get(ME))
    assert {type(result) for result in results} == {AccessError}
    assert server.count("POST") == 2


def test_a_wrong_secret_is_not_taken(server: StandIn, connect: Connect) -> None:
    looker = connect(server.url, client_secret=Secret("wrong"))
    with pytest.raises(AccessError, match="refused the login"):
        looker.login()
    assert looker.logins == 0


def test_a_login_at_something_that_is_no_looker_says_so(server: StandIn, looker: Looker) -> None:
    server.login = always(reply(404, HTML))
    with pytest.raises(AccessError, match="No Looker API answers at http://localhost") as caught:
        looker.login()
    assert "LOOKERSDK_BASE_URL" in caught.value.message
    assert "19999" in caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        HTML,
        b"[]",
        b"{}",
        b'{"access_token":null}',
        b'{"access_token":""}',
        b'{"access_token":"a\\r\\nX-Injected: 1"}',
        b'{"access_token":"\xc3\xa4"}',
    ],
)
def test_a_login_without_a_usable_token_is_a_bad_answer(
    server: StandIn, looker: Looker, body: bytes
) -> None:
    server.login = always(reply(200, body))
    with pytest.raises(BadAnswerError):
        looker.login()


def test_a_login_that_failed_for_a_while_succeeds_later(server: StandIn, looker: Looker) -> None:
    server.login = always(reply(503, HTML))
    for _ in range(2):
        with pytest.raises(TransientError, match="503"):
            looker.get(ME)
    server.login = always(looker_error(429, "Too many", Retry_After="3"))
    with pytest.raises(RateLimitedError) as caught:
        looker.get(ME)
    assert caught.value.retry_after == 3
    server.login = None
    assert looker.get(ME) == b'{"ok":true}'


def test_threads_that_waited_for_a_failing_login_do_not_try_it_one_by_one(
    server: StandIn, connect: Connect
) -> None:
    looker = connect(server.url, pool_size=20)
    entered = threading.Semaphore(0)

    class Params(dict[str, str]):
        """Its pairs are asked for just before the token is."""

        def items(self) -> Any:
            entered.release()
            return super().items()

    def login(_: Request) -> Reply:
        if server.count("POST") == 1:
            for _thread in range(20):
                entered.acquire()
        return reply(503, HTML)

    server.login = login
    results = in_threads(20, lambda: looker.get(ME, params=Params(a="b")))
    assert {type(result) for result in results} == {TransientError}
    assert server.count("POST") < 10
