"""What every answer of the account service has around its rows: whose it is, what it echoes, where the next page is.

Owns the spellings of the body block and its parts; the rows are each reader's own.
"""

from collections.abc import Sequence

from attrs import field, frozen

from koscom_async._wire.scalars import is_absent, read_count, read_text
from koscom_async._wire.shapes import Block, read_field, read_object
from koscom_async._wire.verify import check_account, check_request_id, check_response_code, read_document

# The first is the examples' spelling, the others stand in the tables.
QUERY_ECHOES = ("queryType", "queryParams", "queryPrams")
QUERY_RESULTS = ("queryResult", "queryRequest")


@frozen(kw_only=True)
class Question:
    """What an answer must be the answer to."""

    account_number: str = field(repr=False)
    request_id: str
    strict_request_id: bool = True


@frozen(kw_only=True)
class Envelope:
    """An answer that belongs to the question, opened; `total` and `next_page` are `None` where not said."""

    document: Block = field(repr=False)
    body: Block = field(repr=False)
    echo: Block = field(repr=False)
    total: int | None
    next_page: str | None
    notes: tuple[str, ...]


def open_envelope(document: object, question: Question, *, bodies: Sequence[str]) -> Envelope:
    """Check whose answer it is, and open it; raise an error of ours if it must not be believed."""
    answer = read_document(document)
    check_response_code(answer)
    body = _first(answer, bodies)
    notes = check_request_id(answer, question.request_id, strict=question.strict_request_id)
    notes += check_account(answer, body, question.account_number)
    result = _first(body, QUERY_RESULTS)
    return Envelope(
        document=answer,
        body=body,
        echo=_first(body, QUERY_ECHOES),
        total=read_field(result, "totalCnt", read_count, "queryResult"),
        next_page=read_field(result, "page", read_text, "queryResult"),
        notes=tuple(notes),
    )


def _first(block: Block, names: Sequence[str]) -> Block:
    """Return the block under the first of its names that is there."""
    for name in names:
        if not is_absent(block.get(name)):
            return read_object(block[name], name)
    return {}
