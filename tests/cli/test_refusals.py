"""What the platform says of the consent, and what a broker says instead of an answer, as the commands show it."""

import pytest

COMMANDS = (
    ["holdings"],
    ["portfolio"],
    ["watchlist"],
    ["transactions", "--since", "2024-01-01", "--until", "2024-01-31"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_the_commands_show_it(koscom, command):
    ended = koscom(*command, "--sandbox", "--fault", "common=ended-consent")
    assert ended.exit_code == 1
    assert "the investor's consent ended on 2020-01-01" in ended.output
    soon = koscom(*command, "--sandbox", "--fault", "common=consent-ends:7")
    assert soon.exit_code == 0
    assert "The investor's consent ends in 7 days" in " ".join(soon.output.split())
