"""Makes an error of ours of what nobody foresaw, so that it takes no other account with it."""

from koscom_async.errors import KoscomError
from koscom_async.models.member import VirtualAccount


def unforeseen(error: Exception, account: VirtualAccount) -> KoscomError:
    """Return the outcome's error, with the foreign one as its cause."""
    failure = KoscomError(
        f"reading the account broke off ({type(error).__name__})",
        code="unforeseen",
        broker=account.broker.short_name,
        account=account.masked_number,
        advice="see the error's cause; if it is not your own limiter's or transport's, report it",
    )
    failure.__cause__ = error
    return failure
