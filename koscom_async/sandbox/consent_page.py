"""The page on which an investor allows or denies: plain HTML without scripts, and everything foreign escaped."""

from collections.abc import Mapping, Sequence
from html import escape

from koscom_async.sandbox.reply import Reply

__all__ = ["consent_page", "error_page"]

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
        '<p class="faint">This is the sandbox: everybody here is made up.</p>',
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
