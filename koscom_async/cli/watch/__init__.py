"""Holdings that are asked for again and again, and what changed in between."""
