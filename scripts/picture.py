"""Renders what a terminal shows of `lookervault demo`: docs/pictures/*.svg.

`python -m scripts.picture`. The times in the pictures are those of the machine that made them, so
no check compares them.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from codecs import getincrementaldecoder
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.text import Text

_FOLDER = Path("docs/pictures")
_COLUMNS, _ROWS = 96, 60
_HALFWAY = (0.4, 0.9)
_MOST_KNOWN = 1500
"""Items that the census has found when the picture is taken, at least."""
_CODES = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\x1b.|[\x00-\x1f]|[^\x00-\x1f]+", re.DOTALL)
_BEGUN = re.compile(r"\x1b(\[[?\d;]*)?$")
_ALL = re.compile(r"^all .*?(\d+)/(\d+)", re.MULTILINE)

_SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" \
xmlns="http://www.w3.org/2000/svg" role="img" aria-label="TITLE">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix" xml:space="preserve">
{matrix}
</g>
</g>
</svg>
"""


class Screen:
    """As much of a terminal as the program uses: lines, colours, up, and erasing a line."""

    def __init__(self) -> None:
        self._lines: list[dict[int, tuple[str, str]]] = [{}]
        self._row = self._column = 0
        self._colour = ""
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._begun = ""

    def feed(self, sent: bytes) -> None:
        """What was sent may end within a character or a control sequence: the rest comes next."""
        text = self._begun + self._decode(sent)
        self._begun = found[0] if (found := _BEGUN.search(text)) else ""
        text = text.removesuffix(self._begun)
        for code in _CODES.finditer(text):
            if code[2]:
                self._control(code[1], code[2])
            else:
                self._put(code[0])

    def _control(self, number: str, kind: str) -> None:
        if kind == "m":
            self._colour = "" if number in ("", "0") else f"{self._colour}\x1b[{number}m"
        elif kind == "A":
            self._row = max(0, self._row - int(number or 1))
        elif kind == "K":
            self._lines[self._row].clear()

    def _put(self, text: str) -> None:
        if text == "\r":
            self._column = 0
        elif text == "\n":
            self._row += 1
            self._lines += [{} for _ in range(self._row + 1 - len(self._lines))]
        elif text.isprintable():
            for character in text:
                self._lines[self._row][self._column] = (self._colour, character)
                self._column += 1

    def lines(self) -> list[Text]:
        shown = [Text.from_ansi(_ansi(line)) for line in self._lines]
        while shown and not shown[-1].plain.strip():
            shown.pop()
        return shown


def _ansi(line: dict[int, tuple[str, str]]) -> str:
    cells = [line.get(i, ("", " ")) for i in range(max(line, default=-1) + 1)]
    return "".join(f"\x1b[0m{colour}{character}" for colour, character in cells)


def run(command: list[str], folder: str, watch: Callable[[Screen], None]) -> Screen:
    """What the terminal shows at the end; `watch` sees each change. Raises if the command fails."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    environment = {**kept, "TERM": "xterm-256color"}
    with subprocess.Popen(  # noqa: S603 -- our own program
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment
    ) as process:
        os.close(theirs)
        screen = Screen()
        with open(ours, "rb", buffering=0) as terminal:  # noqa: PTH123 -- a descriptor, not a path
            while chunk := _read(terminal):
                screen.feed(chunk)
                watch(screen)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return screen


def _read(terminal: io.FileIO) -> bytes:
    try:
        return terminal.read(65536) or b""
    except OSError:  # how Linux says that nobody writes any more
        return b""


def save(name: str, title: str, lines: list[Text]) -> None:
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(line, no_wrap=True, overflow="crop")
    svg = console.export_svg(title=title, code_format=_SVG.replace("TITLE", title), unique_id=name)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    tidy = "\n".join(line.rstrip() for line in svg.splitlines())
    (_FOLDER / f"{name}.svg").write_text(f"{tidy}\n", encoding="utf-8")


def main() -> int:
    underway: list[list[Text]] = []

    def watch(screen: Screen) -> None:
        lines = screen.lines()
        found = _ALL.search("\n".join(line.plain for line in lines))
        if found is None or underway:
            return
        done, total = (int(number.replace(",", "")) for number in found.groups())
        if total > _MOST_KNOWN and _HALFWAY[0] < done / max(total, 1) < _HALFWAY[1]:
            underway.append(lines)

    program = str(Path(sys.executable).with_name("lookervault"))
    with tempfile.TemporaryDirectory() as folder:
        screen = run([program, "demo"], folder, watch)
    prompt = Text.from_ansi("\x1b[32m$\x1b[0m lookervault demo")
    save("demo", "lookervault demo", [prompt, *screen.lines()])
    for lines in underway:
        save("progress", "lookervault demo, under way", [prompt, *lines])
    return 0


if __name__ == "__main__":
    sys.exit(main())
