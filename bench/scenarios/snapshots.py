"""Snapshots in stores: the first push, nights from an empty disk, the way back; beside others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyrage

from bench import line, seaweed
from bench.render import Recipe
from bench.scenario import Bench, Figure, Finding, Result, values, wall

_AT_ONCE = 2
"""Objects that a push sends at once, and so the bare upload."""
_LINE_MB_S = 50
_S3, _SLOW, _FOLDER = "S3", f"S3 over a line of {_LINE_MB_S} MB/s", "a folder"
_VOLUMES = 100


class _Place(NamedTuple):
    """Where stores are made, each in a folder of its own; `env` has all but the store's URL."""

    url: str
    env: Mapping[str, str]


class _Keys(NamedTuple):
    """Files of keys, as variables of the environment: of who writes, and of who reads, too."""

    writing: dict[str, str]
    reading: dict[str, str]


def run(bench: Bench) -> Finding:
    with TemporaryDirectory(prefix="lookervault-bench-") as name:
        folder, keys = Path(name), _keys(Path(name))
        with bench.serving(Recipe(bench.pick(50_000, 400))) as server:
            made = bench.client(
                "changed_nights",
                url=server.url,
                workers=8,
                folder=name,
                nights=bench.pick(30, 2),
                share=0.01,
            )
            made["url"] = server.url
        with _places(folder, keys) as places:
            uploads, last = _uploads(bench, folder / "vault.db", places)
            home = last[_S3 if _S3 in places else _FOLDER]
            nights = _nights(bench, folder, made, home)
            back = _back(bench, folder, home, keys)
        archived = bench.client(
            "archived_nights",
            items=bench.pick(5_000, 100),
            nights=bench.pick(30, 2),
            keys=keys.writing,
        )
    return Finding(
        title="Snapshots",
        how=_how(made, places, archived),
        figures=[
            *_of_uploads(made, uploads),
            *_of_nights(made, nights),
            *_of_the_way_back(made, back),
            *_of_memory(uploads, nights, back),
            *_beside_others(archived, bench.pick(30, 2)),
        ],
    )


def _keys(folder: Path) -> _Keys:
    identity = pyrage.x25519.Identity.generate()
    (folder / "identity").write_text(f"{identity}\n")
    (folder / "identity").chmod(0o600)
    writing = {
        "LOOKERVAULT_RECIPIENTS": str(identity.to_public()),
        "LOOKERVAULT_INDEX_KEY": str(folder / "index.key"),
    }
    return _Keys(writing, writing | {"LOOKERVAULT_IDENTITY": str(folder / "identity")})


@contextmanager
def _places(folder: Path, keys: _Keys) -> Iterator[dict[str, _Place]]:
    local = {_FOLDER: _Place(folder.as_uri(), keys.writing)}
    if not seaweed.WEED.exists():
        yield local
        return
    with (
        seaweed.serving(folder / "seaweed", _VOLUMES) as port,
        line.slowed(port, _LINE_MB_S * 1e6) as slow,
    ):
        env = {_S3: keys.writing | seaweed.env_of(port), _SLOW: keys.writing | seaweed.env_of(slow)}
        yield {where: _Place(f"s3://{seaweed.BUCKET}", env[where]) for where in env} | local


# The first push.


def _uploads(
    bench: Bench, vault: Path, places: Mapping[str, _Place]
) -> tuple[dict[str, list[Result]], dict[str, _Place]]:
    """What each push and each bare upload found, and the last store of each place."""
    numbers, last = count(1), dict[str, _Place]()
    variants: dict[str, Callable[[], Result]] = {}

    def push(where: str) -> Result:
        place = places[where]
        last[where] = place._replace(url=f"{place.url}/store-{next(numbers)}")
        return _command(bench, last[where], "push", "--vault", str(vault))

    def bare(where: str) -> Result:
        place = places[where]
        url = f"{place.url}/bare-{next(numbers)}"
        return bench.client(
            "bare_upload", url=url, like=last[where].url, env=dict(place.env), threads=_AT_ONCE
        )

    for where in places:
        push(where)  # not counted: a server makes its volumes with the first objects
        variants[f"push {where}"] = partial(push, where)
        variants[f"bare {where}"] = partial(bare, where)
    return bench.interleaved(bench.pick(3, 1), variants), last


def _command(bench: Bench, place: _Place, *arguments: str) -> Result:
    """Of `snapshot`; `wall` is what it says itself, from the opening of the store on."""
    env = {**place.env, "LOOKERVAULT_STORE": place.url}
    done = bench.program("snapshot", *arguments, "--json", env=env)
    found: Result = json.loads(done.said)
    return found | {"wall": found["seconds"], "peak_mb": done.peak_mb}


def _of_uploads(made: Result, uploads: Mapping[str, list[Result]]) -> Iterator[Figure]:
    for where in (_S3, _SLOW, _FOLDER):
        pushes, bare = uploads.get(f"push {where}", []), uploads.get(f"bare {where}", [])
        if not pushes:
            continue
        shares = [b["wall"] / p["wall"] for p, b in zip(pushes, bare, strict=True)]
        target = "≥ 0.7" if where == _S3 else ""
        what = f"first push into {where}"
        yield Figure(f"{what}: speed ÷ that of a bare upload", shares, "×", target)
        yield Figure(f"{what}: what is sent", values(pushes, _sent_mb_s), "MB/s")
        yield Figure(f"bare upload into {where}", values(bare, _bare_mb_s), "MB/s")
        yield Figure(f"{what}: content", values(pushes, _content_mb_s(made)), "MB/s")
        yield Figure(f"{what}: time", values(pushes, wall), "s")
    stored = uploads[f"bare {_FOLDER}"][0]
    yield Figure("content ÷ bytes in the store", [made["raw"] / stored["bytes"]], ": 1", "≥ 8")
    yield Figure("objects in the store", [stored["objects"]])


