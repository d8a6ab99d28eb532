"""Faults of what the platform says instead of an answer, or about the consent: words that a client must not misread."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from attrs import evolve

from koscom_async.sandbox.fault_kinds.kind import FaultKind, is_count
from koscom_async.sandbox.reply import Reply, json_reply

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
