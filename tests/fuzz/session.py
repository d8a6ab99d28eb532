"""Runs targets for so many seconds: counts inputs, and keeps each kind of finding with its smallest input."""

import re
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded

from tests.fuzz.targets import TARGETS

INPUTS_A_ROUND = 200
INPUTS_BY_TARGET = {"http": 1000, "json": 600, "drift": 400, "trades": 50}
"""Inputs a round of targets that are quick, and of one that asks nine times for each."""
KINDS_AT_MOST = 20
ROUND_SECONDS = 120
"""About what a round of all targets takes on a machine that is busy"""


class Fuzzed:
    """One target, with the number of its inputs and what was found; what was found before does not stop it again."""

    def __init__(self, name):
        self.name = name
        self.inputs = 0
        self.finds = {}
        self.again = Counter()
        self._drawn, self._judge = TARGETS[name]
        self._last = None

    def _check(self, drawn):
        self.inputs += 1
        try:
            self._judge(drawn)
        except Exception as error:
            kind = kind_of(error)
            if kind in self.finds:
                self.again[kind] += 1
                return
            self._last = (kind, f"{type(error).__name__}: {error}\n{drawn!r}")
            raise

    def round(self, seed, *, inputs):
        """Judge some inputs; keep the smallest that is wrong."""

        @settings(
            max_examples=inputs,
            database=None,
            deadline=None,
            verbosity=Verbosity.quiet,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        @seeded(seed)
        @given(self._drawn)
        def run(drawn):
            self._check(drawn)

        try:
            run()
        except Exception:
            if self._last is None:  # not of the target: of what is drawn
                raise
            kind, shown = self._last
            self.finds[kind] = shown
            self._last = None


def kind_of(error):
    """Return what kind of finding an error is: where it was raised, and its first line without what varies."""
    at = error.__traceback__
    while at.tb_next is not None:
        at = at.tb_next
    line = re.sub(r"['\"(\[{<].*|[\d.]+", "…", str(error).partition("\n")[0])
    return f"{type(error).__name__} at {at.tb_frame.f_code.co_name}: {line[:100]}"


def run(names, seconds, *, seed, report):
    """Run the targets in turn until the time is over, `report` each finding, and return the targets with their counts."""
    running = [Fuzzed(name) for name in names]
    ends = time.monotonic() + seconds
    share = min(1.0, seconds / ROUND_SECONDS)  # in a short time, too, every target has its turn
    while time.monotonic() < ends:
        for each in running:
            known = set(each.finds)
            if time.monotonic() < ends and len(known) < KINDS_AT_MOST:
                usual = INPUTS_BY_TARGET.get(each.name, INPUTS_A_ROUND)
                each.round(seed, inputs=max(1, int(usual * share)))
            for kind in each.finds.keys() - known:
                report(f"\n{each.name}: FOUND {kind}\n{each.finds[kind]}\n")
        seed += 1
    return running
