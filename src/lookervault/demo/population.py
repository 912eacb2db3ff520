"""How many objects of each type a company of a given size has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lookervault.demo.vocabulary import DEPARTMENTS

#: Share of all items; what is left of 1 are merged queries (one for each sixth dashboard).
_SHARES = {
    "looks": 0.30,
    "dashboards": 0.25,
    "folders": 0.14,
    "users": 0.12,
    "scheduled_plans": 0.06,
    "alerts": 0.04,
    "groups": 0.02,
    "boards": 0.02,
}
#: So that even the smallest company has one of everything.
_AT_LEAST = {
    "looks": 12,
    "dashboards": 12,
    "folders": 5 + 2 * len(DEPARTMENTS),
    "users": 6,
    "scheduled_plans": 10,
    "alerts": 8,
    "groups": 1 + 2 * len(DEPARTMENTS),
    "boards": 2,
}

#: Configuration does not grow with the company's content.
_FIXED = {
    "roles": 4 + len(DEPARTMENTS),
    "permission_sets": 8,
    "model_sets": 1 + len(DEPARTMENTS),
    "user_attributes": 12,
    "themes": 4,
    "color_collections": 3,
    "lookml_models": len(DEPARTMENTS),
    "connections": 4,
    "projects": len(DEPARTMENTS) + 1,
    "datagroups": 6,
    "integrations": 7,
    "integration_hubs": 2,
    "lookml_dashboards": 10,
    "settings": 13,
    "legacy_features": 4,
}


@dataclass(frozen=True, slots=True)
class Population:
    counts: Mapping[str, int]
    #: The first users have one each.
    personal_folders: int

    def __getitem__(self, type_: str) -> int:
        return self.counts[type_]


def population(items: int, overrides: Mapping[str, int] | None = None) -> Population:
    """About `items` objects in all, configuration included, but not fewer than a small company
    has; `overrides` names types one by one. What only follows from others (queries, access lists)
    is not counted.
    """
    grows = max(0, items - sum(_FIXED.values()))
    counts = {type_: max(_AT_LEAST[type_], int(grows * share)) for type_, share in _SHARES.items()}
    counts |= _FIXED
    unknown = set(overrides or ()) - set(counts)
    if unknown:
        raise ValueError(f"no such type to count: {', '.join(sorted(unknown))}")
    counts |= overrides or {}
    # Everything else belongs to somebody in some group and lies somewhere.
    counts["groups"] = max(1, counts["groups"])
    counts["users"] = max(1, counts["users"])
    counts["folders"] = max(5, counts["folders"])
    counts["merge_queries"] = -(-counts["dashboards"] // 6)
    spare = max(0, counts["folders"] - 5 - len(DEPARTMENTS))
    return Population(counts, personal_folders=min(counts["users"], spare // 2))
