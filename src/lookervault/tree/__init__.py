"""The state of a run as a tree of files, for review in Git, and the way back into a vault."""
