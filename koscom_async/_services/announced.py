"""Rows received against the number that the broker announced, for every service but the balance's own."""

from collections.abc import Callable, Iterable

from koscom_async.errors import PagingError, ResponseError, TruncatedResponseError


def check_announced(
    what: str,
    *,
    received: int,
    totals: Iterable[int | None],
    trusted: bool,
    note: Callable[[str], None],
) -> None:
    """Raise where rows are missing, or came more often than they should; what cannot be checked is noted."""
    announced = [total for total in totals if total is not None]
    # Seen: a total of 0 beside rows. It announces nothing.
    if not announced or (received and not any(announced)):
        note(f"{what}: the broker announced no number of rows to hold them against")
        return
    wrong: ResponseError
    if received < max(announced):
        wrong = TruncatedResponseError(f"{what}: {received} of {max(announced)} rows came")
    elif received > max(announced):
        wrong = PagingError(f"{what}: {received} rows came where {max(announced)} were announced")
    else:
        return
    if trusted:
        raise wrong
    note(f"{wrong.message}, which the settings allow")
