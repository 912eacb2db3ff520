"""Being told to end: the first time, what is on its way may arrive; the second ends at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from lookervault.cli import said
from lookervault.errors import Exit

ON_ITS_WAY = "Stopping, after what is on its way. The same again ends at once."


@contextmanager
def like_ctrl_c(words: str = ON_ITS_WAY) -> Iterator[None]:
    """SIGTERM is taken for Ctrl-C: what was begun is tidied up. The second of them does not wait
    for that. `words` are said at the first.
    """
    asked = False

    def interrupt(_: int, __: FrameType | None) -> None:
        nonlocal asked
        if asked:
            end_at_once()
        asked = True
        with suppress(OSError):  # nobody may be reading any more
            said.say_at_once(words, event="stopping")
        raise KeyboardInterrupt

    with heard_by(interrupt):
        yield


@contextmanager
def heard_by(handler: signal._HANDLER) -> Iterator[None]:
    """Ctrl-C and SIGTERM, unless the program was started so as not to hear them, as by nohup."""
    heeded = [one for one in _SIGNALS if signal.getsignal(one) != signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def end_at_once() -> NoReturn:
    """From a signal handler. Vaults and stores are whole at every moment."""
    with suppress(OSError):
        os.write(2, b"\x1b[?25h" if os.isatty(2) else b"")  # the display hides the cursor
        said.say_at_once("Interrupted again: ended at once.", event="interrupted")
    os._exit(Exit.INTERRUPTED)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
