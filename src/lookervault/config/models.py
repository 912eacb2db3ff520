"""What a person may set about a run's parallel work; the source of the published schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lookervault.errors import UsageError

MEBIBYTE = 2**20
QUEUED_PAGES_PER_WORKER = 4


def _queue_size(validated: dict[str, Any]) -> int:
    return QUEUED_PAGES_PER_WORKER * int(validated["workers"])


class ParallelConfig(BaseModel):
    """How many calls run at once, how large they are, how fast, and how long they are retried."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(
        default=8,
        ge=1,
        le=50,
        description="Threads that call Looker at the same time. One worker is the serial mode.",
    )
    page_size: int = Field(
        default=100,
        ge=1,
        le=1000,
        description="Objects asked for in one call, at most. Calls are scarce: larger is cheaper.",
    )
    queue_size: int = Field(
        default_factory=_queue_size,
        ge=1,
        le=10_000,
        description="Pages that may wait for a worker. The census pauses while the queue is full."
        f" Default: {QUEUED_PAGES_PER_WORKER} times the workers.",
    )
    rate: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        allow_inf_nan=False,
        description="Calls a second over all workers, at most. Unset: as fast as Looker answers,"
        " slowed down by its 429 answers alone.",
    )
    max_tries: int = Field(
        default=8,
        ge=1,
        le=100,
        description="Times a call is sent before its failure is final, the first one included.",
    )
    max_retry_seconds: float = Field(
        default=300,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="Seconds after which a failing call is not tried again.",
    )
    max_deletions: float = Field(
        default=20,
        ge=0,
        le=100,
        allow_inf_nan=False,
        description="Share of a type, in percent, up to which items count as deleted in one run."
        " Where more than that seem deleted, and at least 10, or all of them, nothing of the type"
        " is marked so.",
    )
    prove: float | None = Field(
        default=None,
        ge=0,
        le=100,
        allow_inf_nan=False,
        description="Share of what seems unchanged, in percent, that is read all the same: another"
        " share in each run. Unset: a fourteenth, so that everything is proven in two weeks of"
        " nights.",
    )
    max_wait: float = Field(
        default=600,
        ge=0,
        le=86_400,
        allow_inf_nan=False,
        description="Seconds that Looker may ask to wait (429, Retry-After). Asked for more, the"
        " run stops, to be gone on with later.",
    )
    page_bytes: int = Field(
        default=8 * MEBIBYTE,
        ge=MEBIBYTE // 16,
        le=256 * MEBIBYTE,
        description="Size that a page aims at, by the sizes of the objects seen so far, in bytes.",
    )
    bytes_in_flight: int = Field(
        default=32 * MEBIBYTE,
        ge=MEBIBYTE // 16,
        le=4096 * MEBIBYTE,
        description="Bytes of pages that all workers together may hold. At least one page.",
    )

    @model_validator(mode="after")
    def _a_page_fits(self) -> Self:
        if self.bytes_in_flight < self.page_bytes:
            raise ValueError("bytes_in_flight must be at least page_bytes")
        return self


def parallel_config(flags: Mapping[str, object]) -> ParallelConfig:
    """The configuration from flags (`None` is "not given").

    Raises `UsageError` that names each wrong flag and what it may be.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return ParallelConfig.model_validate(given)
    except ValidationError as error:
        raise UsageError(_wrong(error), hint="See --help for what each may be.") from None


def _wrong(error: ValidationError) -> str:
    findings = error.errors(include_url=False, include_context=False)
    # The default of the queue's size cannot be had where the workers are wrong: not a second error.
    real = [finding for finding in findings if finding["type"] != "default_factory_not_called"]
    return "; ".join(f"{_flag(finding)}{finding['msg'].lower()}" for finding in real) + "."


def _flag(finding: Any) -> str:
    if not finding["loc"]:
        return ""
    name = str(finding["loc"][0]).replace("_", "-")
    return f"--{name} {finding['input']}: "
