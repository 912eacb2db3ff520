"""Clients, each run in a process of its own by `bench.client`."""
