"""The one entrance to everything a developer runs: `nox -l` lists it."""

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False

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
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure, and print ratios."""
    session.install(".[sandbox]")
    for script in ("decode", "merge", "fanout"):
        session.run("python", f"benchmarks/{script}.py", *session.posargs)
    session.run("python", "benchmarks/soak.py")


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
    session.install("-e", ".[test]")
    session.run("python", "-m", "tests.rendering.pictures")
