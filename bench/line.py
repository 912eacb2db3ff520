"""A line of a certain speed on the way to a local server.

`python -m bench.line PORT BYTES_PER_S` prints the port of its own; what goes up is held to the
speed, over all connections together, what comes back is not.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_HOST = "127.0.0.1"
_CHUNK = 2**16


@contextmanager
def slowed(port: int, bytes_per_s: float) -> Iterator[int]:
    """The port of a line to that one, in a process of its own."""
    command = [sys.executable, "-m", "bench.line", str(port), str(bytes_per_s)]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


class _Line:
    def __init__(self, port: int, bytes_per_s: float) -> None:
        self._port = port
        self._bytes_per_s = bytes_per_s
        self._busy_until = 0.0

    async def serve(self) -> None:
        server = await asyncio.start_server(self._connected, _HOST, 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(_HOST, self._port)
        await asyncio.gather(self._up(reader, back), _down(there, writer))

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now = asyncio.get_running_loop().time
        while data := await _read(reader):
            self._busy_until = max(self._busy_until, now()) + len(data) / self._bytes_per_s
            await asyncio.sleep(self._busy_until - now())
            writer.write(data)
            await writer.drain()
        writer.close()


async def _down(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await _read(reader):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    with suppress(ConnectionError):
        return await reader.read(_CHUNK)
    return b""


if __name__ == "__main__":
    asyncio.run(_Line(int(sys.argv[1]), float(sys.argv[2])).serve())
