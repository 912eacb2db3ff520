"""What changed between runs, and when: read from a vault alone."""
