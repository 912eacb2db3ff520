"""A stop that is asked for by a signal, which may take no lock."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from lookervault.errors import Interrupted
from lookervault.extraction.stop import Stop


def test_a_signal_ends_the_wait_of_the_thread_that_it_interrupts() -> None:
    stop = Stop()
    before = signal.signal(signal.SIGTERM, lambda _, __: stop.request())
    try:
        threading.Timer(0.05, signal.raise_signal, [signal.SIGTERM]).start()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            stop.wait(60)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert time.monotonic() - began < 30


def test_whoever_comes_after_the_request_does_not_wait() -> None:
    stop = Stop()
    stop.check()
    stop.wait(0)
    stop.request()
    with pytest.raises(Interrupted):
        stop.check()
    with pytest.raises(Interrupted):
        stop.wait(60)
