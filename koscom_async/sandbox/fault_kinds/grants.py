"""Faults of the authorization server: what it grants is not what was asked for, or not for long."""

import json
from collections.abc import Mapping

from attrs import evolve

from koscom_async.sandbox.fault_kinds.kind import FaultKind, is_count
from koscom_async.sandbox.reply import Reply, json_reply

SECONDS = 30
FOREIGN_ISSUER = "https%3A%2F%2Fauth.example"


class _GrantFault(FaultKind):
    """A fault of what the authorization server says."""

    auth_only = True


class SameToken(_GrantFault):
    """A renewal returns the access token that it was to replace, although that is dead."""

    repeats_token = True


class _OddGrant(_GrantFault):
    """The answer with a token says something else of it; each kind says what."""

    def corrupt(self, reply: Reply) -> Reply:
        document = json.loads(reply.body) if reply.status == 200 and reply.body.startswith(b"{") else {}
        if "access_token" not in document:
            return reply
        return evolve(reply, body=json_reply({**document, **self.changes()}).body)

    def changes(self) -> Mapping[str, object]:
        """Return the fields that the answer has instead."""
        raise NotImplementedError


class OtherScope(_OddGrant):
    """The token is granted for another scope than was asked for."""

    def changes(self) -> Mapping[str, object]:
        return {"scope": "profile"}


class ShortLived(_OddGrant):
    """Each token is to live 30 seconds only, or as many as follow the colon."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return is_count(argument)

    def changes(self) -> Mapping[str, object]:
        return {"expires_in": int(self.argument or SECONDS)}


class ForeignIssuer(_GrantFault):
    """The browser comes back with the name of another authorization server (RFC 9207)."""

    def corrupt(self, reply: Reply) -> Reply:
        location = reply.headers.get("Location")
        if location is None:
            return reply
        return evolve(reply, headers={**reply.headers, "Location": f"{location}&iss={FOREIGN_ISSUER}"})
