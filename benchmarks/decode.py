"""What decoding costs: an answer's bytes to exact, checked records, against `json.loads` of the same bytes.

`json.loads` makes floats and checks nothing; it is the yardstick, not a rival. Rounds are interleaved, medians of CPU
time shown. Also how long one answer holds the event loop.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from koscom_async._wire.balance import BalanceReader
from koscom_async._wire.exact_json import read_json
from koscom_async.models.codes import AssetClass

ACCOUNT = "160635473367600099"
REQUEST_ID = "bench"
SIZES = (4, 100, 5000)
SECONDS_A_ROUND = 0.15


def answer(rows: int) -> bytes:
    """Return an answer to `ALL` of that many equity rows, spelled as the documents' example is."""
    equities = [
        {
            "assetType": "KSP",
            "productType": "",
            "isinCode": f"KR7{number:06d}003",
            "productName": "삼성전자",
            "qty": float(number % 900 + 1),
            "tradeType": "SUM",
            "valAtTrade": 281764.0 + number,
            "valAtCur": 245400.0 + number,
            "proLoss": -36364.0,
            "earningRate": -12.9,
        }
        for number in range(rows)
    ]
    document = {
        "commonHeader": {"reqIdPlatform": "", "reqIdConsumer": REQUEST_ID, "certDn": "", "ci": ""},
        "accInfo": {"realAccNo": "", "vtAccNo": ACCOUNT},
        "balanceResponseBody": {
            "queryResult": {"totalCnt": float(rows), "count": float(rows), "page": "null"}
        },
        "balanceList": {"balance": {"summary": {"cashBalance": 6976542.0}, "equityList": equities}},
        "resp": {"respCode": "200", "respMsg": "OK"},
    }
    return json.dumps(document, ensure_ascii=False).encode()


def cpu_seconds(work: Callable[[], object], calls: int) -> float:
    """Return the CPU seconds of one call."""
    began = time.process_time()
    for _ in range(calls):
        work()
    return (time.process_time() - began) / calls


def measured(rows: int, rounds: int) -> dict[str, float]:
    """Return medians for one size."""
    body = answer(rows)
    reader = BalanceReader(account_number=ACCOUNT, request_id=REQUEST_ID, asset_class=AssetClass.ALL)
    works: dict[str, Callable[[], object]] = {
        "json.loads": lambda: json.loads(body),
        "json.loads, exact": lambda: json.loads(body, parse_float=Decimal, parse_int=Decimal),
        "decoded": lambda: reader(read_json(body)),
    }
    calls = max(1, int(SECONDS_A_ROUND / max(cpu_seconds(works["decoded"], 1), 1e-6)))
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(cpu_seconds(work, calls))
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    """Print a table of ratios; `--json FILE` keeps it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    print(f"decoding a balance, median of {options.rounds} rounds, Python {sys.version.split()[0]}")
    print(f"{'rows':>6} {'json.loads':>12} {'exact json':>11} {'decoded':>9} {'us a row':>9} {'ratio':>6}")
    rows = []
    for size in SIZES:
        times = measured(size, options.rounds)
        ratio = times["decoded"] / times["json.loads"]
        rows.append({"rows": size, "ratio": ratio} | times)
        print(
            f"{size:>6} {times['json.loads'] * 1e6:>9.0f} us {times['json.loads, exact'] / times['json.loads']:>10.2f}x"
            f" {times['decoded'] * 1e3:>6.2f} ms {times['decoded'] / size * 1e6:>9.1f} {ratio:>5.2f}x"
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
