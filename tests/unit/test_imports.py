"""Each module can be the first that is imported: none needs another to have been before it.

Commands import what they need when they run, so the order depends on what they are asked.
"""

from __future__ import annotations

import subprocess
import sys

_EACH = """
import importlib, pkgutil, sys

def ours():
    return [name for name in sys.modules if name.partition(".")[0] == "lookervault"]

import lookervault
for module in pkgutil.walk_packages(lookervault.__path__, "lookervault."):
    if module.name.endswith(".__main__"):
        continue
    for name in ours():
        del sys.modules[name]
    importlib.import_module(module.name)
    print(module.name)
"""


def test_each_module_can_be_imported_first() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _EACH], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) > 200
