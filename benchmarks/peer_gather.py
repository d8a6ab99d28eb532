"""What a competent user writes in an afternoon: `asyncio.gather` over plain httpx, cattrs, every page, sums by code.

An account that fails is named, with its exception. There are no limits, no retries, and no checks of what came.
"""

import asyncio
from secrets import token_hex

import httpx
from attrs import define
from peer_answer import Held, PeerAnswer, summed
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

BROKERS_CHOICE = 0
TIMEOUT_SECONDS = 30.0


@define
class Gather:
    """The afternoon's work over one httpx client."""

    client: httpx.AsyncClient
    settings: Settings
    investor: Investor
    calls: int = 0

    @classmethod
    def over(cls, settings: Settings, investor: Investor) -> "Gather":
        """Make one with httpx's own limits."""
        client = httpx.AsyncClient(
            base_url=settings.base_url,
            headers=headers(settings, investor),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            verify=False,  # noqa: S501  # plain loopback; a context takes 70 ms
        )
        return cls(client, settings, investor)

    async def holdings(self) -> PeerAnswer:
        """Ask for everything at once, and add up what came."""
        self.calls = 0
        accounts = read_linked(
            await self._post(CONSENT, member_body(self.settings, self.investor, token_hex(10)))
        )
        answers = await asyncio.gather(*map(self._account, accounts), return_exceptions=True)
        rows: dict[str, list[Held]] = {}
        named = set()
        for account, answer in zip(accounts, answers, strict=True):
            if isinstance(answer, BaseException):
                named.add(account.vtAccNo)
            else:
                rows[account.vtAccNo] = answer
        return PeerAnswer(
            rows=rows,
            positions=summed(row for held in rows.values() for row in held),
            named=frozenset(named),
            calls=self.calls,
        )

    async def _account(self, account: Linked) -> list[Held]:
        classes = ("ALL",) if account.vtAccAlias in SUPPORT_ALL else CLASSES
        answers = await asyncio.gather(*(self._class(account, each) for each in classes))
        return [row for rows in answers for row in rows]

    async def _class(self, account: Linked, asset_class: str) -> list[Held]:
        rows: list[Held] = []
        page: str | None = FIRST_PAGE
        while page is not None:
            body = balance_body(
                self.settings,
                self.investor,
                token_hex(10),
                account.vtAccNo,
                asset_class,
                BROKERS_CHOICE,
                page,
            )
            answer = read_page(await self._post(path_of(account.vtAccAlias), body))
            rows += answer.rows
            page = answer.next_page
        return rows

    async def _post(self, path: str, body: dict[str, object]) -> bytes:
        self.calls += 1
        response = await self.client.post(path, json=body)
        return response.raise_for_status().content
