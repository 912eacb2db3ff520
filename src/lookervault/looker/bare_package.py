"""A part of a package, without what the package's own `__init__` imports.

The SDK's `__init__` imports the typed models of its API, which takes 0.4 s; the login needs none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType


@contextmanager
def without_init(package: str) -> Iterator[None]:
    """Inside, modules of the package are imported as if its `__init__` were empty.

    Who imports the package itself later gets all of it. Not thread-safe.
    """
    spec = None if package in sys.modules else find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        yield
        return
    bare = ModuleType(package)
    bare.__path__ = spec.submodule_search_locations
    sys.modules[package] = bare
    try:
        yield
    finally:
        del sys.modules[package]
