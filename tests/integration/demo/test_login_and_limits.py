"""Sessions, the rate limit, and each fault as a client sees it."""

from __future__ import annotations

import json
import signal
from http.client import IncompleteRead
from threading import Thread

import pytest

from lookervault.demo.behaviour import RANDOM_FAULTS, Behaviour, Fault
from lookervault.demo.server import EmbeddedLooker, serve
from lookervault.errors import LookerVaultError
from tests.integration.demo.client import Client


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


# Sessions


def test_a_wrong_secret_is_refused_with_404(looker: EmbeddedLooker, client: Client) -> None:
    reply = client.post_login("wrong")
    assert reply.status == 404
    assert reply.json()["message"] == "Not found"
    assert looker.logins == 1


@pytest.mark.parametrize("scheme", ["token", "Bearer"])
def test_a_token_is_taken_in_both_spellings(client: Client, scheme: str) -> None:
    assert client.get("/user", headers={"Authorization": f"{scheme} {client.token}"}).status == 200


def test_nobody_gets_in_without_a_token(looker: EmbeddedLooker) -> None:
    with Client(looker, token="made up") as client:
        reply = client.get("/user")
    assert reply.status == 401
    assert reply.json()["message"] == "Requires authentication."


def test_a_token_ends_after_its_lifetime() -> None:
    clock = Clock()
    with (
        EmbeddedLooker(100, behaviour=Behaviour(token_lifetime_s=60), clock=clock) as looker,
        Client(looker) as client,
    ):
        assert client.post_login(looker.client_secret).json()["expires_in"] == 60
        clock.now += 59
        assert client.get("/user").status == 200
        clock.now += 2
        assert client.get("/user").status == 401
        client.token = client.login()
        assert client.get("/user").status == 200


def test_tokens_can_be_revoked_for_everyone(looker: EmbeddedLooker, client: Client) -> None:
    looker.revoke_tokens()
    assert client.get("/user").status == 401
    client.token = client.login()
    assert client.get("/user").status == 200
    assert looker.logins == 2


def test_a_logout_ends_the_session(client: Client) -> None:
    assert client.delete("/logout").status == 204
    assert client.get("/user").status == 401
    assert client.delete("/logout").status == 401


# The rate limit


def test_the_limit_lets_one_seconds_worth_through_and_refills() -> None:
    clock = Clock()
    with (
        EmbeddedLooker(100, behaviour=Behaviour(rps=3), clock=clock) as looker,
        Client(looker) as client,
    ):
        assert [client.get("/user").status for _ in range(5)] == [200, 200, 200, 429, 429]
        clock.now += 0.5
        assert [client.get("/user").status for _ in range(2)] == [200, 429]
        clock.now += 60
        assert [client.get("/user").status for _ in range(4)] == [200, 200, 200, 429]


def test_every_other_refusal_says_when_to_come_again() -> None:
    with (
        EmbeddedLooker(100, behaviour=Behaviour(rps=0.25), clock=Clock()) as looker,
        Client(looker) as client,
    ):
        client.get("/user")
        waits = [client.get("/user").headers.get("retry-after") for _ in range(4)]
    assert waits == ["4", None, "4", None]


def test_an_answer_takes_as_long_as_the_latency_unless_the_server_stops() -> None:
    with EmbeddedLooker(100) as looker:
        client = Client(looker)
        looker.behaviour.latency_ms = 600_000
        answers: list[int] = []
        waiting = Thread(target=lambda: answers.append(client.get("/user").status), daemon=True)
        waiting.start()
        waiting.join(0.05)
        assert answers == []
    waiting.join(5)
    assert answers == [200]
    client.__exit__()


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        (Fault.ERROR_500, 500, "application/json"),
        (Fault.BAD_GATEWAY, 502, "text/html; charset=utf-8"),
        (Fault.UNAVAILABLE, 503, "text/plain; charset=utf-8"),
        (Fault.EXPIRED_TOKEN, 401, "application/json"),
        (Fault.HTML_200, 200, "text/html; charset=utf-8"),
        (Fault.TOO_MANY, 429, "application/json"),
        (Fault.TOO_MANY_SILENT, 429, "application/json"),
        (Fault.NOT_FOUND, 404, "application/json"),
        (Fault.FORBIDDEN, 403, "application/json"),
    ],
)
def test_a_fault_answers_in_place_of_the_operation(
    looker: EmbeddedLooker, client: Client, fault: Fault, status: int, content_type: str
) -> None:
    looker.behaviour.faults_for["look"] = [fault]
    reply = client.get("/looks/2")
    assert (reply.status, reply.headers["content-type"]) == (status, content_type)
    assert ("retry-after" in reply.headers) == (fault is Fault.TOO_MANY)
    client.token = client.login()
    assert client.get("/looks/2").body == looker.store.body("looks", "2")


