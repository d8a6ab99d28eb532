"""Faults of what the platform says instead of an answer, or about the consent: words that a client must not misread."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from attrs import evolve

from koscom_async.sandbox.dialects.base import Balance
from koscom_async.sandbox.fault_kinds.kind import BrokerFault, FaultKind, is_count
from koscom_async.sandbox.ledger import Account
from koscom_async.sandbox.question import TransactionsQuestion
from koscom_async.sandbox.reply import Reply, code_reply, find_refusal_code, json_reply

KST = timezone(timedelta(hours=9))
ENDED_ON = "20200101"
DAYS_LEFT = 7


class ShortUnauthorized(FaultKind):
    """401 with one word, as the gateway refuses an access token that has died."""

    def instead(self, broker: str) -> Reply | None:
        return json_reply({"message": "Unauthorized"}, status=401)


class _Consent(FaultKind):
    """The list of linked accounts says until when the investor has consented."""

    member_only = True

    def corrupt(self, reply: Reply) -> Reply:
        """Write another date into the list of accounts, and leave every other answer alone."""
        document = json.loads(reply.body)
        if "serviceTermsExpireDate" not in document:
            return reply
        return evolve(reply, body=json_reply(document | self.changes()).body)

    def changes(self) -> dict[str, Any]:
        """Return what the list says instead."""
        raise NotImplementedError


class EndedConsent(_Consent):
    """The consent ended years ago, and so no account is linked."""

    def changes(self) -> dict[str, Any]:
        return {"vtAccList": [], "serviceTermsExpireDate": ENDED_ON}


class ConsentEnds(_Consent):
    """The consent ends in a week, or in as many days as follow the colon."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return is_count(argument)

    def changes(self) -> dict[str, Any]:
        ends_on = datetime.now(KST) + timedelta(int(self.argument or DAYS_LEFT))
        return {"serviceTermsExpireDate": f"{ends_on:%Y%m%d}"}


_PAGE = "<!DOCTYPE html><html><head><title>안내</title></head><body>시스템 점검 중입니다.</body></html>"
_STATUSES = {"200", "500", "502", "503"}


class Maintenance(FaultKind):
    """A page of HTML that speaks of maintenance, as a 200 or with the status after the colon."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return argument in _STATUSES

    def instead(self, broker: str) -> Reply | None:
        status = int(self.argument or "200")
        return Reply(status=status, body=_PAGE.encode(), media_type="text/html; charset=utf-8")


class ErrorBodyIn200(FaultKind):
    """A platform error as the platform writes it, and HTTP 200 all the same: 3005, or the code after the colon."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return find_refusal_code(argument) is not None

    def instead(self, broker: str) -> Reply | None:
        return evolve(code_reply(self.argument or "3005", broker=broker), status=200)


class OwnReason(BrokerFault):
    """HTTP 200 with a code that no manual lists, and the broker's own reason beside it."""

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        return evolve(balance, code="9999", message="해지된 계좌입니다", rows=(), total=0, next_page=None)


class Created(FaultKind):
    """The answer as it should be, with HTTP 201."""

    def corrupt(self, reply: Reply) -> Reply:
        return evolve(reply, status=201) if reply.status == 200 else reply


class LongRange(BrokerFault):
    """A range of dates that is longer than the words after the colon allow is refused (6006) in those words."""

    lengths: ClassVar[Mapping[str, int]] = {
        "3개월": 89,
        "6개월 이내": 181,
        "1,000일": 1000,
        "1년": 365,
        "９０일": 90,
        "3 months": 89,
        "90 days": 90,
    }

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return argument in cls.lengths

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        question, words = balance.question, self.argument or "3개월"
        if not isinstance(question, TransactionsQuestion):
            return balance
        if (question.until - question.since).days < self.lengths[words]:
            return balance
        message = f"조회기간은 최대 {words}까지 가능합니다"
        return evolve(balance, code="6006", message=message, rows=(), total=0, next_page=None)
