"""Companies and their statements (NICE), the robo-adviser testbed (RA 테스트베드), and reports of fraud (더치트)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from attrs import field, frozen

from koscom_async._masking import hidden
from koscom_async._record import Record
from koscom_async.models._fields import named, raw_field

__all__ = [
    "Algorithm",
    "AlgorithmReturn",
    "AlgorithmRisk",
    "Company",
    "FraudReport",
    "Statement",
    "StatementLine",
]


@frozen(kw_only=True, eq=False, repr=False)
class Company(Record):
    """A company's outline (기업개요); absent is `None`. Everything else that came is in `raw`."""

    code: str | None = field(default=None, metadata=named("company_code"))
    """업체코드 (`kiscode`), by which NICE knows it"""
    business_number: str | None = field(default=None, metadata=named("business_registration_number"))
    """사업자번호"""
    corporate_number: str | None = field(default=None, metadata=named("corporate_registration_number"))
    """법인등록번호"""
    stock_code: str | None = None
    """주식코드"""
    name: str | None = field(default=None, metadata=named("company_name"))
    """업체명"""
    name_english: str | None = field(default=None, metadata=named("company_name_english"))
    """영문 업체명"""
    representative: str | None = field(default=None, metadata=named("representative_name"))
    """대표자명"""
    industry: str | None = field(default=None, metadata=named("industry_name"))
    """산업코드명"""
    size: str | None = field(default=None, metadata=named("size_name"))
    """기업규모명"""
    market: str | None = None
    """상장시장구분코드"""
    incorporated_on: date | None = field(default=None, metadata=named("incorporation_date"))
    """설립일자"""
    listed_on: date | None = field(default=None, metadata=named("listing_date"))
    """상장일자"""
    employees: int | None = None
    """종업원수"""
    settlement_month: str | None = None
    """결산월"""
    group: str | None = field(default=None, metadata=named("group_name"))
    """그룹코드명"""
    address: str | None = field(default=None, metadata=named("road_name_address"))
    """도로명주소"""
    phone: str | None = None
    """전화번호"""
    home_page: str | None = None
    """홈페이지URL"""
    products: str | None = field(default=None, metadata=named("main_products"))
    """주요상품내역"""
    bank: str | None = field(default=None, metadata=named("main_bank"))
    """주거래은행명"""
    raw: Mapping[str, object] = raw_field()


@frozen(kw_only=True, eq=False, repr=False)
class StatementLine(Record):
    """One line of a table: a value for each day of `settled_on`, `None` where there is none.

    In a statement `values` are KRW and `shares` percent of the total; among ratios `values` are mostly percent, and
    `averages` those of the industry, by NICE.
    """

    code: str | None = None
    """재무항목코드"""
    name: str | None = None
    """항목 한글명"""
    name_english: str | None = None
    level: str | None = None
    """재무계정레벨코드"""
    values: tuple[Decimal | None, ...] = ()
    shares: tuple[Decimal | None, ...] = ()
    averages: tuple[Decimal | None, ...] = ()
    raw: Mapping[str, object] = raw_field()


@frozen(kw_only=True, eq=False, repr=False)
class Statement(Record):
    """A statement of financial position (재무상태표), or ratios (재무분석정보), of three business years.

    `settled_on` are the days on which they ended, the latest first. `notes` say what could not be read.
    """

    company: str
    settled_on: tuple[date | None, ...] = ()
    lines: tuple[StatementLine, ...] = ()
    notes: tuple[str, ...] = field(default=(), eq=False)

    def line(self, name: str) -> StatementLine | None:
        """Return the line of a name, Korean or English, or of a code; `None` where there is none."""
        return next((each for each in self.lines if name in {each.name, each.name_english, each.code}), None)


@frozen(kw_only=True, eq=False, repr=False)
class Algorithm(Record):
    """An algorithm that is being tested, or was (알고리즘)."""

    number: int | None = field(default=None, metadata=named("algorithm"))
    """알고리즘번호"""
    round: int | None = None
    """테스트 회차"""
    name: str | None = None
    """알고리즘명"""
    region: str | None = None
    """국내/해외자산 구분"""
    share_holding: str | None = None
    """주식보유구분"""
    raw: Mapping[str, object] = raw_field()


@frozen(kw_only=True, eq=False, repr=False)
class _OfAccount(Record):
    """What rows about an algorithm's accounts share."""

    on: date | None = field(default=None, metadata=named("date"))
    """기준일"""
    name: str | None = None
    """알고리즘명"""
    round: int | None = None
    """테스트 회차"""
    investor_type: str | None = None
    """유형구분: of the account's investor"""
    account: int | None = field(default=None, metadata=named("account_order"))
    """계좌순서"""
    raw: Mapping[str, object] = raw_field()


@frozen(kw_only=True, eq=False, repr=False)
class AlgorithmReturn(_OfAccount):
    """How an account of an algorithm did by a day (운용실적); returns are in percent."""

    base_price: Decimal | None = None
    """기준가"""
    change: Decimal | None = None
    """전일대비등락폭"""
    return_1d: Decimal | None = None
    return_1w: Decimal | None = None
    return_1m: Decimal | None = None
    return_3m: Decimal | None = None
    return_6m: Decimal | None = None
    return_1y: Decimal | None = None
    return_2y: Decimal | None = None
    return_3y: Decimal | None = None
    return_total: Decimal | None = None
    """누적수익률"""


@frozen(kw_only=True, eq=False, repr=False)
class AlgorithmRisk(_OfAccount):
    """What an account of an algorithm risked (위험 및 성과지표) in a period (기간구분)."""

    period: int | None = None
    standard_deviation: Decimal | None = None
    beta: Decimal | None = None
    sharpe_ratio: Decimal | None = None
    jensens_alpha: Decimal | None = None
    information_ratio: Decimal | None = None
    tracking_error: Decimal | None = None


@frozen(kw_only=True, eq=False, repr=False)
class FraudReport(Record):
    """Whether a number has been reported for fraud (피해이력) in the last three months.

    One report counts after three days, two at once; `reported=False` is no proof of honesty. The number is hidden in
    the repr.
    """

    number: str = field(repr=hidden)
    reported: bool
