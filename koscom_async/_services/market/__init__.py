"""Market data in typed methods: what is read most of what the catalogue has."""
