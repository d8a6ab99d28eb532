"""Any operation of the catalogue, by its name: asked behind the same protection as the typed methods."""
