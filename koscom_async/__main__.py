"""The entrance of `koscom` and of `python -m koscom_async`: it names the extra that is missing."""

import sys

from koscom_async._hints import missing
from koscom_async.cli import INTERRUPTED

OPTIONAL_PARTS = {"click", "rich"}


def main() -> int:
    """Run the command with the arguments of the process, and return its exit code."""
    try:
        # click may be missing, and rich, which only some subcommands load.
        from koscom_async.cli.main import run

        return run()
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL_PARTS:
            raise
        sys.stderr.write(f"{missing(f'koscom needs {error.name}', extra='cli')}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
