"""What may go wrong before an answer: names, ports, certificates, proxies, files."""

from __future__ import annotations

import resource
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lookervault.config.secret import Secret
from lookervault.content.operations import ME
from lookervault.errors import CallError, NobodyThereError, TransientError, UsageError
from tests.unit.looker.conftest import Connect
from tests.unit.looker.stand_in import AUTHORITY, StandIn, looker_error, reply, serving


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that nobody else gets and where nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def test_an_unreachable_server_is_named_by_its_url(connect: Connect) -> None:
    with closed_port() as port, pytest.raises(NobodyThereError) as caught:
        connect(f"http://localhost:{port}").login()
    assert f"http://localhost:{port}/api/4.0/login" in caught.value.message
    assert "Connection refused" in caught.value.message
    assert "base URL" in caught.value.hint


def test_a_host_without_an_address_is_named(connect: Connect) -> None:
    # RFC 6761: no resolver knows a name under .invalid.
    with pytest.raises(NobodyThereError, match=r"looker\.invalid.*name is not known"):
        connect("https://looker.invalid").login()


def test_a_server_that_has_answered_before_is_not_taken_for_a_wrong_address(
    connect: Connect,
) -> None:
    with serving() as server:
        looker = connect(server.url)
        looker.login()
    with pytest.raises(TransientError, match="Connection refused") as caught:
        looker.get(ME)
    assert type(caught.value) is TransientError


def test_a_server_that_accepts_no_connection_is_given_up(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(("127.0.0.1", port))
        with pytest.raises(TransientError, match="not accepted in time|within the timeout"):
            connect(f"http://127.0.0.1:{port}", timeout=0.05).login()
        for client in waiting:
            client.close()


@contextmanager
def no_files_left() -> Iterator[None]:
    """Below the limit are only the standard streams: nothing that is closed makes room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_too_many_open_files_are_called_that(connect: Connect) -> None:
    with serving() as server:  # gone before the limit, which would be its own, too
        looker = connect(server.url)
        looker.login()
        looker.close()  # the next call needs a new connection
    with no_files_left(), pytest.raises(TransientError, match="too many open files") as caught:
        looker.get(ME)
    assert "--workers" in caught.value.hint


# ── TLS ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_certificate_of_the_given_authority_is_trusted(connect: Connect) -> None:
    with serving("localhost.pem") as server:
        looker = connect(server.url, ca_file=AUTHORITY)
        assert looker.get(ME) == b'{"ok":true}'
        looker.close()


def test_a_folder_of_authorities_is_trusted(connect: Connect, tmp_path: Path) -> None:
    # The name is the hash of the subject, as `openssl rehash` gives it.
    (tmp_path / "f20e0b1e.0").write_bytes(AUTHORITY.read_bytes())
    with serving("localhost.pem") as server:
        looker = connect(server.url, ca_file=tmp_path)
        assert looker.get(ME) == b'{"ok":true}'
        looker.close()


@pytest.mark.parametrize(
    ("certificate", "authority", "why"),
    [
        ("localhost.pem", None, "unable to get local issuer certificate"),
        ("expired.pem", AUTHORITY, "certificate has expired"),
        ("elsewhere.pem", AUTHORITY, "not valid for 'localhost'"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_final_and_says_why(
    connect: Connect, certificate: str, authority: Path | None, why: str
) -> None:
    with serving(certificate) as server, pytest.raises(CallError) as caught:
        connect(server.url, ca_file=authority).login()
    assert not isinstance(caught.value, TransientError)
    assert why in caught.value.message
    assert "--ca-file" in caught.value.hint
    assert server.requests == []


def test_without_verification_anything_is_trusted_and_nothing_warns(connect: Connect) -> None:
    with serving("expired.pem") as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        looker = connect(server.url, verify_ssl=False)
        assert looker.get(ME) == b'{"ok":true}'
        looker.close()


@contextmanager
def answering(said: bytes) -> Iterator[int]:
    """A port where the first connection gets these bytes and an end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_port_that_speaks_no_tls_is_final(connect: Connect) -> None:
    said = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    with answering(said) as port, pytest.raises(CallError, match="does not speak TLS") as caught:
        connect(f"https://localhost:{port}").login()
    assert not isinstance(caught.value, TransientError)
    assert "19999" in caught.value.hint


def test_a_connection_that_ends_within_the_handshake_is_worth_another_try(
    connect: Connect,
) -> None:
    with answering(b"") as port, pytest.raises(TransientError, match="the connection broke"):
        connect(f"https://localhost:{port}").login()


def test_certificates_that_cannot_be_read_are_a_wrong_setting(
    connect: Connect, tmp_path: Path
) -> None:
    wrong = tmp_path / "authority.pem"
    wrong.write_text("no certificate")
    for path in (wrong, tmp_path / "gone.pem"):
        with pytest.raises(UsageError, match=r"\(flag --ca-file\) cannot be read"):
            connect("https://localhost:1", ca_file=path)


# ── proxies ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("login", "sent"),
    [
        ("us%40er:pa%3Ass", "Basic dXNAZXI6cGE6c3M="),
        ("user:5%E2%82%AC", "Basic dXNlcjo14oKs"),
        ("user:5€", "Basic dXNlcjo14oKs"),
    ],
)
def test_a_plain_call_goes_to_the_proxy_with_its_password(
    connect: Connect, login: str, sent: str
) -> None:
    with serving() as proxy:
        at = f"http://{login}@localhost:{proxy.port}"
        looker = connect("http://looker.example:19999", proxy=Secret(at))
        assert looker.get(ME) == b'{"ok":true}'
        request = proxy.requests[-1]
        assert request.target == "http://looker.example:19999/api/4.0/user"
        assert request.headers["host"] == "looker.example:19999"
        assert request.headers["proxy-authorization"] == sent
        looker.close()


