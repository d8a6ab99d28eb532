"""Reading one page of a watchlist, whose body block has three spellings in the documents."""

from attrs import field, frozen

from koscom_async._cooperative import Cooperative, CooperativeReader
from koscom_async._wire.envelope import Question, open_envelope
from koscom_async._wire.records.fast import read_row_list
from koscom_async._wire.shapes import read_object
from koscom_async.errors import MalformedResponseError
from koscom_async.models.watchlist import WatchGroup

# The example's, and the tables' (their heading is as misspelt as their rows).
_BODIES = (
    "interestSymbolListResponseBody",
    "interestSymbolReponseBody",
    "interestSymbolResponseBody",
    "InterestStmbolListResponseBody",
)


@frozen(kw_only=True)
class WatchlistPage:
    """One page. `total` is what the broker counts, groups or symbols; the documents do not say which."""

    rows: tuple[WatchGroup, ...]
    total: int | None
    next_page: str | None
    notes: tuple[str, ...] = field(default=())


@frozen(kw_only=True)
class WatchlistReader(CooperativeReader[WatchlistPage]):
    """Reads the answer to one question about one account, and refuses the answer to any other."""

    question: Question

    def steps(self, document: object) -> Cooperative[WatchlistPage]:
        """Return the page in steps, or raise an error of ours."""
        envelope = open_envelope(document, self.question, bodies=_BODIES)
        # An investor who watches nothing may get an answer without the body block: then the account's echo vouches.
        if not envelope.body and "resp" not in envelope.document:
            raise MalformedResponseError("neither interestSymbolListResponseBody nor resp is there")
        container = read_object(envelope.body.get("groupList"), "groupList")
        rows = yield from read_row_list(WatchGroup, container.get("group"), "groupList.group")
        return WatchlistPage(
            rows=tuple(rows),
            total=envelope.total,
            next_page=envelope.next_page,
            notes=envelope.notes,
        )
