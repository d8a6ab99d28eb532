"""Companies, the robo-adviser testbed and reports of fraud, as typed records. What the wire calls them is data."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from koscom_async._services.catalogue.asker import Asker
from koscom_async._services.market.records import Kind, gathered, records_of
from koscom_async._wire.catalogue.arguments import Values
from koscom_async.errors import MalformedResponseError, ResponseMismatchError
from koscom_async.models.catalogue.answer import Answer, Row
from koscom_async.models.catalogue.reference import (
    Algorithm,
    AlgorithmReturn,
    AlgorithmRisk,
    Company,
    FraudReport,
    Statement,
    StatementLine,
)

Period = Literal["year", "q1", "half", "q3"]

_YEARS = ("0", "1", "2")
_CALLED = {
    "nice.kiscode": "companies.find",
    "nice.companyShortOutline": "companies.outline",
    "nice.financialStateTable": "companies.statement",
    "nice.financialRate": "companies.ratios",
    "stockcd": "stock",
    "bizno": "business",
    "crpno": "corporate",
    "kiscode": "company",
    "ratestbed.rateapi": "robo_advisors.returns",
    "ratestbed.riskapi": "robo_advisors.risks",
    "thecheat.fraudsearch": "fraud.search",
    "keyword": "number",
    "keyword_type": "kind",
}
"""What the methods here, and their arguments, are called in complaints, by the catalogue's names."""


class CompanyService:
    """Company data (NICE 기업정보). A company is named by NICE's code, which `find` returns."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def find(
        self,
        *,
        stock: str | None = None,
        business: str | None = None,
        corporate: str | None = None,
        deadline: float | None = None,
    ) -> str | None:
        """Return NICE's code (업체코드) by the code of a stock, or a registration number; `None` for no company."""
        given = Values(stockcd=stock, bizno=business, crpno=corporate)
        answer = await self._asker.ask("nice.kiscode", given, deadline=deadline, called=_CALLED)
        codes = dict.fromkeys(filter(None, answer.column("company_code")))
        if len(codes) > 1:
            raise ResponseMismatchError(f"the answer names {len(codes)} companies for one")
        return next(iter(codes), None)

    async def outline(self, company: str, *, deadline: float | None = None) -> Company | None:
        """Return a company's outline (기업개요), `None` where NICE has none."""
        answer = await self._asker.ask(
            "nice.companyShortOutline", Values(kiscode=company), deadline=deadline, called=_CALLED
        )
        for found in records_of(Company, answer):
            _check(found.code, company.strip())
            return found
        return None

    async def statement(
        self,
        company: str,
        *,
        period: Period = "year",
        consolidated: bool = False,
        deadline: float | None = None,
    ) -> Statement:
        """Return the statement of financial position (재무상태표) of the last three years, in KRW."""
        given = Values(_question(company, period, consolidated=consolidated), unit="won")
        answer = await self._table("nice.financialStateTable", given, deadline)
        if answer.head.amount_unit not in {None, "1"}:
            raise ResponseMismatchError("the amounts are in another unit than was asked for")
        return await _statement(company, answer, values="item_value", shares="composition_ratio")

    async def ratios(
        self,
        company: str,
        *,
        period: Period = "year",
        consolidated: bool = False,
        deadline: float | None = None,
    ) -> Statement:
        """Return the financial ratios (재무분석정보) of the last three years, beside the industry's averages."""
        given = _question(company, period, consolidated=consolidated)
        answer = await self._table("nice.financialRate", given, deadline)
        return await _statement(company, answer, values="ratio", averages="nice_average")

    async def _table(self, name: str, given: Values, deadline: float | None) -> Answer:
        answer = await self._asker.ask(name, given, deadline=deadline, called=_CALLED)
        _check(answer.head.company_code, given["kiscode"].strip())
        return answer


def _question(company: str, period: Period, *, consolidated: bool) -> Values:
    chosen = "consolidated" if consolidated else "separate"
    return Values(kiscode=company, period=period, statement=chosen, years="3")


def _check(found: str | None, company: str) -> None:
    if found not in {None, company}:
        raise ResponseMismatchError("the answer is about another company than was asked")


async def _statement(company: str, answer: Answer, **names: str) -> Statement:
    def years(row: Mapping[str, Any], name: str) -> tuple[Any, ...]:
        return tuple(row.get(f"{name}_{year}") for year in _YEARS)

    def line(row: Row) -> StatementLine:
        return StatementLine(
            code=row.report_item_code,
            name=row.item_name,
            name_english=row.item_name_english,
            level=row.get("account_level"),
            raw=row.raw,
            **{field: years(row, name) for field, name in names.items()},
        )

    return Statement(
        company=company.strip(),
        settled_on=years(answer.head, "settlement_date"),
        lines=tuple(await gathered(map(line, answer))),
        notes=answer.notes,
    )


class RoboAdvisorService:
    """The robo-adviser testbed (RA 테스트베드): algorithms, and how their accounts did."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def algorithms(self, *, deadline: float | None = None) -> tuple[Algorithm, ...]:
        """Return the algorithms whose operation is being tested, or was."""
        return await self._rows(Algorithm, "ratestbed.algoapi", Values(), deadline)

    async def returns(
        self, algorithm: int, since: date, until: date, *, deadline: float | None = None
    ) -> tuple[AlgorithmReturn, ...]:
        """Return the base price and the returns of an algorithm's accounts on each day of a range, ends included."""
        given = Values(algorithm=algorithm, since=since, until=until)
        return await self._rows(AlgorithmReturn, "ratestbed.rateapi", given, deadline)

    async def risks(
        self, algorithm: int, since: date, until: date, *, deadline: float | None = None
    ) -> tuple[AlgorithmRisk, ...]:
        """Return the figures of risk of an algorithm's accounts on each day of a range, ends included."""
        given = Values(algorithm=algorithm, since=since, until=until)
        return await self._rows(AlgorithmRisk, "ratestbed.riskapi", given, deadline)

    async def _rows(
        self, kind: type[Kind], name: str, given: Values, deadline: float | None
    ) -> tuple[Kind, ...]:
        answer = await self._asker.ask(name, given, deadline=deadline, called=_CALLED)
        return tuple(await gathered(records_of(kind, answer)))


class FraudService:
    """The search for reported fraud (금융사기 피해이력, 더치트)."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def search(
        self,
        number: str,
        *,
        kind: Literal["auto", "phone", "account"] = "auto",
        deadline: float | None = None,
    ) -> FraudReport:
        """Return whether a phone's or an account's number has been reported.

        The number is a secret: it is sent in the body, and in no URL, log line or error.
        """
        given = Values(keyword=number, keyword_type=kind)
        del number  # a frame shows what it holds
        found = (await self._asker.ask("thecheat.fraudsearch", given, deadline=deadline, called=_CALLED)).one
        if found.keyword is not None and _digits(found.keyword) != _digits(given["keyword"]):
            raise ResponseMismatchError("the answer is about another number than was asked")
        if found.caution is None:
            raise MalformedResponseError("caution: expected Y or N, got nothing")
        return FraudReport(number=_digits(given["keyword"]), reported=found.caution)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
