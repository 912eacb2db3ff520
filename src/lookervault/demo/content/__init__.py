"""Every type of content that the embedded Looker has."""

from __future__ import annotations

from lookervault.demo.content import (
    attributes,
    boards,
    configuration,
    dashboards,
    folders,
    groups,
    looks,
    merges,
    metadata,
    queries,
    roles,
    schedules,
    settings,
    users,
)
from lookervault.demo.kind import Kind

_MODULES = (
    dashboards,
    looks,
    merges,
    queries,
    folders,
    boards,
    users,
    groups,
    roles,
    attributes,
    schedules,
    configuration,
    settings,
    metadata,
)

KINDS: dict[str, Kind] = {kind.name: kind for module in _MODULES for kind in module.KINDS}
