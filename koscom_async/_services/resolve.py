"""Arguments as callers give them: checked, and made into what the services work with.

Every argument of the wrong kind is a `UsageError` or `SettingsError` that says what to give instead.
"""

import re
from datetime import date, datetime
from typing import NoReturn, TypeAlias, TypeVar

from koscom_async._services.windows import Window
from koscom_async.brokers import Broker, find_broker
from koscom_async.errors import SettingsError, UsageError
from koscom_async.models.codes import Measure, OpenEnum
from koscom_async.models.investor import Investor

BrokerLike: TypeAlias = str | Broker

_SHORT_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)

Kind = TypeVar("Kind")
Code = TypeVar("Code", bound=OpenEnum)


def expect(kind: type[Kind], argument: object, name: str, *, advice: str) -> Kind:
    """Return an argument that is of its kind; raises `UsageError` otherwise."""
    if not isinstance(argument, kind):
        raise UsageError(f"{name} must be {kind.__name__}, got {type(argument).__name__}", advice=advice)
    return argument


def expect_investor(investor: object) -> Investor:
    """Return an argument that is an investor."""
    return expect(
        Investor, investor, "investor", advice="pass Investor(ci=…, name=…, token=Token(…), device=Device(…))"
    )


def refuse_arguments(investor: object, account: object) -> NoReturn:
    """Raise the `UsageError` of arguments that are no investor, or no linked account of one."""
    expect_investor(investor)
    raise UsageError(
        f"account must be VirtualAccount, got {type(account).__name__}",
        advice="pass one of koscom.member.accounts(investor), which have the address to ask",
    )


def resolve_code(kind: type[Code], code: object, name: str) -> Code | None:
    """Return a code as a member of its enum; `None` stays `None`.

    A text that the documents do not list is mostly misspelled, and would cost a call to each account: what a platform
    adds is passed as a member, such as `TransactionType("NEW")`.
    """
    if code is None:
        return None
    known = ", ".join(member.value for member in kind)
    advice = f"pass a {kind.__name__}, or its text: {known}"
    member = kind(expect(str, code, name, advice=advice))
    if not member.is_known and not isinstance(code, kind):
        raise UsageError(f"{str(code)[:80]!r} is no {name}", advice=advice)
    return member


def resolve_measure(measure: object) -> Measure:
    """Return what a portfolio is asked in; `None` is the default, shares in percent."""
    return resolve_code(Measure, measure, "measure") or Measure.SHARE


def resolve_text(text: object, name: str) -> str | None:
    """Return an argument that is a text; `None` stays `None`."""
    return None if text is None else expect(str, text, name, advice="pass text, or leave it out")


def resolve_day(day: object, name: str) -> date:
    """Return an argument that is a day."""
    if not isinstance(day, date) or isinstance(day, datetime):
        raise SettingsError(f"{name} must be a date (in Korea), got {type(day).__name__}", setting=name)
    return day


def resolve_range(since: object, until: object) -> Window:
    """Return the range of days between two arguments, both included."""
    window = Window(resolve_day(since, "since"), resolve_day(until, "until"))
    if window.since > window.until:
        raise SettingsError(f"since ({since}) is after until ({until})", setting="since")
    return window


def resolve_broker(broker: object) -> Broker:
    """Return the broker of a record, a short name or a code; one that is not registered goes by its short name."""
    if not isinstance(broker, str | Broker):
        raise UsageError(
            f"a broker is named by its short name or its record, got {type(broker).__name__}",
            advice="see koscom_async.BROKERS, such as 'samsung'",
        )
    name = broker.short_name if isinstance(broker, Broker) else broker.strip().lower()
    found = find_broker(short_name=name) or find_broker(code=name)
    if found is not None:
        return found
    if not _SHORT_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no broker's short name", advice="see koscom_async.BROKERS, such as 'samsung'"
        )
    return broker if isinstance(broker, Broker) else Broker(name, name, name, name)
