"""`lookervault` in a shell, as a process that is there soon: a server forks the program for it.

The first argument is the descriptor at which a `fork_server` listens, the others are the program's.
It runs where this runs, with its streams and environment, and this ends as it did. What ends this
early does not end it.
"""

from __future__ import annotations

import marshal
import os
import socket
import sys


def ended() -> int:
    """The exit code of the program, or minus the number of the signal that ended it."""
    umask = os.umask(0)
    os.umask(umask)
    wanted = {
        "arguments": sys.argv[2:],
        "env": dict(os.environ),
        "cwd": os.getcwd(),  # noqa: PTH109 - pathlib takes longer than all the rest
        "umask": umask,
        "constraint": None,
    }
    report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = socket.socket(fileno=int(sys.argv[1]))
    socket.send_fds(server, [marshal.dumps(wanted)], [0, 1, 2, theirs.fileno()])
    server.detach()
    theirs.close()
    report.recv(16)  # its number
    return int(report.recv(16))


if __name__ == "__main__":
    code = ended()
    os._exit(code if code >= 0 else 128 - code)
