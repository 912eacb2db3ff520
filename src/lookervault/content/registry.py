"""The only list of content types. A new one is a module in `types/` and a line here."""

from __future__ import annotations

import difflib

from lookervault.content.model import ContentType
from lookervault.content.types import (
    alerts,
    boards,
    color_collections,
    connections,
    content_metadata,
    content_metadata_access,
    dashboards,
    datagroups,
    embed_users,
    folders,
    groups,
    integration_hubs,
    integrations,
    lookml_models,
    looks,
    merge_queries,
    model_sets,
    permission_sets,
    projects,
    queries,
    role_members,
    roles,
    scheduled_plans,
    settings,
    themes,
    user_attribute_group_values,
    user_attribute_user_values,
    user_attributes,
    users,
)
from lookervault.errors import UsageError

TYPES: dict[str, ContentType] = {
    module.TYPE.name: module.TYPE
    for module in (
        dashboards,
        looks,
        folders,
        boards,
        users,
        embed_users,
        groups,
        roles,
        role_members,
        permission_sets,
        model_sets,
        scheduled_plans,
        alerts,
        user_attributes,
        user_attribute_group_values,
        user_attribute_user_values,
        themes,
        color_collections,
        lookml_models,
        connections,
        projects,
        datagroups,
        integrations,
        integration_hubs,
        content_metadata,
        content_metadata_access,
        merge_queries,
        queries,
        settings,
    )
}


def content_type(name: str) -> ContentType:
    """Raises `UsageError` with the nearest name where there is no such type."""
    if name in TYPES:
        return TYPES[name]
    near = difflib.get_close_matches(name.lower(), TYPES, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise UsageError(
        f"There is no content type named {name!r}.{guess}",
        hint="`lookervault types` lists them all.",
    )


def select(names: list[str], exclude: list[str], *, in_folders: bool = False) -> list[ContentType]:
    """The types of a run, in registry order: those named (or the default ones) and what they
    are listed by, without the excluded. `in_folders`: the run is over some folders.

    Raises `UsageError` for unknown names, for types that no folder holds, or if none is left.
    """
    chosen = {content_type(name).name for name in names}
    excluded = {content_type(name).name for name in exclude}
    if in_folders and (outside := [name for name in names if not TYPES[name].in_scope]):
        raise UsageError(
            f"{', '.join(outside)} cannot be extracted by folder: no folder holds them.",
            hint="Leave --folder out for these, in a run of their own.",
        )
    if not names:
        chosen = {t.name for t in TYPES.values() if t.default}
    pending = list(chosen)
    while pending:
        needed = set(TYPES[pending.pop()].after) - chosen
        chosen |= needed
        pending += needed
    if in_folders:
        chosen = {name for name in chosen if TYPES[name].in_scope}
    chosen -= excluded
    if not chosen:
        raise UsageError("Nothing is left to extract.", hint="Exclude fewer types.")
    return [t for t in TYPES.values() if t.name in chosen]
