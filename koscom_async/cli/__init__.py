"""The `koscom` command, an optional part: `command` is its entrance, `report` what a reader sees."""
