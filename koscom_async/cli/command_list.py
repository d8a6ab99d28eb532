"""The subcommands of `koscom`: where each is, and what is said of it in the list of them all.

A table, so that `koscom --help` loads none of them; a test holds its words against each command's own.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    """One subcommand: its module below `koscom_async.cli`, the command in it, and its first sentence."""

    module: str
    command: str
    words: str


ENTRIES: Mapping[str, Entry] = {
    "holdings": Entry(
        "holdings_command",
        "holdings_command",
        "Show what the investor owns at every linked broker, merged.",
    ),
    "accounts": Entry(
        "accounts_command",
        "accounts_command",
        "List the accounts that the investor has linked.",
    ),
    "login": Entry(
        "login_command",
        "login_command",
        "Have the investor authorise in a browser, and save the token where the other commands find it.",
    ),
    "discretionary": Entry(
        "discretionary_command",
        "discretionary_group",
        "Show the accounts under discretionary contract (일임매매) with the firm, at all of its brokers.",
    ),
    "portfolio": Entry(
        "portfolio_command",
        "portfolio_command",
        "Show what each linked account is made of, with each number as what it is: shares are never added up.",
    ),
    "transactions": Entry(
        "transactions_command",
        "transactions_command",
        "Show what moved in every linked account, the earliest first; --csv writes rows as they come.",
    ),
    "watchlist": Entry(
        "watchlist_command",
        "watchlist_command",
        "Show every symbol that the investor watches, and at which brokers, in which groups.",
    ),
    "brokers": Entry(
        "brokers_command",
        "brokers_command",
        "List the brokers that the library knows; others are learned about when they are asked.",
    ),
    "errors": Entry(
        "errors_command",
        "errors_command",
        "Explain an error code, or list them all.",
    ),
    "call": Entry(
        "call_command",
        "call_command",
        "Ask an endpoint that has no command of its own, such as: koscom call GET /v3/market/… --scheme apikey.",
    ),
    "sandbox": Entry(
        "sandbox_command",
        "sandbox_group",
        "Run the sandbox gateway: three brokers with made-up accounts, on this computer.",
    ),
}
