"""The `koscom` command, an optional part (extra `cli`): `main` is its entrance, `ending` how a command ends."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, also while the command is still being imported."""
