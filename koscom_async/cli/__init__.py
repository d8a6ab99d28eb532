"""The `koscom` command, an optional part (extra `cli`): `main` is its entrance, `ending` how a command ends."""