def _sent_mb_s(result: Result) -> float:
    return float(result["uploaded_bytes"] / 1e6 / result["wall"])


def _bare_mb_s(result: Result) -> float:
    return float(result["bytes"] / 1e6 / result["wall"])


def _content_mb_s(made: Result) -> Callable[[Result], float]:
    return lambda result: float(made["raw"] / 1e6 / result["wall"])


# Nights.


def _nights(bench: Bench, folder: Path, made: Result, home: _Place) -> list[Result]:
    return [
        bench.client(
            "stored_night",
            env={**home.env, "LOOKERVAULT_STORE": home.url},
            base_url=made["url"],
            changes=str(folder / str(night)),
            night=night,
        )
        for night in range(1, len(made["changes"]) + 1)
    ]


def _of_nights(made: Result, nights: list[Result]) -> Iterator[Figure]:
    pairs = list(zip(nights, made["changes"], strict=True))
    up = [night["uploaded_bytes"] / change["compressed"] for night, change in pairs]
    down = [100 * night["downloaded_bytes"] / made["raw"] for night in nights]
    yield Figure("a night: bytes up ÷ the change, compressed", up, "×", "≤ 2.5")
    yield Figure("a night: calls to the store", values(nights, lambda r: r["requests"]), "", "≤ 20")
    yield Figure("a night: bytes down ÷ content", down, "%", "≤ 2")
    yield Figure("a night: bytes up", values(nights, lambda r: r["uploaded_bytes"] / 1e6), "MB")
    yield Figure("a night: from the outline to the snapshot", values(nights, wall), "s")


# The way back.


def _back(bench: Bench, folder: Path, home: _Place, keys: _Keys) -> dict[str, list[Result]]:
    place = home._replace(env={**home.env, **keys.reading})
    vault = folder / "back.db"

    def pull() -> Result:
        vault.unlink(missing_ok=True)
        return _command(bench, place, "pull", "--vault", str(vault))

    def verify() -> Result:
        return _command(bench, place, "verify", "--read-data", "latest")

    return bench.interleaved(bench.pick(3, 1), {"pull": pull, "verify --read-data": verify})


def _of_the_way_back(made: Result, back: Mapping[str, list[Result]]) -> Iterator[Figure]:
    for name, results in back.items():
        yield Figure(f"{name}: content", values(results, _content_mb_s(made)), "MB/s")
        yield Figure(f"{name}: time", values(results, wall), "s")


def _of_memory(
    uploads: Mapping[str, list[Result]], nights: list[Result], back: Mapping[str, list[Result]]
) -> Iterator[Figure]:
    pushes = [one for name, found in uploads.items() if name.startswith("push") for one in found]
    for what, results in {"first push": pushes, "a night": nights, **back}.items():
        yield Figure(f"{what}: peak memory", values(results, lambda r: r["peak_mb"]), "MB", "≤ 200")


# Others.


def _beside_others(archived: Result, nights: int) -> Iterator[Figure]:
    names = {"ours": "`snapshot push`", "Restic": "`restic backup`", "Borg": "`borg create`"}
    for which, told in archived["archives"].items():
        yield Figure(f"{nights} nights: size after {names[which]}", [told["size"] / 1e6], "MB")
    for which, told in archived["archives"].items():
        yield Figure(f"{nights} nights: {names[which]} of one night", [told["night"]], "s")
    for which, told in archived["archives"].items():
        yield Figure(f"the first {names[which]}", [told["first"]], "s")
        yield Figure(f"size after the first {names[which]}", [told["first_size"] / 1e6], "MB")


def _how(made: Result, places: Mapping[str, _Place], archived: Result) -> str:
    change = made["changes"][0]
    s3 = (
        "S3 is a SeaweedFS on the loopback, on the same two cores; once with a line before it that"
        f" lets {_LINE_MB_S} MB/s up, as that of a machine in a cloud may. "
        if _S3 in places
        else "**SeaweedFS was not there, so there is no S3** (requirements-dev.lock has it). "
    )
    lacking = {"Restic", "Borg"} - archived["archives"].keys()
    others = (
        f" **Not there to compare with: {', '.join(sorted(lacking))}** (Debian has both:"
        " `apt-get install restic borgbackup`)."
        if lacking
        else ""
    )
    return (
        f"A vault of {made['items']:,} items of a made-up company, {made['raw'] / 1e6:,.0f} MB of"
        f" content, into encrypted stores. {s3}The bare upload is of objects as many and as large,"
        f" {_AT_ONCE} at once as in a push, by the same library, and does not wait for the disk"
        " where a push does. A push's time is from the opening of the store to the manifest. In a"
        f" night {change['items']:,} items get another title; from a machine with an empty disk and"
        " the index key only, whose run is written into the vault without Looker, then pushed as"
        " `extract --store` does it. The change, compressed, is"
        f" {change['compressed'] / 1e6:,.2f} MB with the dictionaries of the whole vault, which"
        " that machine cannot read. Calls and bytes are counted above the library. Peak memory is"
        " resident, interpreter and libraries included, of each process that pushes, pulls or"
        f" verifies. The comparison is of {archived['items']:,} items,"
        f" {archived['raw'] / 1e6:,.0f} MB, into folders: each night the run is written into a"
        " vault that stays, the same content into a tree of files, one for each item, and then"
        " each program makes its snapshot in turn; all encrypt, and Borg was told to use zstd."
        f" Times are those of whole processes.{others}"
    )
