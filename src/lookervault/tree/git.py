"""The commits of a tree, by Git's plumbing alone.

Nothing that a repository or a user has set is obeyed: no hook, filter, signature or line end of
theirs comes between a file and its commit. Only files of the tree are committed; what a person has
staged stays staged. Paths and names go through standard input and the environment, never as
arguments.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from lookervault.errors import LookerVaultError

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "log.showSignature=false",
    "protocol.allow=never",
    "gc.auto=0",
)
_RUN = re.compile(r"^LookerVault-Run: ([0-9]{1,18})$", re.MULTILINE)


class Person(NamedTuple):
    name: str
    email: str


class Git:
    """The repository of a folder, which is made where there is none. Not thread-safe.

    Raises `LookerVaultError` where there is no git, or it fails.
    """

    def __init__(self, folder: Path) -> None:
        program = shutil.which("git")
        if program is None:
            raise LookerVaultError(
                "--git needs the program `git`, and there is none in PATH.",
                hint="Install it (Debian: apt-get install git), or leave --git out.",
            )
        self._folder = folder.resolve()
        self._directory = self._folder / ".git"
        self._command = [
            program,
            "--no-pager",
            f"--git-dir={self._directory}",
            f"--work-tree={self._folder}",
            *(word for setting in _SETTINGS for word in ("-c", setting)),
        ]
        if not self._directory.exists():
            self._call("init", "--quiet", "--template=", "--initial-branch=main")

    def head(self) -> str | None:
        """The newest commit, None where there is none yet."""
        found = self._call("rev-parse", "--verify", "--quiet", "HEAD^{commit}", may_fail=True)
        return found.decode().strip() or None

    def runs(self) -> set[int]:
        """Runs that some commit before the newest one, or that one itself, says it holds."""
        if self.head() is None:
            return set()
        messages = self._call("log", "--format=%B%x00", "HEAD").decode(errors="replace")
        return {int(run) for run in _RUN.findall(messages)}

    def file(self, path: str) -> bytes | None:
        """As it was committed last."""
        if self.head() is None or path not in self.committed():
            return None
        return self._call("cat-file", "blob", f"HEAD:{path}")

    def committed(self) -> dict[str, str]:
        """Path and object of each file in the newest commit."""
        if self.head() is None:
            return {}
        rows = self._call("ls-tree", "-r", "-z", "--full-tree", "HEAD").decode(errors="replace")
        pairs = (row.split("\t", 1) for row in rows.split("\0") if row)
        return {path: told.split()[2] for told, path in pairs}

    def stored(self, paths: Iterable[str]) -> dict[str, str]:
        """Writes files into the repository; their objects, by path. Byte for byte as they are."""
        asked = sorted(paths)
        told = "".join(f"{path}\n" for path in asked).encode()
        found = self._call("hash-object", "-w", "--no-filters", "--stdin-paths", data=told)
        return dict(zip(asked, found.decode().split(), strict=True))

    def commit(
        self,
        objects: Mapping[str, str],
        gone: Iterable[str],
        message: str,
        author: Person,
        when: float,
    ) -> str | None:
        """The new commit; None where it would hold just what the newest one has."""
        nothing = "0" * max(map(len, objects.values()))
        lines = [f"0 {nothing}\t{path}" for path in gone]
        lines += [f"100644 {object}\t{path}" for path, object in objects.items()]
        told = "".join(f"{line}\0" for line in lines).encode()
        parent = self.head()
        tree = self._tree(told, parent)
        if parent is not None and tree == self._one("rev-parse", f"{parent}^{{tree}}"):
            return None
        arguments = ("-p", parent) if parent is not None else ()
        found = self._one(
            "commit-tree", tree, *arguments, data=message.encode(), env=_signature(author, when)
        )
        self._call("update-ref", "-m", "lookervault export", "HEAD", found, parent or nothing)
        self._call("update-index", "-z", "--index-info", data=told)
        return found

    def _tree(self, told: bytes, parent: str | None) -> str:
        """The newest commit's files with ours in their place, in an index of our own."""
        index = self._directory / "lookervault-index"
        env = {"GIT_INDEX_FILE": str(index)}
        index.unlink(missing_ok=True)
        try:
            if parent is not None:
                self._call("read-tree", parent, env=env)
            self._call("update-index", "-z", "--index-info", data=told, env=env)
            return self._one("write-tree", env=env)
        finally:
            index.unlink(missing_ok=True)

    def _one(self, *arguments: str, data: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        return self._call(*arguments, data=data, env=env).decode().strip()

    def _call(
        self,
        *arguments: str,
        data: bytes = b"",
        env: Mapping[str, str] | None = None,
        may_fail: bool = False,
    ) -> bytes:
        done = subprocess.run(  # noqa: S603  git itself; what comes from Looker is on stdin
            [*self._command, *arguments],
            input=data,
            capture_output=True,
            cwd=self._folder,
            env={**_environment(), **(env or {})},
            check=False,
        )
        if done.returncode != 0 and not may_fail:
            why = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
            raise LookerVaultError(
                f"git {arguments[0]} failed in {self._folder}: {why.splitlines()[0]}",
                hint="The files are written; the same command tries the commit again.",
            )
        return done.stdout if done.returncode == 0 else b""


def _environment() -> dict[str, str]:
    """Nothing of the user's own settings, nor of a `GIT_…` that is set."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "HOME": os.devnull,
        "LC_ALL": "C",
    }


def _signature(author: Person, when: float) -> dict[str, str]:
    date = f"@{max(0, int(when))} +0000"
    return {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": "LookerVault",
        "GIT_COMMITTER_EMAIL": "lookervault@localhost",
        "GIT_COMMITTER_DATE": date,
    }
