"""Where the library meets other tools; each module is an extra of its own, and imports its tool where it is used."""
