"""Frozen records: what goes in and what comes out; no I/O, no client, no wire names inside."""
