"""Logging an investor in from a terminal."""
