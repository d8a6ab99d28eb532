"""Lean connections for the extra `fast`: asyncio's own sockets, llhttp as the parser, httpx's records at the border."""
