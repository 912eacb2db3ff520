"""Every type of content that the embedded Looker has."""

from __future__ import annotations

from lookervault.demo.content import dashboards, folders, looks, merges, people
from lookervault.demo.kind import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for module in (dashboards, looks, folders, merges, people)
    for kind in module.KINDS
}
