"""Connections to other software, each behind an extra, each imported only where a program imports it."""
