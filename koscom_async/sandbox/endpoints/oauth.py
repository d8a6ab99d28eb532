"""The authorization server: the page for the investor, and the token endpoint (OAuth 2.0, RFC 6749 and 7009)."""

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from koscom_async.sandbox.consent_page import consent_page, error_page
from koscom_async.sandbox.endpoints.endpoint import Visit
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.grants import SCOPES, Issued
from koscom_async.sandbox.reply import Refused, Reply, json_reply, refused_token
from koscom_async.sandbox.state import State

__all__ = ["answer_authorize", "answer_revoke", "answer_token", "token_question"]

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PASSED_ON = ("response_type", "client_id", "redirect_uri", "scope", "state")


def answer_authorize(visit: Visit, state: State, fault: FaultKind) -> Reply:  # noqa: ARG001  # the table's form
    """Show the page to whoever comes, and send the browser on with the answer of whoever has chosen."""
    fields = visit.form() if visit.method == "POST" else _parameters(visit.query)
    if not hmac.compare_digest(fields.get("client_id", "").encode(), state.firm.api_key.encode()):
        return error_page("The firm that sent you here is not known (client_id).")
    callback = fields.get("redirect_uri", "")
    if not _is_callback(callback):
        return error_page("The address to send you back to is not allowed (redirect_uri).")
    wrong = _wrong_question(fields)
    if wrong is not None:
        return _sent_back(callback, fields, error=wrong)
    if visit.method == "POST":
        return _decided(callback, fields, state)
    return consent_page(
        firm=state.firm.com_id,
        scope=fields["scope"],
        callback=callback,
        people=[person.name for person in state.ledger.people],
        fields={name: fields[name] for name in _PASSED_ON},
    )


def _wrong_question(fields: Mapping[str, str]) -> str | None:
    if fields.get("response_type") != "code":
        return "unsupported_response_type"
    if not fields.get("state"):
        return "invalid_request"
    words = fields.get("scope", "").split()
    return None if words and all(word in SCOPES for word in words) else "invalid_scope"


def _decided(callback: str, fields: Mapping[str, str], state: State) -> Reply:
    if fields.get("decision") != "allow":
        return _sent_back(callback, fields, error="access_denied")
    number = fields.get("person", "0")
    people = state.ledger.people
    if not number.isdecimal() or int(number) >= len(people):
        return error_page("Nobody was chosen.")
    code = state.grants.code(people[int(number)], redirect_uri=callback, scope=fields["scope"])
    return _sent_back(callback, fields, code=code)


def _sent_back(callback: str, fields: Mapping[str, str], **said: str) -> Reply:
    said |= {"state": fields["state"]} if fields.get("state") else {}
    joint = "&" if urlsplit(callback).query else "?"
    return Reply(
        status=302,
        media_type="text/plain",
        headers={"Location": f"{callback}{joint}{urlencode(said)}", "Cache-Control": "no-store"},
    )


def _is_callback(uri: str) -> bool:
    # Nothing is registered here, so what a registration would allow: https anywhere, and http at home.
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    if not uri.isascii() or not uri.isprintable() or " " in uri or "#" in uri or parts.username is not None:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def token_question(visit: Visit) -> str:
    """Return what the token endpoint is asked for: a renewal has a name of its own in the record of calls."""
    return "auth.refresh" if _first(visit.body, "grant_type") == "refresh_token" else "auth.token"


def answer_token(visit: Visit, state: State, fault: FaultKind) -> Reply:  # noqa: ARG001  # the table's form
    """Answer with tokens for a code or for a refresh token."""
    fields = visit.form()
    match fields.get("grant_type"):
        case "authorization_code":
            code, callback = _needed(fields, "code"), _needed(fields, "redirect_uri")
            issued = state.grants.redeem(code, redirect_uri=callback)
        case "refresh_token":
            issued = state.grants.renew(_needed(fields, "refresh_token"))
        case _:
            raise refused_token("unsupported_grant_type", "The grant type is not supported", status=400)
    if issued is None:
        raise refused_token("invalid_grant", "The grant does not exist, has expired or was used", status=400)
    return json_reply(_answer(issued), headers={"Cache-Control": "no-store"})


def _answer(issued: Issued) -> dict[str, object]:
    answer: dict[str, object] = {
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": int(issued.seconds),
        "scope": issued.scope,
    }
    return answer if issued.refresh is None else answer | {"refresh_token": issued.refresh}


def answer_revoke(visit: Visit, state: State, fault: FaultKind) -> Reply:  # noqa: ARG001  # the table's form
    """End a token's life; one that is dead already counts as revoked (RFC 7009, 2.2)."""
    fields = visit.form()
    if fields.get("token_type_hint") not in {"access_token", "refresh_token"}:
        raise _bad_request("token_type_hint is missing or unknown")
    state.grants.revoke(_needed(fields, "token"))
    return json_reply({"result": "revoked"})


def _needed(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise _bad_request(f"{name} is missing")
    return fields[name]


def _bad_request(why: str) -> Refused:
    return refused_token("invalid_request", why, status=400)


def _parameters(query: str) -> Mapping[str, str]:
    pairs = parse_qsl(query)
    # A parameter that comes twice counts as none (RFC 6749, 3.1).
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def _first(body: bytes, name: str) -> str | None:
    return dict(parse_qsl(body.decode("utf-8", "replace"))).get(name)
