"""What is fuzzed: for each target, what is drawn, and what judges it."""

from tests.fuzz import answers, http_parsers, judge

TARGETS = {
    "http": (http_parsers.streams(), http_parsers.judge_parsers),
    "json": (answers.bodies(), judge.judge_readers),
    "holdings": (answers.worlds(), judge.judge_holdings),
}
