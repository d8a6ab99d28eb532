"""Each view of holdings in each of its formats: what to draw, or which bytes to write. Writes nothing itself."""

import io
from collections.abc import Callable, Mapping

from attrs import frozen
from rich.console import RenderableType

from koscom_async.cli.main import Failed
from koscom_async.cli.options import Format, View, Wish
from koscom_async.cli.output import csv_of_groups, csv_text, json_text, one_end
from koscom_async.cli.views.differences import difference_data, difference_report
from koscom_async.cli.views.explanations import explanation_data, explanation_report
from koscom_async.cli.views.groups import groups_data, groups_report
from koscom_async.cli.views.report import report
from koscom_async.export.frames import needed
from koscom_async.models.breakdown import GroupBy
from koscom_async.models.holdings import Holdings


@frozen
class Answer:
    """What was asked for, and what came of it; `earlier` is there where it is compared with something."""

    wish: Wish
    holdings: Holdings
    earlier: Holdings | None = None

    @property
    def by(self) -> GroupBy:
        """By what the holdings are broken down, where they are."""
        if self.wish.by is None:
            raise ValueError("the holdings are not broken down")
        return self.wish.by

    @property
    def compared(self) -> Holdings:
        """What the holdings are compared with, where they are."""
        if self.earlier is None:
            raise ValueError("the holdings are not compared")
        return self.earlier


_DRAWN: Mapping[View, Callable[[Answer], RenderableType]] = {
    "whole": lambda answer: report(answer.holdings, with_lots=answer.wish.with_lots),
    "by": lambda answer: groups_report(answer.holdings, answer.by),
    "diff": lambda answer: difference_report(answer.holdings, answer.compared),
    "explain": lambda answer: explanation_report(answer.holdings, answer.wish.term or ""),
}
_DATA: Mapping[View, Callable[[Answer], object]] = {
    "whole": lambda answer: answer.holdings.to_dicts(),
    "by": lambda answer: groups_data(answer.holdings, answer.by),
    "diff": lambda answer: difference_data(answer.holdings, answer.compared),
    "explain": lambda answer: explanation_data(answer.holdings, answer.wish.term or ""),
}
_ROWS: Mapping[View, Callable[[Answer], str]] = {
    "whole": lambda answer: csv_text(answer.holdings, with_lots=answer.wish.with_lots),
    "by": lambda answer: csv_of_groups(answer.holdings.by(answer.by)),
}


def drawn(answer: Answer) -> RenderableType:
    """Return what a terminal shows."""
    return _DRAWN[answer.wish.view](answer)


def written(answer: Answer) -> bytes:
    """Return the bytes of every format but the table."""
    return _WRITTEN[answer.wish.format](answer)


def _parquet(answer: Answer) -> bytes:
    try:
        table = answer.holdings.to_arrow("lots" if answer.wish.with_lots else "positions")
        writer = needed("pyarrow.parquet", extra="arrow")
    except ImportError as error:
        raise Failed(str(error)) from error
    page = io.BytesIO()
    writer.write_table(table, page)
    return page.getvalue()


_WRITTEN: Mapping[Format, Callable[[Answer], bytes]] = {
    "json": lambda answer: one_end(json_text(_DATA[answer.wish.view](answer))),
    "csv": lambda answer: one_end(_ROWS[answer.wish.view](answer)),
    "parquet": _parquet,
    "html": lambda answer: answer.holdings.to_html().encode(),
}
