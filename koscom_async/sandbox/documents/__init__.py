"""The documents' own examples, answered word for word to the documents' own questions, abridged as they are.

People's names and connecting information are made up; the caller's request id is put in.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from koscom_async.sandbox.ledger import Account, Ledger, Person, Recording, Summary
from koscom_async.sandbox.question import (
    AccountQuestion,
    Block,
    PortfolioQuestion,
    TransactionsQuestion,
    WatchlistQuestion,
)
from koscom_async.sandbox.reply import Literal, Reply, json_text, refused

BROKER = "diamond"
HOLDINGS_NUMBER = "160678007213500001"
HISTORY_NUMBER = "160731060768600001"
ACCESS = "sandbox-documents"
CI = "kQXzSHH8M1FIR+5m19q+U95c22sz1liOENIBGdFUKPptAAapYld1eOF7Pv9+qgywHOZBynq6mG2gEajiy5AwJA=="

# What is left of each answer where only one asset class is asked for.
_CLASSES = {
    "CASH": {"summary", "cash"},
    "EQTY": {"equityList"},
    "FUND": {"fundList"},
    "ETC": {"etcList"},
}
_NOTHING = Summary(cash="0", receivable="0", loan="0", cost="0", value="0", profit_loss="0", total="0")


def documents_ledger() -> Ledger:
    """Return the person of the documents' examples: one account for what is held, one for what has moved."""
    accounts = (
        _account(HOLDINGS_NUMBER, "balance", "portfolio"),
        _account(HISTORY_NUMBER, "transaction", "interest"),
    )
    return Ledger((Person(ci=CI, name="김가람", access_token=ACCESS, accounts=accounts),))


def _account(number: str, *endpoints: str) -> Account:
    recorded = {name: _recording(name) for name in endpoints}
    return Account(broker=BROKER, number=number, summary=_NOTHING, recorded=recorded)


def _recording(name: str) -> Recording:
    folder = files(__package__)
    return Recording(
        question=json.loads(folder.joinpath(f"{name}.question.json").read_text(encoding="utf-8")),
        answer=folder.joinpath(f"{name}.answer.json").read_text(encoding="utf-8"),
    )


def recorded_answer(
    account: Account, endpoint: str, message: Block, question: AccountQuestion
) -> Reply | None:
    """Return the documents' answer, or `None` where the account has none of this endpoint.

    A part of what was asked is answered with that part, and with the same announcement of 157 rows, or of 120: the
    documents leave the others out, and a client has to notice. Any other question is refused.
    """
    recording = account.recorded.get(endpoint)
    if recording is None:
        return None
    body = next(value for name, value in message.values.items() if name.endswith("RequestBody"))
    text = recording.answer.replace("{ci}", question.ci).replace("{reqIdConsumer}", question.request_id)
    if body == recording.question or isinstance(question, WatchlistQuestion):
        return Reply(body=text.encode())
    document = json.loads(text, parse_float=Literal, parse_int=Literal)
    if isinstance(question, TransactionsQuestion):
        _leave_out_rows(document, recording.question, body)
    else:
        _leave_out_classes(document, question)
    return Reply(body=json_text(document).encode())


def _leave_out_rows(document: dict[str, Any], recorded: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Answer the documents' next page, which they do not show, with nothing."""
    result = document["transactionHistoryResponseBody"]["queryResult"]
    asked = {"queryParams": {**recorded["queryParams"], "page": result["page"]}}
    if body != asked:
        raise refused("7000", broker=BROKER, description="the documents have no such question")
    result["page"] = "null"
    document["transList"]["transaction"] = []


def _leave_out_classes(document: dict[str, Any], question: AccountQuestion) -> None:
    name = "portfolio" if isinstance(question, PortfolioQuestion) else "balance"
    kept = _CLASSES.get(question.asset_class)
    if kept is None or f"{name}List" not in document:
        raise refused("7000", broker=BROKER, description="the documents have no such question")
    blocks = document[f"{name}List"][name]
    document[f"{name}List"][name] = {key: block for key, block in blocks.items() if key in kept}
    document[f"{name}ResponseBody"]["queryType"]["assetType"] = question.asset_class


def example_answer(name: str, message: Mapping[str, Any]) -> bytes | None:
    """Return the documents' answer to the documents' request, or `None` where it is another request."""
    request, answer = _example(name)
    return answer if message == request else None


@cache
def _example(name: str) -> tuple[Any, bytes]:
    recorded = files(__package__) / "discretionary"
    request = json.loads((recorded / f"{name}.request.json").read_bytes())
    return request, (recorded / f"{name}.response.json").read_bytes()
