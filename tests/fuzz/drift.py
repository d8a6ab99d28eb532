"""Brokers whose accounts change while they are read: an answer without a word of doubt is the ledger's at some moment."""

import json
from dataclasses import dataclass, field

from hypothesis import strategies as st

from koscom_async import KoscomError
from tests.fuzz.client import run
from tests.services.drifting import CODES, FIRST_PAGES, SERVICES, DriftingBroker, query_of

FIRST_LETTERS = "ABCDE"


@dataclass
class Drift:
    """What an account holds by letters, how its broker pages, and what happens before which question."""

    service: int
    held: str
    size: int
    totals: str
    changes: dict = field(default_factory=dict)
    """Number of the question → (letter in, or "" for one out; where)"""


@st.composite
def drifts(draw):
    """A broker that gives the number of rows as it is now, as it was at first, or not at all."""
    totals = draw(st.sampled_from(("live", "live", "first", "none", "zero")))
    spare = draw(st.permutations([letter for letter in CODES if letter not in FIRST_LETTERS]))
    # A number that is not up to date cannot show two changes that make up for each other: then one for each reading.
    many = 4 if totals == "live" else 1
    numbers = draw(st.lists(st.integers(1, 8), unique=True, max_size=many))
    changes = {}
    for number in numbers:
        letter = spare.pop() if spare and draw(st.booleans()) else ""
        changes[number] = (letter, draw(st.integers(0, 9)))
    held = draw(st.sampled_from([FIRST_LETTERS[:size] for size in range(1, len(FIRST_LETTERS) + 1)]))
    return Drift(draw(st.integers(0, len(SERVICES) - 1)), held, draw(st.integers(1, 3)), totals, changes)


class LedgerBroker(DriftingBroker):
    """Pages by the place in a list of rows that may change between two pages."""

    def __init__(self, drift):
        super().__init__(SERVICES[drift.service], [])
        self.drift = drift
        self.held = list(drift.held)
        self.asked = 0
        self.moments = []
        """What was held at each moment of the reading that is under way"""
        self.first_total = None

    def __call__(self, request):
        body = json.loads(request.content)
        query = query_of(body)
        if query.get("assetType", query.get("qrAssetType")) in {"CASH", "FUND", "ETC"}:
            return self._reply(body, self._document([], {"totalCnt": 0, "page": None}))
        if self.asked in self.drift.changes:
            letter, place = self.drift.changes[self.asked]
            if letter:
                self.held.insert(place % (len(self.held) + 1), letter)
            elif self.held:
                del self.held[place % len(self.held)]
        self.asked += 1
        start = 0 if query.get("page") in FIRST_PAGES else int(query["page"])
        if start == 0:
            self.moments, self.first_total = [], len(self.held)
        self.moments.append(sorted(self.held))
        end = start + self.drift.size
        rows = [self.service.row(letter) for letter in self.held[start:end]]
        total = {"live": len(self.held), "first": self.first_total, "none": None, "zero": 0}[
            self.drift.totals
        ]
        key = str(end) if end < len(self.held) else "null"
        return self._reply(body, self._document(rows, {"totalCnt": total, "page": key}))


def judge_drift(drift):
    """Ask the broker, and hold what comes against the ledger."""
    broker = LedgerBroker(drift)
    answer = run(lambda: _answer_or_error(broker))
    if isinstance(answer, KoscomError):
        assert drift.changes, f"pages that do not drift are refused: {answer.message}"
        return
    letters = sorted(broker.service.read(answer))
    assert len(set(letters)) == len(letters), f"one row of the ledger came twice: {letters}"
    notes = [note for note in answer.notes if "announce" in note]
    assert letters in broker.moments or notes, f"complete, and never the ledger's: {letters} {broker.moments}"


async def _answer_or_error(broker):
    try:
        return await broker.ask()
    except KoscomError as error:
        return error
