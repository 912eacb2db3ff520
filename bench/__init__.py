"""Benchmarks: `python -m bench`. They print what they find and write docs/benchmarks.md.

A byte server and each client run in a process of their own, so that the CPU, the memory and the
time of a client are the client's alone. Nothing here passes or fails by time.
"""
