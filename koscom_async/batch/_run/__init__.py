"""What a run is made of: taking investors, asking, parking, and the journal that says who is written."""
