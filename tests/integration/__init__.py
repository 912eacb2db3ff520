"""A package, not a namespace: the installed `looker_sdk` brings a `tests.integration`, too."""
