"""The guards that the table of endpoints names: one for each of the platform's schemes."""

from attrs import evolve

from koscom_async.sandbox.credentials import check_api_key, check_basic, check_bearer, check_client
from koscom_async.sandbox.dialects import DIALECTS, Dialect
from koscom_async.sandbox.endpoints.endpoint import Visit
from koscom_async.sandbox.state import State

__all__ = ["anybody", "by_access_token", "by_api_key", "by_client", "by_secret"]


def anybody(visit: Visit, state: State) -> Visit:  # noqa: ARG001  # the table's form
    """Let in whoever comes: an investor with a browser."""
    return visit


def by_client(visit: Visit, state: State) -> Visit:
    """Let in who has the firm's key and secret, as an OAuth client."""
    check_client(visit.headers, state.firm)
    return visit


def by_api_key(visit: Visit, state: State) -> Visit:
    """Let in who has the firm's API key."""
    check_api_key(visit.headers, state.firm)
    return visit


def by_access_token(visit: Visit, state: State) -> Visit:
    """Let in who has an investor's access token; an API key beside it is checked, too."""
    check_api_key(visit.headers, state.firm, required=False)
    dialect = DIALECTS.get(visit.broker)
    status = Dialect.dead_token_status if dialect is None else dialect.dead_token_status
    return evolve(visit, owner=check_bearer(visit.headers, state.tokens, dead_token_status=status))


def by_secret(visit: Visit, state: State) -> Visit:
    """Let in who has the firm's key and secret, and says which firm it is."""
    check_basic(visit.headers, state.firm)
    return visit
