"""The entrance of `koscom` and of `python -m koscom_async`: it names the extra that is missing."""

import sys

INTERRUPTED = 130
OPTIONAL_PARTS = {"click", "rich"}


def main() -> int:
    """Run the command with the arguments of the process, and return its exit code."""
    try:
        from koscom_async.cli.main import run  # click may be missing

        return run()  # and rich, which only some subcommands load
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL_PARTS:
            raise
        print(  # noqa: T201  # a command may print
            f"koscom needs {error.name}, which is not installed: pip install 'koscom_async[cli]'",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
