"""Who may get at a file with a secret."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def others_may_use(path: Path) -> bool:
    return is_exposed(path.stat())


def is_exposed(found: os.stat_result) -> bool:
    """Whether others than its owner may read or write the file.

    What is somebody else's and open to a group was given to that group: so Kubernetes mounts
    secrets. A pipe is nobody's.
    """
    everybody, group = found.st_mode & _EVERYBODY, found.st_mode & _GROUP
    is_ours = found.st_uid == os.geteuid()
    return stat.S_ISREG(found.st_mode) and bool(everybody or (group and is_ours))


_EVERYBODY = stat.S_IROTH | stat.S_IWOTH
_GROUP = stat.S_IRGRP | stat.S_IWGRP
