"""What is fuzzed: for each target, what is drawn, and what judges it."""

from tests.fuzz import answers, drift, http_parsers, judge, mutations, properties

TARGETS = {
    "http": (http_parsers.streams(), http_parsers.judge_parsers),
    "json": (mutations.bodies(), judge.judge_readers),
    "holdings": (mutations.worlds(), judge.judge_holdings),
    "contracts": (mutations.worlds(answers.contract_answers), judge.judge_contracts),
    "portfolios": (mutations.worlds(answers.portfolio_answers), judge.judge_portfolios),
    "transactions": (mutations.worlds(answers.transaction_answers), judge.judge_transactions),
    "watchlists": (mutations.worlds(answers.watchlist_answers), judge.judge_watchlists),
    "linked": (mutations.linked_lists(), judge.judge_linked),
    "drift": (drift.drifts(), drift.judge_drift),
    "order": (properties.orders, properties.judge_order),
    "zeros": (properties.zeros(), properties.judge_zeros),
    "trades": (properties.trades, properties.judge_trades),
}
