from __future__ import annotations

import random
import socket
import threading
import time

from bench import line

_DATA = random.Random(1).randbytes(500_000)


def _echo(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        while data := connection.recv(2**16):
            connection.sendall(data)


def test_a_line_changes_nothing_and_is_as_slow_as_was_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        with line.slowed(server.getsockname()[1], len(_DATA) / 0.5) as port:
            begun = time.monotonic()
            back = b""
            with socket.create_connection(("127.0.0.1", port)) as client:
                threading.Thread(target=client.sendall, args=(_DATA,), daemon=True).start()
                while len(back) < len(_DATA) and (data := client.recv(2**16)):
                    back += data
            took = time.monotonic() - begun
    assert back == _DATA
    assert took >= 0.45
