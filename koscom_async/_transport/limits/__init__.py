"""How fast and how many at once each broker is asked, and how much of the day is left."""
