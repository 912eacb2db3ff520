"""What Rich draws while a run is under way."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class Bars(Progress):
    """A line per task, and below them a text, `told`; all of it is gone in the end."""

    def __init__(self, console: Console, *, with_bars: bool) -> None:
        self.told = ""
        columns: list[ProgressColumn] = [TextColumn("{task.description}"), MofNCompleteColumn()]
        if with_bars:
            columns[1:1] = [BarColumn(bar_width=None)]
            columns += [_Speed(), TimeRemainingColumn(compact=True)]
        super().__init__(
            *columns,
            console=console,
            transient=True,
            expand=with_bars,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if self.told:
            yield Text(self.told)


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.0f}/s", justify="right")
