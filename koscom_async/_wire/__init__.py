"""The platform's messages, without I/O: bytes in, records or errors out. The only home of wire names."""
