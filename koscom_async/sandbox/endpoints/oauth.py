"""The authorization server: the page for the investor, and the token endpoint (OAuth 2.0, RFC 6749, 7009, 7636).

The page is plain HTML without scripts, with every text escaped. What has been granted is kept in `credentials`.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from koscom_async.sandbox.credentials import SCOPES, Issued
from koscom_async.sandbox.endpoints.endpoint import Request
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.reply import Refused, Reply, json_reply, refused_token
from koscom_async.sandbox.state import State

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PASSED_ON = (
    *("response_type", "client_id", "redirect_uri", "scope", "state"),
    *("code_challenge", "code_challenge_method"),
)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


MOST_SHOWN = 100
"""People whom the page lists; of a larger crowd the first."""


def answer_authorize(request: Request, state: State, fault: FaultKind) -> Reply:
    """Show the page, or send the browser on with the person's decision."""
    fields = request.form() if request.method == "POST" else _parameters(request.query)
    if not hmac.compare_digest(fields.get("client_id", "").encode(), state.firm.api_key.encode()):
        return error_page("The firm that sent you here is not known (client_id).")
    callback = fields.get("redirect_uri", "")
    if not _is_callback(callback):
        return error_page("The address to send you back to is not allowed (redirect_uri).")
    wrong = _wrong_question(fields)
    if wrong is not None:
        return _sent_back(callback, fields, error=wrong)
    if request.method == "POST":
        return _decided(callback, fields, state)
    return consent_page(
        firm=state.firm.com_id,
        scope=fields["scope"],
        callback=callback,
        people=[person.name for person in state.ledger.people[:MOST_SHOWN]],
        fields={name: fields[name] for name in _PASSED_ON if name in fields},
    )


def _wrong_question(fields: Mapping[str, str]) -> str | None:
    if fields.get("response_type") != "code":
        return "unsupported_response_type"
    if not fields.get("state") or not _is_challenge(fields):
        return "invalid_request"
    words = fields.get("scope", "").split()
    return None if words and all(word in SCOPES for word in words) else "invalid_scope"


def _is_challenge(fields: Mapping[str, str]) -> bool:
    """Return whether the question has no challenge, or one by S256: `plain` would travel where the code does."""
    challenge, method = fields.get("code_challenge"), fields.get("code_challenge_method")
    if challenge is None:
        return method is None
    return method == "S256" and bool(_CHALLENGE.fullmatch(challenge))


def _decided(callback: str, fields: Mapping[str, str], state: State) -> Reply:
    if fields.get("decision") != "allow":
        return _sent_back(callback, fields, error="access_denied")
    number = fields.get("person", "0")
    people = state.ledger.people
    if not number.isdecimal() or int(number) >= len(people):
        return error_page("No person was chosen.")
    code = state.grants.code(
        people[int(number)],
        redirect_uri=callback,
        scope=fields["scope"],
        challenge=fields.get("code_challenge"),
    )
    return _sent_back(callback, fields, code=code)


def _sent_back(callback: str, fields: Mapping[str, str], **answer: str) -> Reply:
    answer |= {"state": fields["state"]} if fields.get("state") else {}
    joint = "&" if urlsplit(callback).query else "?"
    return Reply(
        status=302,
        media_type="text/plain",
        headers={"Location": f"{callback}{joint}{urlencode(answer)}", "Cache-Control": "no-store"},
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


def token_question(request: Request) -> str:
    """Return what the token endpoint is asked for: a renewal has a name of its own in the record of calls."""
    return "auth.refresh" if _first(request.body, "grant_type") == "refresh_token" else "auth.token"


def answer_token(request: Request, state: State, fault: FaultKind) -> Reply:
    """Answer with tokens for a code or for a refresh token."""
    fields = request.form()
    match fields.get("grant_type"):
        case "authorization_code":
            code, callback = _needed(fields, "code"), _needed(fields, "redirect_uri")
            issued = state.grants.redeem(code, redirect_uri=callback, verifier=fields.get("code_verifier"))
        case "refresh_token":
            issued = state.grants.renew(_needed(fields, "refresh_token"), repeats=fault.repeats_token)
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


def answer_revoke(request: Request, state: State, fault: FaultKind) -> Reply:
    """End a token's life; one that is dead already counts as revoked (RFC 7009, 2.2)."""
    fields = request.form()
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


# No script and nothing from elsewhere; a framed page could be clicked by trickery.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, "Noto Sans CJK KR", sans-serif; margin: 0; padding: 8vh 1rem; background: #eef1f5;
  color: #1b2430 }
main { max-width: 26rem; margin: auto; padding: 2rem; background: #fff; border-radius: 12px;
  box-shadow: 0 1px 3px #0003 }
h1 { font-size: 1.25rem; margin: 0 0 .25rem }
p { margin: .5rem 0 } .faint { color: #5b6675; font-size: .875rem; overflow-wrap: anywhere }
fieldset { border: 0; padding: 0; margin: 1.25rem 0 } legend { padding: 0; font-weight: 600 }
label { display: block; padding: .5rem .75rem; margin-top: .5rem; border: 1px solid #c6ced8; border-radius: 8px }
.buttons { display: flex; gap: .75rem; margin-top: 1.5rem }
button { flex: 1; font: inherit; padding: .6rem; border-radius: 8px; border: 1px solid #c6ced8; background: none;
  color: inherit; cursor: pointer }
button[value=allow] { background: #14539a; border-color: #14539a; color: #fff }
@media (prefers-color-scheme: dark) { body { background: #11161d; color: #e4e9f0 } main { background: #1b222c }
  .faint { color: #9aa6b5 } label, button { border-color: #465263 } }
"""


def consent_page(
    *, firm: str, scope: str, callback: str, people: Sequence[str], fields: Mapping[str, str]
) -> Reply:
    """Return the page; `fields` come back with the answer, and `person` is the number of who was chosen."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    choices = "".join(
        f'<label><input type="radio" name="person" value="{number}"{" checked" if number == 0 else ""}> '
        f"{escape(name)}</label>"
        for number, name in enumerate(people)
    )
    return _page(
        "정보제공 동의 · Consent",
        f"<p>The firm <strong>{escape(firm)}</strong> asks to see: <strong>{escape(scope)}</strong>.</p>"
        f'<form method="post">{hidden}<fieldset><legend>Who are you?</legend>{choices}</fieldset>'
        f'<p class="faint">Afterwards you are sent to {escape(callback)}</p>'
        '<div class="buttons"><button name="decision" value="deny">거부 · Deny</button>'
        '<button name="decision" value="allow">동의 · Allow</button></div></form>'
        '<p class="faint">This is the sandbox: every person here is made up.</p>',
    )


def error_page(reason: str) -> Reply:
    """Return what the investor sees where the browser must not be sent on."""
    return _page("This link does not work", f"<p>{escape(reason)}</p>", status=400)


def _page(title: str, content: str, *, status: int = 200) -> Reply:
    html = (
        '<!DOCTYPE html><html lang="ko"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    return Reply(status=status, body=html.encode(), media_type="text/html; charset=utf-8", headers=_HEADERS)
