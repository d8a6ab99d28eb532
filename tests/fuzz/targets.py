"""What is fuzzed: for each target, what is drawn, and what judges it."""

from tests.fuzz import answers, drift, http_parsers, judge, properties

TARGETS = {
    "http": (http_parsers.streams(), http_parsers.judge_parsers),
    "json": (answers.bodies(), judge.judge_readers),
    "holdings": (answers.worlds(), judge.judge_holdings),
    "contracts": (answers.worlds(answers.contract_answers), judge.judge_contracts),
    "portfolios": (answers.worlds(answers.portfolio_answers), judge.judge_portfolios),
    "transactions": (answers.worlds(answers.transaction_answers), judge.judge_transactions),
    "watchlists": (answers.worlds(answers.watchlist_answers), judge.judge_watchlists),
    "linked": (answers.linked_lists(), judge.judge_linked),
    "drift": (drift.drifts(), drift.judge_drift),
    "order": (properties.orders, properties.judge_order),
    "zeros": (properties.zeros(), properties.judge_zeros),
    "trades": (properties.trades, properties.judge_trades),
}
