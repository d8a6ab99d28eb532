"""A call: what stays the same when it is signed."""

from attrs import fields

from koscom_async import Device, Investor, Token
from koscom_async._wire.endpoints import BALANCE, Call


async def keep(answer):
    """Do nothing with it."""


def test_signing_changes_the_token_and_what_no_error_may_repeat_and_nothing_else():
    call = Call(
        endpoint=BALANCE,
        path="/v1/star/account/balance/search",
        broker="star",
        body={"a": 1},
        read=str,
        investor=Investor(ci="A" * 88, name="홍길동", device=Device(ip="192.0.2.1", mac="00:00:5E:00:53:01")),
        token=Token(access="OLD"),
        keep=keep,
        account="1606…0099",
        secrets=("홍길동",),
        method="PUT",
        params={"a": "b"},
    )
    defaults = {each.name for each in fields(Call) if getattr(call, each.name) == each.default}
    assert defaults == set(), "each field is given, so that one that is forgotten shows"
    signed = call.signed(Token(access="NEW", refresh="AGAIN"))
    differing = {each.name for each in fields(Call) if getattr(call, each.name) != getattr(signed, each.name)}
    assert differing == {"token", "secrets"}
    assert signed.token == Token(access="NEW", refresh="AGAIN")
    assert signed.secrets == ("홍길동", "NEW", "AGAIN")