def test_a_proxy_that_refuses_the_tunnel_is_named_without_its_password(connect: Connect) -> None:
    with serving() as proxy:
        looker = connect(
            "https://looker.example",
            proxy=Secret(f"http://user:pa55word@localhost:{proxy.port}"),
        )
        proxy.tokens.add("")  # CONNECT carries no token
        proxy.answer = lambda _: reply(407, b"")
        with pytest.raises(NobodyThereError, match="the proxy cannot be used") as caught:
            looker.login()
        assert proxy.requests[-1].method == "CONNECT"
        assert proxy.requests[-1].target == "looker.example:443"
    assert "pa55word" not in caught.value.message
    assert "HTTPS_PROXY" in caught.value.hint


def test_a_proxy_that_is_not_there_is_named(connect: Connect) -> None:
    with closed_port() as port, pytest.raises(TransientError, match="the proxy cannot be used"):
        connect("https://looker.example", proxy=Secret(f"http://localhost:{port}")).login()


def test_an_encrypted_call_goes_through_the_proxy_s_tunnel(connect: Connect) -> None:
    with serving("localhost.pem") as server, tunnel(server.port) as (port, asked):
        looker = connect(
            f"https://localhost:{server.port}",
            ca_file=AUTHORITY,
            proxy=Secret(f"http://localhost:{port}"),
        )
        assert looker.get(ME) == b'{"ok":true}'
        looker.close()
    assert asked == [f"CONNECT localhost:{server.port} HTTP/1.1"]


@contextmanager
def tunnel(target: int) -> Iterator[tuple[int, list[str]]]:
    """A proxy for one connection; what it was asked for."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client, socket.create_connection(("127.0.0.1", target)) as server:
                asked.append(client.recv(4096).decode().splitlines()[0])
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=copy, args=(server, client))
                back.start()
                copy(client, server)
                back.join()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], asked
        thread.join()


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # either side may be gone
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_the_sdk_s_own_settings_are_not_read(
    server: StandIn, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "looker.ini").write_text(
        "[Looker]\nclient_secret=other\nbase_url=http://x.invalid\n"
    )
    for name in ("BASE_URL", "CLIENT_ID", "CLIENT_SECRET", "VERIFY_SSL", "TIMEOUT"):
        monkeypatch.setenv(f"LOOKERSDK_{name}", "other")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")
    server.answer = lambda _: looker_error(404, "x")
    connect(server.url).login()
    assert b"client_id=idOfTheKey" in server.requests[0].body
