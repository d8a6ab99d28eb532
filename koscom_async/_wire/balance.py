"""Reading one page of a balance: whose it is, then its summary, its rows and where the next page is."""

from attrs import field, frozen

from koscom_async._cooperative import Cooperative, CooperativeReader
from koscom_async._wire.envelope import check_account, check_request_id, check_response_code, read_document
from koscom_async._wire.records.fast import read_row, read_row_list
from koscom_async._wire.scalars import read_count, read_text
from koscom_async._wire.shapes import Block, read_blocks, read_entries, read_field, read_object
from koscom_async.errors import MalformedResponseError, ResponseMismatchError
from koscom_async.models.account import BalanceRow, BalanceSummary, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import AssetClass

_LISTS: dict[str, type[BalanceRow]] = {"equityList": EquityRow, "fundList": FundRow, "etcList": OtherRow}
_KINDS = {kind.asset_class: name for name, kind in _LISTS.items()}


@frozen(kw_only=True)
class BalancePage:
    """One page. `total`: rows of the whole query; `next_page`: the key of the rest; `None` where not said."""

    summary: BalanceSummary | None
    rows: tuple[BalanceRow, ...]
    total: int | None
    next_page: str | None
    notes: tuple[str, ...] = field(default=())


@frozen(kw_only=True)
class BalanceReader(CooperativeReader[BalancePage]):
    """Reads the answer to one question about one account, and refuses the answer to any other."""

    account_number: str = field(repr=False)
    request_id: str
    asset_class: AssetClass
    strict_request_id: bool = True

    def steps(self, document: object) -> Cooperative[BalancePage]:
        """Return the page in steps, or raise an error of ours."""
        answer = read_document(document)
        check_response_code(answer)
        body = read_object(answer.get("balanceResponseBody"), "balanceResponseBody")
        notes = check_request_id(answer, self.request_id, strict=self.strict_request_id)
        notes += check_account(answer, body, self.account_number)
        container = read_object(answer.get("balanceList"), "balanceList")
        if not body and not container:
            raise MalformedResponseError("neither balanceResponseBody nor balanceList is there")
        blocks = read_blocks(
            container.get("balance"), "balanceList.balance", objects=("summary",), lists=_LISTS
        )
        self._refuse_other_classes(blocks)
        rows: list[BalanceRow] = []
        for name, kind in _LISTS.items():
            rows += yield from read_row_list(kind, blocks.get(name), name)
        result = read_object(body.get("queryResult"), "balanceResponseBody.queryResult")
        return BalancePage(
            summary=_summary(blocks),
            rows=tuple(rows),
            total=read_field(result, "totalCnt", read_count, "queryResult"),
            next_page=read_field(result, "page", read_text, "queryResult"),
            notes=tuple(notes),
        )

    def _refuse_other_classes(self, blocks: Block) -> None:
        """Refuse rows of a class that was not asked for: four such answers would be counted four times."""
        if self.asset_class is AssetClass.ALL:
            return
        for asset_class, name in _KINDS.items():
            if asset_class is not self.asset_class and any(read_entries(blocks.get(name))):
                raise ResponseMismatchError(
                    f"asked for {self.asset_class}, answered with rows of {asset_class}"
                )


def _summary(blocks: Block) -> BalanceSummary | None:
    block = read_object(blocks.get("summary"), "summary")
    return read_row(BalanceSummary, block, "summary") if block else None
