"""What a text is found in, and what depends on what: an index beside the vault."""
