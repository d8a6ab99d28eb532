"""The platform operator's own algorithm, from its description: a thread a call, one page, and sums.

`ALL` for the brokers on a list, and otherwise CASH, EQTY, FUND and ETC with a `count` of 100; one request id for all
calls; no second page, no retry, no limits; failures are kept by call, and not by account; rows are concatenated.
"""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import httpx
from attrs import frozen
from peer_answer import Held, PeerAnswer
from peer_wire import (
    CLASSES,
    CONSENT,
    FIRST_PAGE,
    SUPPORT_ALL,
    Linked,
    balance_body,
    headers,
    member_body,
    path_of,
    read_linked,
    read_page,
)

from koscom_async import Investor, Settings

REQUEST_ID = "PORTAL"
COUNT = 100
MOST_THREADS = 500
TIMEOUT_SECONDS = 30.0


@frozen
class Portal:
    """The portal's algorithm over one httpx client, which its threads share."""

    client: httpx.Client
    settings: Settings
    investor: Investor

    @classmethod
    def over(cls, settings: Settings, investor: Investor) -> "Portal":
        """Make one that has connections for as many calls as there may be threads."""
        limits = httpx.Limits(max_connections=MOST_THREADS, max_keepalive_connections=MOST_THREADS)
        client = httpx.Client(
            base_url=settings.base_url,
            headers=headers(settings, investor),
            limits=limits,
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            verify=False,  # noqa: S501  # plain loopback; a context takes 70 ms
        )
        return cls(client, settings, investor)

    def holdings(self) -> PeerAnswer:
        """Ask for everything, and put together what came."""
        body = member_body(self.settings, self.investor, REQUEST_ID)
        accounts = read_linked(self.client.post(CONSENT, json=body).raise_for_status().content)
        calls = [(account, each) for account in accounts for each in self._classes(account)]
        with ThreadPoolExecutor(max_workers=max(len(calls), 1)) as threads:
            answers = list(threads.map(lambda call: self._ask(*call), calls))
        return self._together(calls, answers)

    def _classes(self, account: Linked) -> tuple[str, ...]:
        return ("ALL",) if account.vtAccAlias in SUPPORT_ALL else CLASSES

    def _ask(self, account: Linked, asset_class: str) -> list[Held] | None:
        body = balance_body(
            self.settings, self.investor, REQUEST_ID, account.vtAccNo, asset_class, COUNT, FIRST_PAGE
        )
        try:
            response = self.client.post(path_of(account.vtAccAlias), json=body).raise_for_status()
            return read_page(response.content).rows
        except (httpx.HTTPError, ValueError, KeyError):
            return None

    def _together(self, calls: list[tuple[Linked, str]], answers: list[list[Held] | None]) -> PeerAnswer:
        rows: dict[str, list[Held]] = defaultdict(list)
        failed = {
            account.vtAccAlias for (account, _), answer in zip(calls, answers, strict=True) if answer is None
        }
        for (account, _), answer in zip(calls, answers, strict=True):
            rows[account.vtAccNo] += answer or []
        return PeerAnswer(
            rows=dict(rows),
            positions=[row for held in rows.values() for row in held],
            # In its favour: a call that is on its list of failures counts as a word about all accounts of that broker.
            named=frozenset(account.vtAccNo for account, _ in calls if account.vtAccAlias in failed),
            calls=1 + len(calls),
        )
