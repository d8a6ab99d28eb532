"""The one entrance to everything a developer runs: `nox -l` lists it."""

from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False

RIVALS = ["aiohttp>=3.11", "aiolimiter>=1.2", "httpx-aiohttp>=0.1", "pydantic>=2.10", "pyreqwest>=0.5"]
"""What our stacks are measured against, beside httpx."""

BENCHMARKS: dict[str, list[str]] = {
    "decode": [],
    "market": [],
    "merge": [],
    "imports": [],
    "backends": ["--rounds", "3", "--in-flight", "1", "50", "1000"],
    "call": ["--rounds", "3"],
    "stacks": ["--rounds", "3"],
    "wrapper": [],
    "burst": [],
    "fanout": ["--latency-ms", "20", "100", "200", "400"],
    "peers": [],
    "overload": [],
    "night": ["--people", "1000"],
}
"""Each script of `benchmarks/`, and sizes with which all together take minutes."""

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("ruff>=0.11")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on each Python that is installed."""
    session.install("-e", ".[browser,test]")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session(python="3.11")
def floors(session: nox.Session) -> None:
    """Run the quick tests with the lowest versions that `pyproject.toml` allows; `.ci/run` runs some of them."""
    session.install("-e", ".[browser,test]")
    _go_down(session, "browser", "test")
    slow = ("benchmarks", "end_to_end", "rendering", "client/test_secrets_everywhere.py")
    ignored = [f"--ignore=tests/{name}" for name in slow]
    session.run("python", "-m", "pytest", "-n", "auto", *ignored, *session.posargs)


@nox.session(python="3.11")
def audit(session: nox.Session) -> None:
    """Look for known holes in what is installed: the newest versions, then the lowest that `pyproject.toml` allows."""
    session.install("--upgrade", "pip")  # it is looked at, too
    session.install("-e", ".[dev]")
    # Strict: what the advisory database does not know is a failure, and not a package without holes.
    session.run("pip-audit", "--strict", "--skip-editable", *session.posargs)
    _go_down(session, "dev")
    session.run("pip-audit", "--strict", "--skip-editable", *session.posargs)


def _go_down(session: nox.Session, *extras: str) -> None:
    """Install each direct dependency, the extras' too, in its lowest version."""
    session.install("uv")
    wanted = [word for extra in extras for word in ("--extra", extra)]
    python = ["--python", session.virtualenv.location]
    session.run(
        "uv", "pip", "install", *python, "--resolution", "lowest-direct", "-r", "pyproject.toml", *wanted
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Measure against rivals and targets; the numbers go to `.bench/`, and `benchmarks/compare.py` compares two."""
    session.install("-e", ".[cli,fast,sandbox]", *RIVALS)
    for script, sizes in BENCHMARKS.items():
        session.run(
            "python", f"benchmarks/{script}.py", "--json", f"{_bench_folder(session)}/{script}.json", *sizes
        )


def _bench_folder(session: nox.Session) -> str:
    """Return where the numbers go: what `--json-dir` says behind the two dashes."""
    folder = session.posargs[-1] if session.posargs[:-1] == ["--json-dir"] else ".bench"
    Path(folder).mkdir(parents=True, exist_ok=True)
    return folder


@nox.session
def soak(session: nox.Session) -> None:
    """Ask ten thousand times while brokers flap: nothing may be wrong, lost, or grow. Takes minutes."""
    session.install(".[sandbox]")
    session.run("python", "benchmarks/soak.py", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Mutate answers for so many seconds (`-- --seconds 600`) and hold the client against a second reading of them."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "tests.fuzz", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Show the merged holdings of the sandbox's three brokers."""
    session.install(".[cli,sandbox]")
    session.run("koscom", "holdings", "--sandbox", *session.posargs)


@nox.session
def rendering(session: nox.Session) -> None:
    """Render pages, reports and plots in headless Chromium, which must be there."""
    session.install("-e", ".[test]")
    session.run(
        "python", "-m", "pytest", "tests/rendering", "tests/notebook", *session.posargs, env={"CI": "true"}
    )


@nox.session
def pictures(session: nox.Session) -> None:
    """Make the README's pictures anew."""
    session.install("-e", ".[browser,test]")
    session.run("python", "-m", "tests.rendering.pictures")
