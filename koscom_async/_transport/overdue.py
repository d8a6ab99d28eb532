"""What a transport that keeps the time of one try itself raises when it is over: httpx has no word for it."""

import httpx


class OverdueError(httpx.ReadTimeout):
    """No whole answer came in the time that one try may take, however much of it came."""
