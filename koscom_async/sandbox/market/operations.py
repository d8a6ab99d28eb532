"""Which operation of the market stands at which address: in version 3, in version 2, and from which hour it is ready.

An operation's answer has the names of the manual's example, which is found by the version's own name of the operation.
"""

from collections.abc import Iterator
from datetime import time
from typing import TypeAlias

from attrs import frozen


@frozen(kw_only=True)
class Operation:
    """One operation in one version: its address, what answers it, from which hour, and the name of its example."""

    version: int
    path: str
    answer: str
    hour: time | None
    example: str
    name: str
    """The name under which its calls are recorded, the same in both versions."""

    @property
    def kind(self) -> str:
        """Whose contracts it asks about, `futures` or `options`, if it does."""
        return next((kind for kind in CONTRACTS if f"/{kind}/" in self.path), "")


CONTRACTS = ("futures", "options")

_MORNING, _CLOSE = time(6, 30), time(15, 40)

# What answers, from which hour, under which of version 3's two licences, and the address from there on.
_Row: TypeAlias = tuple[str, time | None, str, str]

_STOCKS: tuple[_Row, ...] = (
    ("listing", _MORNING, "closed", "lists"),
    ("record", _MORNING, "closed", "{issue}/master"),
    ("selected", _MORNING, "closed", "{issue}/selectivemaster"),
    ("record", _CLOSE, "closed", "{issue}/closeprice"),
    ("record", None, "closed", "index"),
    ("short_sales", _MORNING, "closed", "{issue}/shortsell"),
    ("foreign", _MORNING, "closed", "{issue}/foreignhistory"),
    ("history", _MORNING, "closed", "{issue}/history"),
    ("record", None, "realtime", "{issue}/price"),
    ("record", None, "realtime", "{issue}/orderbook"),
    ("intraday", None, "realtime", "{issue}/intraday"),
    ("fed", None, "realtime", "{issue}/traderanking"),
)
_MULTIQUOTE: tuple[_Row, ...] = (
    ("snapshot", None, "realtime", "lists"),
    ("snapshot", None, "realtime", "ohlclists"),
    ("snapshot", None, "realtime", "ahtohlclists"),
    ("snapshot", None, "realtime", "quotelists"),
    ("quotes", None, "realtime", "price"),
    ("quotes", None, "realtime", "orderbook"),
)
_CONTRACT_ROWS: tuple[_Row, ...] = (
    ("listing", _MORNING, "closed", "lists"),
    ("record", _MORNING, "closed", "{issue}/master"),
    ("record", time(15, 30), "closed", "{issue}/closeprice"),
    ("history", _MORNING, "closed", "{issue}/history"),
    ("fed", None, "realtime", "{issue}/price"),
    ("record", None, "realtime", "{issue}/orderbook"),
    ("intraday", None, "realtime", "{issue}/intraday"),
    ("investors", None, "realtime", "market/investors"),
)
_INDEX: tuple[_Row, ...] = (
    ("record", _CLOSE, "closed", "closeindex"),
    ("history", _MORNING, "closed", "history"),
    ("record", None, "realtime", "index"),
    ("record", None, "realtime", "marketcap"),
    ("record", None, "realtime", "prospectindex"),
    ("intraday", None, "realtime", "intraday"),
    ("investors", None, "realtime", "investors"),
)

# The address in version 3 and 2, and the examples' names; `{place}` is the licence, `{path}` and `{name}` a row's own.
_FAMILIES = (
    (
        _STOCKS,
        {"closed": "closed/{{board}}/{path}", "realtime": "realtime/{{board}}/stocks/{path}"},
        "stocks/{{board}}/{path}",
        "{place}.{{board}}.{name}",
        "stocks.{name}",
    ),
    (
        _MULTIQUOTE,
        {"realtime": "realtime/{{board}}/multiquote/stocks/{path}"},
        "multiquote/stocks/{{board}}/{path}",
        "realtime.{{board}}.multiquote.{name}",
        "multiquote.{name}",
    ),
    *(
        (
            _CONTRACT_ROWS,
            dict.fromkeys(("closed", "realtime"), f"{{place}}/derivative/{kind}/{{{{market}}}}/{{path}}"),
            f"{kind}/{{{{market}}}}/{{path}}",
            f"{{place}}.{kind}.{{name}}",
            f"{kind}.{{name}}",
        )
        for kind in CONTRACTS
    ),
    (
        _INDEX,
        dict.fromkeys(("closed", "realtime"), "{place}/index/{{market}}/{{index}}/{path}"),
        "index/{{market}}/{{index}}/{path}",
        "{place}.index.{name}",
        "index.{name}",
    ),
)

# What fits no family: the answer, the hour, address and example in version 3, and in version 2 where it has it.
_OTHERS = (
    (
        *("investors", time(15, 30), "investors/{board}/{issue}/investors", "investors.{board}.issue"),
        *("stocks/{board}/{issue}/investors", "stocks.investors"),
    ),
    (
        *("investors", _CLOSE, "investors/{board}/investors", "investors.{board}.market"),
        *("stocks/{board}/investors", "stocks.market_investors"),
    ),
    (
        *("nav", time(16), "closed/etf/{board}/{issue}/closenav", "closed.etf.closenav"),
        *("stocks/{board}/{issue}/closenav", "stocks.closenav"),
    ),
    ("components", _MORNING, "extra/stocks/{board}/{issue}/pdf", "extra.pdf", "", ""),
    ("nav", None, "extra/stocks/{board}/{issue}/nav", "extra.nav", "", ""),
    ("nav_history", _MORNING, "extra/stocks/{board}/{issue}/navhistory", "extra.navhistory", "", ""),
    ("holidays", None, "extra/stocks/{nation}/holiday", "extra.holiday", "", ""),
)
_ONLY_IN_3 = ("ahtohlclists", "quotelists")


def _both() -> Iterator[tuple[str, time | None, str, str, str, str]]:
    for rows, newer, older, example, older_example in _FAMILIES:
        for answer, hour, place, path in rows:
            name = path.replace("market/", "market_").rpartition("/")[2]
            yield (
                *(answer, hour, newer[place].format(place=place, path=path)),
                example.format(place=place, name=name),
                "" if path in _ONLY_IN_3 else older.format(path=path),
                older_example.format(name=name),
            )
    yield from _OTHERS


def _operations() -> Iterator[Operation]:
    for answer, hour, path, example, older_path, older_example in _both():
        for version, where, name in ((3, path, example), (2, older_path, older_example)):
            if where:
                yield Operation(
                    version=version,
                    path=f"/v{version}/market/{where}",
                    answer=answer,
                    hour=hour,
                    example=f"market.v{version}.{name}",
                    name=f"market.{older_example or example}",
                )


OPERATIONS: tuple[Operation, ...] = tuple(_operations())
"""Every operation of market data that has a specification, in both versions."""
