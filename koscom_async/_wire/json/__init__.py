"""JSON with exact numbers: read by the standard library, or by msgspec with the extra `fast`."""
