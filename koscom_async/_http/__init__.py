"""HTTP/1.1 over connections of its own, as a transport for httpx, in asyncio's event loops only.

From the inside out: `response` is one response as it arrives, read by h11 (`h11_parser`) or llhttp (`llhttp_parser`),
a connection carries one request at a time (`connection`), `dial` opens it, and `transport` gives each request one.
Knows nothing of Koscom: it imports nothing else of the package.
"""
