"""Before Looker answers: names, certificates, proxies."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.cli.running import program
from tests.faults.conftest import FLAGS, TYPES, Company
from tests.faults.relay import env_of, relayed
from tests.unit.looker.stand_in import AUTHORITY, DATA, reply, serving

KEY = {"LOOKERSDK_CLIENT_ID": "id", "LOOKERSDK_CLIENT_SECRET": "hidden-word"}
HOST = "looker.example"
"""RFC 2606: nobody has this name, so whoever reaches it goes through the proxy."""


def self_signed(folder: Path, host: str) -> Path:
    """Key and certificate in one file, good for a day before and after now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "self-signed.pem"
    path.write_bytes(private + certificate.public_bytes(pem))
    return path


def test_a_host_whose_name_nobody_knows_is_told_soon() -> None:
    done = program("extract", "--json", "--base-url", "https://looker.invalid", env=KEY)
    assert (done.code, done.json["status"], done.json["run"]) == (1, "failed", None)
    assert "looker.invalid" in done.told
    assert "the host's name is not known" in done.told
    assert "Is the base URL right" in done.told


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        ("expired.pem", "certificate has expired"),
        ("elsewhere.pem", "not valid for 'localhost'"),
        ("", "self-signed certificate"),
    ],
    ids=["expired", "of another host", "self-signed"],
)
def test_a_certificate_that_cannot_be_trusted_is_refused_before_anything_is_sent(
    tmp_path: Path, certificate: str, why: str
) -> None:
    of_server = DATA / certificate if certificate else self_signed(tmp_path, "localhost")
    with serving(str(of_server)) as server:
        arguments = ("extract", "--json", "--base-url", server.url, "--ca-file", AUTHORITY)
        done = program(*arguments, env=KEY)
        assert server.requests == []
    assert (done.code, done.json["status"], done.json["run"]) == (1, "failed", None)
    assert why in done.told
    assert "hidden-word" not in done.err + done.text


def test_whoever_switches_the_check_of_certificates_off_is_warned_and_gets_a_backup(
    company: Company,
) -> None:
    with relayed(company.looker, certificate=DATA / "expired.pem") as (server, _):
        env = env_of(server, company.looker) | {"LOOKERSDK_VERIFY_SSL": "false"}
        done = program("extract", *TYPES, *FLAGS, env=env)
    assert (done.code, done.json["root_hash"]) == (0, company.root), done
    assert "Warning: Certificates are not checked" in done.told
    assert "environment LOOKERSDK_VERIFY_SSL" in done.told


# ── proxies ─────────────────────────────────────────────────────────────────────────────────────


class Proxy:
    """Opens tunnels, all of them to one port of this machine. `asked` are the hosts."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.asked: list[str] = []
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._ended = False
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._ended:
                client.close()
                return
            thread = threading.Thread(target=self._tunnel, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _tunnel(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        self.asked.append(head.split()[1].decode())
        server = socket.create_connection(("127.0.0.1", self._to_port))
        self._sockets += [client, server]
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=_copy, args=(server, client))
        self._threads.append(back)
        back.start()
        _copy(client, server)

    def close(self) -> None:
        self._ended = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        for one in self._sockets:
            with suppress(OSError):  # it is closed already
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in (*self._sockets, self._listener):
            one.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # one of both has gone
        while data := source.recv(2**16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()


def test_a_run_goes_through_the_proxy_that_the_environment_names(
    company: Company, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path, HOST)
    with (
        relayed(company.looker, certificate=certificate) as (server, _),
        proxy_to(server.port) as proxy,
    ):
        env = env_of(server, company.looker) | {
            "LOOKERSDK_BASE_URL": f"https://{HOST}",
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}",
        }
        done = program("extract", *TYPES, *FLAGS, "--ca-file", certificate, env=env)
    assert (done.code, done.json["root_hash"]) == (0, company.root), done
    assert set(proxy.asked) == {f"{HOST}:443"}


def test_a_proxy_that_is_not_there_is_named_without_its_password() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))  # nobody else gets the port, and nobody listens
        at = f"http://us:pa55word@127.0.0.1:{holder.getsockname()[1]}"
        env = KEY | {"HTTPS_PROXY": at, "LOOKERSDK_BASE_URL": f"https://{HOST}"}
        done = program("extract", "--json", env=env)
    assert (done.code, done.json["status"]) == (1, "failed")
    assert "the proxy cannot be used" in done.told
    assert "HTTPS_PROXY" in done.told
    assert "pa55word" not in done.err + done.text


def test_a_proxy_that_wants_a_password_is_named_without_the_one_it_was_given() -> None:
    with serving() as proxy:
        proxy.tokens.add("")  # CONNECT carries no token
        proxy.answer = lambda _: reply(407)
        at = f"http://us:pa55word@127.0.0.1:{proxy.port}"
        env = KEY | {"HTTPS_PROXY": at, "LOOKERSDK_BASE_URL": f"https://{HOST}"}
        done = program("extract", "--json", env=env)
        assert {request.method for request in proxy.requests} == {"CONNECT"}
    assert (done.code, done.json["status"], done.json["run"]) == (1, "failed", None)
    assert "the proxy cannot be used" in done.told
    assert "HTTPS_PROXY" in done.told
    assert "pa55word" not in done.err + done.text
