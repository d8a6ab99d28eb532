"""Holdings at the market's last prices, as a terminal shows them."""

from rich.console import Group, RenderableType
from rich.text import Text

from koscom_async.cli.views.layout import page
from koscom_async.cli.views.records import ColumnsTable
from koscom_async.export import amounts
from koscom_async.export.texts import clean
from koscom_async.models.market.valuation import Valuation

_COLUMNS = {
    "quantity": "Quantity",
    "price": "Last price",
    "value": "Value",
    "broker_value": "By brokers",
    "difference": "Difference",
    "currency": "",
}


def live_report(valuation: Valuation) -> RenderableType:
    """Return the page of a valuation."""
    names = [
        clean(each.position.instrument.name or each.name or each.code or "") for each in valuation.positions
    ]
    columns = {
        header: [getattr(each, name) for each in valuation.positions] for name, header in _COLUMNS.items()
    }
    lines = {
        "Value at market prices": valuation.value,
        "Value by the brokers": valuation.broker_value,
        "Difference": valuation.difference,
        "Net worth at market prices": valuation.net_worth,
    }
    totals = [Text(f"{name}  {amounts.money(value)}") for name, value in lines.items()]
    body = Group(ColumnsTable({"Name": names} | columns, with_commas=True), Text(), *totals)
    notes = list(map(clean, valuation.notes))
    return page("Holdings at market prices", valuation.holdings, body, notes)