def test_an_expired_token_stays_expired(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.faults_for["look"] = [Fault.EXPIRED_TOKEN]
    assert [client.get("/looks/2").status for _ in range(2)] == [401, 401]


def test_faults_are_used_up_in_order_by_their_operation(
    looker: EmbeddedLooker, client: Client
) -> None:
    looker.behaviour.faults_for["look"] = [Fault.ERROR_500, Fault.UNAVAILABLE]
    assert client.get("/user").status == 200
    assert [client.get("/looks/2").status for _ in range(3)] == [500, 503, 200]


def test_a_reset_gives_no_answer(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.faults_for["look"] = [Fault.RESET]
    with pytest.raises(ConnectionResetError):
        client.get("/looks/2")
    assert client.get("/looks/2").status == 200


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_truncated_body_ends_early(looker: EmbeddedLooker, client: Client, encoding: str) -> None:
    looker.behaviour.faults_for["dashboard"] = [Fault.TRUNCATED]
    with pytest.raises(IncompleteRead) as caught:
        client.get("/dashboards/1", headers={"Accept-Encoding": encoding})
    assert caught.value.partial
    assert caught.value.expected


def test_a_stall_lasts_until_its_time_is_over(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.stall_s = 0.01
    looker.behaviour.faults_for["look"] = [Fault.STALL]
    with pytest.raises(IncompleteRead):
        client.get("/looks/2")


def test_a_stall_does_not_hold_up_the_end_of_the_server() -> None:
    with EmbeddedLooker(100, behaviour=Behaviour(stall_s=600)) as looker:
        client = Client(looker)
        looker.behaviour.faults_for["look"] = [Fault.STALL]
        waiting = Thread(target=lambda: cut_off(client), daemon=True)
        waiting.start()
        while not looker.log.calls("look"):
            waiting.join(0.001)
    waiting.join(5)
    assert not waiting.is_alive()
    client.__exit__()


def cut_off(client: Client) -> None:
    with pytest.raises((ConnectionError, IncompleteRead)):
        client.get("/looks/2")


def test_a_body_may_be_no_json_or_nothing(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.faults_for["look"] = [Fault.NOT_JSON, Fault.EMPTY]
    with pytest.raises(json.JSONDecodeError):
        client.get("/looks/2").json()
    assert client.get("/looks/2").body == b""


def test_an_answer_may_be_about_another_item(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.faults_for = {"look": [Fault.OTHER_ITEM], "search_looks": [Fault.OTHER_ITEM]}
    assert client.get("/looks/2").json()["id"] == "999999999"
    assert client.ids("/looks/search", id="2,3") == ["999999999", "3"]


def test_a_page_may_be_short_or_repeat_a_row(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.faults_for["search_looks"] = [Fault.SHORT_PAGE, Fault.REPEATED_ROW]
    assert client.ids("/looks/search", id="1,2,3") == ["1", "2"]
    assert client.ids("/looks/search", id="1,2,3") == ["1", "1", "2"]


def test_a_fault_may_hit_the_login(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.faults_for["login"] = [Fault.BAD_GATEWAY]
    assert client.post_login(looker.client_secret).status == 502
    assert client.post_login(looker.client_secret).status == 200


def test_random_faults_come_at_their_rate_and_from_their_seed() -> None:
    behaviour = Behaviour(fault_rate=0.3, fault_seed=5, stall_s=0)
    seen = []
    for _ in range(2):
        with EmbeddedLooker(100, behaviour=behaviour) as looker:
            seen.append([outcome(looker) for _ in range(60)])
    assert seen[0] == seen[1]
    assert 6 < sum(each != 200 for each in seen[0]) < 30
    assert len(set(seen[0])) >= 5
    assert len(RANDOM_FAULTS) == 7


def outcome(looker: EmbeddedLooker) -> int:
    try:
        with Client(looker) as client:
            return client.get("/looks/2").status
    except (ConnectionError, IncompleteRead) as error:
        return -len(type(error).__name__)


# The log, and the server itself


def test_what_was_served_is_logged(looker: EmbeddedLooker, client: Client) -> None:
    client.get("/looks/search", limit=3, fields="id")
    client.get("/looks/{}", "no/such")
    operations = [served.operation_id for served in looker.log]
    assert operations == ["login", "search_looks", "look"]
    assert looker.log[1].query == {"limit": "3", "fields": "id"}
    assert looker.log[2] == ("look", "/looks/no%2Fsuch", {}, 404)
    assert looker.log.calls("look") == looker.log[2:]
    looker.log.clear()
    assert len(looker.log) == 0


def test_an_unknown_path_has_lookers_error_body(client: Client) -> None:
    reply = client.get("/no/such/thing")
    assert reply.status == 404
    assert reply.json()["message"] == "Not found"


def test_a_port_that_is_taken_is_said_plainly(looker: EmbeddedLooker) -> None:
    port = int(looker.base_url.rpartition(":")[2])
    with pytest.raises(LookerVaultError, match=f"cannot listen on port {port}") as caught:
        EmbeddedLooker(100, port=port).__enter__()
    assert "--port" in caught.value.hint


def test_serve_runs_until_a_signal_and_gives_the_handlers_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[int] = []

    def ready(looker: EmbeddedLooker) -> None:
        with Client(looker) as client:
            seen.append(client.get("/user").status)
        signal.raise_signal(signal.SIGTERM)

    serve(0, 100, 3, Behaviour(), ready)
    assert seen == [200]
    assert signal.getsignal(signal.SIGTERM) is before
