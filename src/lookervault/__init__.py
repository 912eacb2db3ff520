"""LookerVault: a backup of a whole Looker instance."""

__version__ = "0.1.0"
