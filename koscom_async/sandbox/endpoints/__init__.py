"""The table of endpoints: path, service, guard, and who answers. A new endpoint is a file and a row here."""

from koscom_async.sandbox.endpoints.account import (
    answer_balance,
    answer_consent,
    answer_registration,
    answer_transactions,
    answer_watchlist,
)
from koscom_async.sandbox.endpoints.companies import COMPANY_ENDPOINTS
from koscom_async.sandbox.endpoints.discretionary import FIRM_ENDPOINTS
from koscom_async.sandbox.endpoints.endpoint import (
    Endpoint,
    Request,
    by_access_token,
    by_api_key,
    by_client,
    by_secret,
    without_credentials,
)
from koscom_async.sandbox.endpoints.market import MARKET_ENDPOINTS
from koscom_async.sandbox.endpoints.oauth import (
    answer_authorize,
    answer_revoke,
    answer_token,
    token_question,
)
from koscom_async.sandbox.endpoints.orders import ORDER_ENDPOINTS
from koscom_async.sandbox.endpoints.portfolio import answer_portfolio
from koscom_async.sandbox.endpoints.services import SERVICE_ENDPOINTS

__all__ = ["ENDPOINTS", "Endpoint", "Request"]

# The member service stands first: its paths would fit a broker of the name `common`.
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        name="common.member.register",
        path="/v1/common/member/register/search",
        service="common",
        guard=by_api_key,
        answer=answer_registration,
    ),
    Endpoint(
        name="common.member.consent",
        path="/v1/common/member/consent/search",
        service="common",
        guard=by_api_key,
        answer=answer_consent,
    ),
    Endpoint(
        name="account.balance",
        path="/v1/{broker}/account/balance/search",
        service="account",
        guard=by_access_token,
        answer=answer_balance,
    ),
    Endpoint(
        name="account.portfolio",
        path="/v1/{broker}/account/portfolio/search",
        service="account",
        guard=by_access_token,
        answer=answer_portfolio,
    ),
    Endpoint(
        name="account.transaction",
        path="/v1/{broker}/account/transaction/search",
        service="account",
        guard=by_access_token,
        answer=answer_transactions,
    ),
    Endpoint(
        name="account.interest",
        path="/v1/{broker}/account/interest/search",
        service="account",
        guard=by_access_token,
        answer=answer_watchlist,
    ),
    *(
        Endpoint(
            name=f"b2baccount.{each.name}",
            path=f"/v1/{{broker}}/b2baccount/{each.name}/search",
            service="b2baccount",
            guard=by_secret,
            answer=each,
        )
        for each in FIRM_ENDPOINTS
    ),
    Endpoint(
        name="auth.authorize",
        path="/auth/oauth/v2/authorize",
        service="auth",
        guard=without_credentials,
        answer=answer_authorize,
        methods=("GET", "POST"),
    ),
    Endpoint(
        name="auth.token",
        path="/auth/oauth/v2/token",
        service="auth",
        guard=by_client,
        answer=answer_token,
        named=token_question,
    ),
    Endpoint(
        name="auth.revoke",
        path="/auth/oauth/v2/token/revoke",
        service="auth",
        guard=by_client,
        answer=answer_revoke,
        methods=("POST", "DELETE"),
    ),
    *MARKET_ENDPOINTS,
    *COMPANY_ENDPOINTS,
    *SERVICE_ENDPOINTS,
    *ORDER_ENDPOINTS,
)
