"""Exports: plain data, data frames, HTML and plots."""
