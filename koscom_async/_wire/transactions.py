"""Reading one page of a range of dates' transactions."""

from attrs import field, frozen

from koscom_async._cooperative import Cooperative, CooperativeReader
from koscom_async._wire.envelope import Question, open_envelope
from koscom_async._wire.records.fast import read_row_list
from koscom_async._wire.shapes import read_object
from koscom_async.errors import MalformedResponseError
from koscom_async.models.member import VirtualAccount
from koscom_async.models.transactions import Transaction


@frozen(kw_only=True)
class TransactionsPage:
    """One page, in the broker's order. `total`: rows of the whole query."""

    rows: tuple[Transaction, ...]
    total: int | None
    next_page: str | None
    notes: tuple[str, ...] = field(default=())


@frozen(kw_only=True)
class TransactionsReader(CooperativeReader[TransactionsPage]):
    """Reads the answer to one question about one account, and refuses the answer to any other."""

    question: Question
    account: VirtualAccount

    def steps(self, document: object) -> Cooperative[TransactionsPage]:
        """Return the page in steps, or raise an error of ours."""
        envelope = open_envelope(document, self.question, bodies=("transactionHistoryResponseBody",))
        container = read_object(envelope.document.get("transList"), "transList")
        if not envelope.body and not container:
            raise MalformedResponseError("neither transactionHistoryResponseBody nor transList is there")
        rows = yield from read_row_list(
            Transaction, container.get("transaction"), "transList.transaction", account=self.account
        )
        return TransactionsPage(
            rows=tuple(rows),
            total=envelope.total,
            next_page=envelope.next_page,
            notes=envelope.notes,
        )
