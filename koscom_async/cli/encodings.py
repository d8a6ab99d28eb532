"""What stands for a mark that the terminal's encoding lacks, so that a minus sign never turns into something else."""

import codecs
import sys

_STAND_INS = {
    "−": "-",
    "—": "-",
    "₩": "W",
    "≥": ">",
    "…": ".",
    "→": ">",
    "•": "*",
    "·": ".",
    "└": "-",
    "✓": "v",
    "✗": "x",
    "█": "#",
    "▌": "#",
}


def make_lenient() -> None:
    """Let stdout and stderr write what their encoding has, and stand-ins for the rest."""
    codecs.register_error("koscom_async.stand_in", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="koscom_async.stand_in")


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_STAND_INS.get(letter, "?") for letter in lacking), error.end
