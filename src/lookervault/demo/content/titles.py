"""What people write: titles, descriptions, notes, text tiles."""

from __future__ import annotations

from lookervault.demo.draw import Draw
from lookervault.demo.phrases import (
    FIRST_NAMES,
    LAST_NAMES,
    NOTES,
    ODD_TITLES,
    PERIODS,
    REGIONS,
    TEXT_BLOCKS,
    TILE_WORDS,
)
from lookervault.demo.vocabulary import DEPARTMENTS


def title(about: Draw, department: int) -> str:
    if about.chance(0.12):
        return fill(about, department, about.pick(ODD_TITLES))
    return fill(about, department, about.pick(_PATTERNS))


_PATTERNS = (
    "{topic} – {region}",
    "{topic} {period}",
    "{period} {topic} ({region})",
    "{region}: {topic}",
    "{topic}",
    "{person}'s {topic}",
    "{topic} | {tile}",
    "[{region}] {topic} {period}",
)


def fill(about: Draw, department: int, pattern: str) -> str:
    return pattern.format(
        topic=about.pick(DEPARTMENTS[department].topics),
        region=about.pick(REGIONS),
        period=about.pick(PERIODS),
        person=f"{about.pick(FIRST_NAMES)} {about.pick(LAST_NAMES)}",
        tile=about.pick(TILE_WORDS),
        slug=about.slug(12),
    )


def tile_title(about: Draw, measure: str) -> str:
    name = measure.rsplit(".", maxsplit=1)[-1].replace("_", " ").capitalize()
    return f"{name} {about.pick(TILE_WORDS)}"


def note(about: Draw, department: int) -> str:
    return fill(about, department, about.pick(NOTES))


def text_block(about: Draw, department: int) -> str:
    return fill(about, department, about.pick(TEXT_BLOCKS))


def description(about: Draw, department: int) -> str | None:
    if about.chance(0.35):
        return None
    return " ".join(note(about, department) for _ in range(about.between(1, 2)))
