"""Diamond spells exactly as the documents' example does, and supports `ALL`."""

from decimal import Decimal

from koscom_async.sandbox.dialects.base import Balance, Dialect, Wire
from koscom_async.sandbox.ledger import Other
from koscom_async.sandbox.reply import Literal, java_double


class Diamond(Dialect):
    """Java doubles for every number, the echoed count as text, and a space before what is echoed."""

    broker = "diamond"
    supports_all = True
    supports_interest_query = True
    most_days = 365
    cash_code = ""
    renamed = {(Other, "valAtCur"): "valueAtCur"}  # noqa: RUF012  # declared a ClassVar where it is annotated

    def number(self, number: Decimal) -> Literal | str:
        """Spell as Java does."""
        return java_double(number)

    def header(self, balance: Balance) -> Wire:
        """Echo the header with the space that stands in the documents."""
        echoed = super().header(balance)
        return {**echoed, "reqIdConsumer": f" {balance.request_id}", "ci": f" {balance.question.ci}"}

    def echo(self, balance: Balance) -> Wire:
        """Echo the query, its count as text."""
        return {**super().echo(balance), "count": str(balance.question.paged.count)}
