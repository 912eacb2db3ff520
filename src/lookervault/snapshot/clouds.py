"""S3, Google Cloud Storage and Azure Blob Storage as places for snapshots, by way of obstore.

obstore itself asks again after 5xx, 429 and most broken connections. What it does not ask again
after is asked again here: refusals for the moment, time-outs, lists that broke off.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from lookervault.errors import LookerVaultError, UsageError
from lookervault.looker.text import clean, without
from lookervault.snapshot import failures
from lookervault.snapshot.names import check_name, check_prefix, is_name
from lookervault.snapshot.store import Stored

_PAGE = 1_000
_RETRIES = 10
_GROWTH = 3


class Patience(NamedTuple):
    """Seconds. An operation takes at most twice `retrying`, and one `attempt` more."""

    attempt: float = 300.0
    """For one request and its answer: 16 MiB at half a megabit a second."""
    retrying: float = 120.0
    """From the first request of an operation until no more is begun."""
    first_wait: float = 0.1
    longest_wait: float = 15.0


class Place(NamedTuple):
    """Where a store is and how it is reached. `options` are obstore's, by its own names."""

    scheme: str
    bucket: str
    prefix: str
    options: Mapping[str, str]
    secrets: frozenset[str] = frozenset()
    """Values that no message may show."""
    allow_http: bool = False
    certificates: bytes | None = None
    """PEM; trusted besides those of the system."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}".rstrip("/")


class CloudStore:
    """Thread-safe."""

    def __init__(
        self,
        place: Place,
        patience: Patience,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises `UsageError` where the options do not fit together. Sends nothing yet."""
        self._place = place
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._answered = False
        self._store, self._errors = _connected(place, patience)

    @property
    def url(self) -> str:
        return self._place.url

    def create(self, name: str, data: bytes) -> bool:
        """Where an answer was lost, an object of these very bytes is taken for the one written."""
        check_name(name)
        lost = False

        def put() -> bool:
            nonlocal lost
            try:
                self._store.put(name, data, mode="create", use_multipart=False)
            except self._errors as error:
                failure = failures.read(error)
                if failure.is_there or (failure.may_be_there and self._is_there(name)):
                    return (lost or failure.retried) and self.get(name) == data
                lost = lost or failure.retried or failure.may_pass
                raise
            return True

        return self._asked("write", name, put)

    def _is_there(self, name: str) -> bool:
        try:
            self.get_part(name, 0, 1)
        except LookerVaultError:
            return False
        return True

    def get(self, name: str) -> bytes:
        check_name(name)
        data: bytes = self._asked("read", name, lambda: self._store.get(name).bytes().to_bytes())
        return data

    def get_part(self, name: str, start: int, length: int) -> bytes:
        check_name(name)

        def get() -> bytes:
            try:
                part: bytes = self._store.get_range(
                    name, start=start, length=max(length, 1)
                ).to_bytes()
            except self._errors as error:
                if failures.read(error).is_beyond:
                    return b""
                raise
            return part[:length]

        return self._asked("read", name, get)

    def list(self, prefix: str) -> Iterator[Stored]:
        """All of it is there before the first comes: a list that broke off is begun anew."""
        check_prefix(prefix)
        return iter(self._asked("list", prefix.rstrip("/"), partial(self._listed, prefix)))

    def _listed(self, prefix: str) -> tuple[Stored, ...]:
        return tuple(
            Stored(found["path"], found["size"], found["last_modified"].timestamp())
            for page in self._store.list(prefix or None, chunk_size=_PAGE)
            for found in page
            if is_name(found["path"]) and found["path"].startswith(prefix)  # others are not ours
        )

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            check_name(name)
        if names and not self._asked("delete from", "", partial(self._deleted, [*names])):
            for name in names:
                self._asked("delete", name, partial(self._deleted, [name]))

    def _deleted(self, names: Sequence[str]) -> bool:
        """False where one was not there, and others may be there still."""
        try:
            self._store.delete(names)
        except self._errors as error:
            if failures.read(error).is_missing:
                return False
            raise
        return True

    def _asked[T](self, action: str, name: str, call: Callable[[], T]) -> T:
        until = self._clock() + self._patience.retrying
        wait = self._patience.first_wait
        while True:
            try:
                answer = _waited_for(call)
            except self._errors as error:
                failure = failures.read(error)
                self._answered |= failure.status != 0
                if not self._may_pass(failure) or self._clock() + wait > until:
                    raise failures.explained(
                        failure, action, name, self.url, self._place.secrets
                    ) from None
            else:
                self._answered = True
                return answer
            self._sleep(wait)
            wait = min(wait * _GROWTH, self._patience.longest_wait)

    def _may_pass(self, failure: failures.Failure) -> bool:
        """Nobody who has never been there is waited for longer than obstore does."""
        return failure.may_pass or (self._answered and failure.line == "Connect")


def _waited_for[T](call: Callable[[], T]) -> T:
    """Lets Ctrl-C through in the main thread: obstore itself would not return before an answer."""
    if threading.current_thread() is not threading.main_thread():
        return call()
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(call())
        except BaseException as error:  # noqa: BLE001 -- it is raised where it is waited for
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result()


def _connected(place: Place, patience: Patience) -> tuple[Any, tuple[type[Exception], ...]]:
    """The library's store, and what it raises."""
    # here, as it takes long and most commands need no store
    from obstore.exceptions import BaseError  # noqa: PLC0415 -- see above
    from obstore.store import AzureStore, GCSStore, S3Store  # noqa: PLC0415 -- see above

    kinds: dict[str, Any] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    client: dict[str, Any] = {
        "allow_http": place.allow_http,
        "timeout": timedelta(seconds=patience.attempt),
    }
    if place.certificates:
        client["root_certificate"] = place.certificates
    backoff = {
        "init_backoff": timedelta(seconds=patience.first_wait),
        "max_backoff": timedelta(seconds=patience.longest_wait),
        "base": _GROWTH,
    }
    try:
        store = kinds[place.scheme](
            place.bucket,
            prefix=place.prefix or None,
            config=dict(place.options),
            client_options=client,
            retry_config={
                "backoff": backoff,
                "max_retries": _RETRIES,
                "retry_timeout": timedelta(seconds=patience.retrying),
            },
        )
    except BaseError as error:
        said = failures.read(error).said
        raise UsageError(
            f"{place.url} cannot be opened: {without(place.secrets, clean(said))}.",
            hint="Check the variables of the environment that name its account and credentials.",
        ) from None
    return store, (BaseError, OSError, ValueError)
