"""LookML project settings; their files live in Git."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="projects",
    schema="Project",
    holds="project settings and Git remotes; not the files",
    permission="develop, and see_lookml",
    cost="1",
    source=Whole(op.ALL_PROJECTS, op.PROJECT),
    noise=("can",),
    secrets=("git_password", "deploy_secret"),
    typical_size=1500,
)
