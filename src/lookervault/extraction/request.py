"""What a run is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lookervault.content.model import ContentType


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    types: Sequence[ContentType]
    base_url: str
    program_version: str
    folders: tuple[str, ...] = ()
    recursive: bool = False
    same_instance: bool = False
    accept_visibility: bool = False
    accept_permissions: bool = False
    """Go on though the API user may do less than the last complete run's could."""
    accept_deletions: tuple[str, ...] = ()
    """Names of types of which any number of deletions is believed."""
    all_due: bool = False
    """Every type is due, whatever its interval."""
    every: Mapping[str, float] = field(default_factory=dict)
    """Days between two readings of a type, where they are not the type's own."""
    few_calls: bool = False
    """The calls are limited: the types follow one another by their value."""
    full: bool = False
    """Read everything, also what seems unchanged."""
    fresh: bool = False
    """Do not go on with an unfinished run."""
    resume_within_s: float = 24 * 3600
    """Age in seconds up to which an unfinished run is gone on with."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
