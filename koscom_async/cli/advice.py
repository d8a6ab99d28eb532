"""What somebody at a terminal can do about an error, where that differs from what a program can."""

from koscom_async.errors import KoscomError, ReauthorizationRequiredError


def advice_of(error: KoscomError) -> str | None:
    """Return what to do."""
    if isinstance(error, ReauthorizationRequiredError):
        return "Run `koscom login`, or set KOSCOM_ACCESS_TOKEN"
    return error.advice
