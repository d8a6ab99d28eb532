"""Bridges to what others run: each in a module of its own, and each an extra that is imported only there."""
