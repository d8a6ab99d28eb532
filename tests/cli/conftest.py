"""The real command, run in this process against real gateways on a socket."""

import pytest
from click.testing import CliRunner

from koscom_async.cli.main import koscom_command


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch, tmp_path):
    """Keep a developer's own settings, and the size of the terminal, out of the tests."""
    for name in ("ENVIRONMENT", "BASE_URL", "API_KEY", "API_SECRET", "COM_ID", "SRV_ID"):
        monkeypatch.delenv(f"KOSCOM_{name}", raising=False)
    for name in ("CI", "NAME", "ACCESS_TOKEN", "REFRESH_TOKEN", "DEVICE_IP", "DEVICE_MAC"):
        monkeypatch.delenv(f"KOSCOM_{name}", raising=False)
    for name in ("REDIRECT_URI", "SCOPE", "MARKET_URL", "MARKET_VERSION", "CATALOGUE"):
        monkeypatch.delenv(f"KOSCOM_{name}", raising=False)
    monkeypatch.setenv("KOSCOM_TOKEN_FILE", str(tmp_path / "tokens.json"))
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def koscom():
    """Run the command with these arguments; `stdout`, `stderr` and `exit_code` are what came of it."""

    def run(*arguments, env=None):
        result = CliRunner().invoke(koscom_command, arguments, env=env, prog_name="koscom")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture(autouse=True)
def _odd_rows(manuals_investor):
    """Try everything with the manual's odd rows, where a test has no ledger of its own."""
