"""The registry of brokers: code, short name, Korean name, and what each is known to support.

Data from the platform's pages ("계좌 서비스", as of 2018-05-31; `ALL` from the notes of the balance and
portfolio endpoints). A broker that is not listed is still served: it is asked and learned about.
"""

from attrs import frozen

from koscom_async._record import Record


@frozen(eq=False, repr=False)
class Broker(Record):
    """One broker (금융투자회사) on the platform.

    `short_name` stands in the path of its endpoints; `code` is its `comId`. `supports_all` says whether one
    query for all asset classes works: `None` when the documents do not say, so that it has to be asked;
    `supports_interest_query` whether a watchlist is asked for with a query block, which the others refuse.
    """

    code: str
    short_name: str
    name: str
    name_ko: str
    supports_all: bool | None = None
    is_offered: bool = True
    is_virtual: bool = False
    supports_interest_query: bool = False

    def __str__(self) -> str:
        return self.short_name


BROKERS: tuple[Broker, ...] = (
    Broker("00002", "shinhan", "Shinhan", "신한금융투자", supports_all=True),
    Broker("00004", "daishin", "Daishin", "대신증권", supports_all=True),
    Broker("00008", "eugene", "Eugene", "유진투자증권", supports_all=False),
    Broker("00009", "hanyang", "Hanyang", "한양증권", supports_all=False, is_offered=False),
    Broker("00010", "meritz", "Meritz", "메리츠종합금융증권", supports_all=False),
    Broker("00012", "nhinvest", "NH", "NH투자증권", supports_all=True),
    Broker("00017", "kbinvest", "KB", "KB투자증권", supports_all=True),
    Broker("00024", "yuanta", "Yuanta", "유안타증권", supports_all=False),
    Broker("00025", "sk", "SK", "SK증권", supports_all=True),
    Broker("00030", "samsung", "Samsung", "삼성증권", supports_all=False, supports_interest_query=True),
    Broker("00031", "dongbu", "DB", "DB투자금융", supports_all=True),
    Broker("00046", "hi", "Hi", "하이투자증권", supports_all=False, is_offered=False),
    Broker(
        "00049",
        "miraeassetdaewoo",
        "Mirae Asset Daewoo",
        "미래에셋대우증권",
        supports_all=False,
        is_offered=False,
    ),
    Broker("00050", "kiwoom", "Kiwoom", "키움증권", supports_all=False, is_offered=False),
    Broker("00063", "ebest", "eBest", "이베스트투자증권", supports_all=False),
    Broker("00064", "koreaasset", "Korea Asset", "코리아에셋투자증권", supports_all=False, is_offered=False),
    # The platform's own virtual brokers, which answer on its sandbox.
    Broker("00991", "cyber", "Cyber (virtual)", "사이버 증권", supports_all=False, is_virtual=True),
    Broker("00992", "diamond", "Diamond (virtual)", "다이아몬드 증권", supports_all=True, is_virtual=True),
    Broker("00993", "star", "Star (virtual)", "스타 증권", supports_all=False, is_virtual=True),
)

_BY_CODE = {broker.code: broker for broker in BROKERS}
_BY_SHORT_NAME = {broker.short_name: broker for broker in BROKERS}


def find_broker(*, code: str | None = None, short_name: str | None = None) -> Broker | None:
    """Return the registered broker of that code or short name, or `None`."""
    if code is not None:
        return _BY_CODE.get(code)
    return _BY_SHORT_NAME.get(short_name or "")
