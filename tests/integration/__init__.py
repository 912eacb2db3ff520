"""A package and not a namespace, as the installed `looker_sdk` brings a `tests.integration`, too."""
