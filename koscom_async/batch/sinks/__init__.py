"""Where segments are written: Parquet and JSON lines, and the folder of parts that both can use."""
