"""What is imported when it is first used: public names, the client's parts, and what a record's methods reach.

A program that only imports the client waits neither for httpx nor for what reads answers; one that asks for holdings
may show none of them, and may not have the libraries of the extras. `typing.get_type_hints` finds each type all the
same. A list is the imports under an `if TYPE_CHECKING:`, read from the compiled module, also where no source is.
"""

import dis
import sys
from functools import cache
from importlib import import_module
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

__all__ = ["listed", "load", "pa", "pd", "pl", "redis_asyncio"]


@cache
def listed(module: str) -> dict[str, str]:
    """Map each name on a module's list to the module that it comes from.

    A dict would say each name twice, as a type checker needs the imports; parsing them would need the source.
    """
    names: dict[str, str] = {}
    source = ""
    for step in dis.get_instructions(_compiled(sys.modules[module])):
        if step.opname == "IMPORT_NAME":
            source = step.argval
        elif step.opname == "IMPORT_FROM" and source != "typing":
            names[step.argval] = source
    return names


def _compiled(module: ModuleType) -> CodeType:
    loader: Any = module.__loader__
    if not hasattr(loader, "get_code"):  # an import hook, such as pytest's
        loader = SourceFileLoader(module.__name__, str(module.__file__))
    code: CodeType = loader.get_code(module.__name__)
    return code


def load(module: str, name: str) -> Any:
    """Import a name on a module's list and keep it in the module; raise `AttributeError` if it is not listed."""
    if name not in listed(module):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    value = getattr(import_module(listed(module)[name]), name)
    setattr(sys.modules[module], name, value)
    return value


if TYPE_CHECKING:  # the client's parts, and the types in its signatures
    from httpx import AsyncBaseTransport as AsyncBaseTransport

    from koscom_async._fanout.firm import (
        Brokers as Brokers,
        Discretionary as Discretionary,
        DiscretionaryHoldingsStream as DiscretionaryHoldingsStream,
    )
    from koscom_async._fanout.investor import InvestorFanout as InvestorFanout
    from koscom_async._fanout.streams import (
        HoldingsStream as HoldingsStream,
        PortfoliosStream as PortfoliosStream,
        WatchlistsStream as WatchlistsStream,
        read_to_end as read_to_end,
    )
    from koscom_async._fanout.transactions import (
        TransactionStream as TransactionStream,
        read_history as read_history,
    )
    from koscom_async._services.account import AccountService as AccountService
    from koscom_async._services.catalogue.ask import Ask as Ask
    from koscom_async._services.catalogue.asker import Asker as Asker
    from koscom_async._services.catalogue.order_store import (
        MemoryOrderStore as MemoryOrderStore,
        OrderStore as OrderStore,
    )
    from koscom_async._services.catalogue.orders import OrderService as OrderService
    from koscom_async._services.catalogue.reference import (
        CompanyService as CompanyService,
        FraudService as FraudService,
        RoboAdvisorService as RoboAdvisorService,
    )
    from koscom_async._services.market import revaluing as revaluing
    from koscom_async._services.market.service import MarketService as MarketService
    from koscom_async._services.member import MemberService as MemberService
    from koscom_async._services.oauth import OAuthService as OAuthService
    from koscom_async._services.raw import call_raw as call_raw
    from koscom_async._services.resolve import BrokerLike as BrokerLike, resolve_measure as resolve_measure
    from koscom_async._transport.gateway import Gateway as Gateway
    from koscom_async._transport.limits.limiter import Limiter as Limiter
    from koscom_async._wire.catalogue.operations import Operations as Operations
    from koscom_async.models.gathered import Portfolios as Portfolios, Watchlists as Watchlists
    from koscom_async.models.holdings import Holdings as Holdings
    from koscom_async.models.statistics import Statistics as Statistics
    from koscom_async.models.transactions import TransactionHistory as TransactionHistory
    from koscom_async.observer import Observer as Observer
    from koscom_async.tokens import TokenStore as TokenStore

    # A record's way out: exports import the records, whose methods reach the exports here.
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from matplotlib import figure as figure
    from redis import asyncio as redis_asyncio

    from koscom_async.export import (
        document as document,
        frames as frames,
        plots as plots,
        records as records,
        rows as rows,
        texts as texts,
    )
    from koscom_async.export.html import lists as lists, pages as pages
    from koscom_async.models import (
        breakdown as breakdown,
        difference as difference,
        explanation as explanation,
    )
else:

    def __getattr__(name: str) -> Any:
        return load(__name__, name)

    class _LazyModule(ModuleType):
        """A module that is imported when one of its names is first used."""

        def __getattr__(self, name: str) -> Any:
            return getattr(import_module(self.__name__), name)

    pd, pl, pa = map(_LazyModule, ("pandas", "polars", "pyarrow"))
    figure, redis_asyncio = map(_LazyModule, ("matplotlib.figure", "redis.asyncio"))
    document, frames, plots, records, rows, texts, lists, pages = (
        _LazyModule(f"koscom_async.export.{name}")
        for name in ("document", "frames", "plots", "records", "rows", "texts", "html.lists", "html.pages")
    )
    revaluing = _LazyModule("koscom_async._services.market.revaluing")
    breakdown, difference, explanation = (
        _LazyModule(f"koscom_async.models.{name}") for name in ("breakdown", "difference", "explanation")
    )
