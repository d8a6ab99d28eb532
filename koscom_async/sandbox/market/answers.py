"""What answers each operation: documents with the names of the manual's examples and the market's own values."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from koscom_async.sandbox.market.calendar import holidays, nations
from koscom_async.sandbox.market.facts import feed_code
from koscom_async.sandbox.market.figures import number
from koscom_async.sandbox.market.question import (
    MAX_CODES,
    MAX_FIELDS,
    NO_ISSUE,
    NOT_READY,
    UNKNOWN_REFUSED,
    WRONG_PARAMETER,
    Question,
    Unanswerable,
    enveloped,
    like,
)
from koscom_async.sandbox.market.series import (
    answer_foreign,
    answer_history,
    answer_intraday,
    answer_investors,
    answer_nav_history,
    answer_short_sales,
)


def _record(question: Question) -> Any:
    facts = question.facts(question.instrument())
    return enveloped(like(question.example["result"], facts))


def _fed(question: Question) -> Any:
    """Answer as `_record` does, under the feed's own key where the example has it."""
    instrument, example = question.instrument(), question.example["result"]
    result = like(example, question.facts(instrument))
    if "*" in example["isuSrtCd"]:
        result["isuSrtCd"] = feed_code(instrument)
    return enveloped(result)


def _selected(question: Question) -> Any:
    facts = question.facts(question.instrument())
    if not 0 < len(question.query) <= MAX_FIELDS:
        raise Unanswerable(WRONG_PARAMETER.format("fields"))
    try:
        wanted = {name: facts[name] for name in question.query}
    except KeyError as unknown:
        raise Unanswerable(WRONG_PARAMETER.format(unknown.args[0])) from None
    return enveloped({"isuSrtCd": facts["isuSrtCd"], **wanted})


def _listing(question: Question) -> Any:
    issues = question.contracts() if question.operation.kind else question.issues()
    rows = [
        {
            "isuSrtCd": code,
            "isuCd": issue.isin,
            "isuKorNm": issue.name,
            "isuKorAbbr": issue.english if question.operation.kind else issue.name,
            # The continuous future is a second name of the nearest one.
            "map_to": feed_code(issue) if code == issue.code else code,
        }
        for code, issue in issues.items()
    ]
    return {"trdDd": f"{question.today:%Y%m%d}", "mktEndTm": question.example["mktEndTm"], "isuLists": rows}


def _snapshot(question: Question) -> Any:
    """Answer for all issues of a board: as the platform does, once a second."""
    name = f"{question.operation.path} {question.path['board']}"
    return question.market.snapshot(name, question.moment, partial(_make_snapshot, question))


def _make_snapshot(question: Question) -> Any:
    example = question.example
    after_hours = question.operation.path.endswith("ahtohlclists")
    rows = []
    for issue in question.issues().values():
        row = like(example["isuLists"][0], question.facts(issue))
        if after_hours:
            row |= dict.fromkeys(("opnprc", "hgprc", "lwprc"), 0)
        rows.append(row)
    return {
        "trdDd": f"{question.today:%Y%m%d}",
        "trdTm": f"{question.moment.at:%H%M%S}",
        "isuLists": rows,
    }


def _quotes(question: Question) -> Any:
    codes = question.text("isuCd").split(",")
    if len(codes) > MAX_CODES:
        raise Unanswerable(WRONG_PARAMETER.format("isuCd"))
    issues, example = question.issues(), question.example["result"]["isulist"][0]
    if question.fault == UNKNOWN_REFUSED and not issues.keys() >= set(codes):
        raise Unanswerable(NO_ISSUE)
    # A code that is not on the board is left out without a word.
    rows = [like(example, question.facts(issues[code])) for code in codes if code in issues]
    return enveloped({"isulist": rows})


def _components(question: Question) -> Any:
    question.instrument()  # refuses what is no fund
    market, moment = question.market, question.moment
    largest = sorted(
        (issue for issue in market.board("kospi").values() if issue.kind == "stock"),
        key=lambda issue: -issue.price * issue.shares,
    )[:40]
    prices = {issue: market.price(issue, moment.number - 1) for issue in largest}
    units = {issue: max(1, issue.shares // 5_000_000) for issue in largest}
    total = sum(units[issue] * price for issue, price in prices.items())
    rows = [
        {
            "isuCd": issue.isin,
            "Unit": units[issue],
            "isuNm": issue.name,
            "SetAmt": int(units[issue] * price),
            "ratio": number(100 * units[issue] * price / total),
        }
        for issue, price in prices.items()
    ]
    return {"Cnt": str(len(rows)), "InqDd": f"{question.today:%Y%m%d}", "Lists": rows}


def _holidays(question: Question) -> Any:
    nation, today = question.path["nation"], question.moment.at.date()
    if nation not in nations():
        raise Unanswerable(WRONG_PARAMETER.format("nationcode"))
    rest = [f"{day:%Y%m%d}" for day in holidays(nation, today.year) if day >= today]
    return {"marketCd": nation, "lists": rest}


ANSWERS: Mapping[str, Callable[[Question], Any]] = {
    "components": _components,
    "fed": _fed,
    "foreign": answer_foreign,
    "history": answer_history,
    "holidays": _holidays,
    "intraday": answer_intraday,
    "investors": answer_investors,
    "listing": _listing,
    "nav": _record,
    "nav_history": answer_nav_history,
    "quotes": _quotes,
    "record": _record,
    "selected": _selected,
    "short_sales": answer_short_sales,
    "snapshot": _snapshot,
}


def answer(question: Question) -> Any:
    """Return the document that answers a question, or raise `Unanswerable`."""
    if question.market.is_before(question.operation.hour):
        raise Unanswerable(NOT_READY)
    return ANSWERS[question.operation.answer](question)
