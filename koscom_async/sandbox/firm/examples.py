"""The documents' own examples of the discretionary service, word for word; people's names are made up."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["example_answer"]


def example_answer(name: str, message: Mapping[str, Any]) -> bytes | None:
    """Return the documents' answer to the documents' request, or `None` where it is another request."""
    request, answer = _example(name)
    return answer if message == request else None


@cache
def _example(name: str) -> tuple[Any, bytes]:
    recorded = files("koscom_async.sandbox.firm") / "recorded"
    request = json.loads((recorded / f"{name}.request.json").read_bytes())
    return request, (recorded / f"{name}.response.json").read_bytes()
