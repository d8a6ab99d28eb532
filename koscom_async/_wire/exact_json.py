"""JSON text to values with every number exact: from the digits themselves, never by way of a float.

Whatever is not a JSON document, or cannot be held exactly, is a `MalformedResponseError`.
"""

import json
from typing import NoReturn

from koscom_async._wire.scalars import plain_fraction, plain_integer
from koscom_async.errors import MalformedResponseError


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def read_json(body: bytes) -> object:
    """Return the document in a response body; numbers are `Decimal`, without exponents and needless zeros."""
    if not body.strip():
        raise MalformedResponseError("the answer is empty")
    try:
        return json.loads(
            body, parse_float=plain_fraction, parse_int=plain_integer, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        complaint = f"the answer is not whole JSON: it breaks at character {error.pos} of {len(error.doc)}"
    # Bad encoding is a ValueError, an absurd exponent an ArithmeticError, and a thousand nested brackets a
    # RecursionError.
    except (ValueError, ArithmeticError, RecursionError):
        complaint = f"the {len(body)} bytes of the answer cannot be read as JSON"
    # Raised out here, where no other exception is at hand to be its context: those hold the document, and so
    # people's data.
    raise MalformedResponseError(complaint)
