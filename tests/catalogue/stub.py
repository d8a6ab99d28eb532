"""Writes the stub of `koscom.ask`: a name and a dictionary of arguments for each operation that can be asked."""

_HEAD = """\
# Made by tests/catalogue/make.py; do not edit.
from collections.abc import Iterable
from datetime import date, time
from typing import Literal, Required, TypedDict, Unpack, overload

from koscom_async._services.catalogue.asker import Asker
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.catalogue.operation import Operation
from koscom_async.models.investor import Investor
"""

_TYPES = {
    "codes": "Iterable[str]",
    "fields": "Iterable[str]",
    "date": "date | str",
    "time": "time | str",
    "number": "int | str",
}


def stub_of(catalogue):
    """The text of the stub."""
    asked = {
        name: entry
        for name, entry in catalogue["operations"].items()
        if not entry.get("missing") and not entry.get("python")
    }
    parts = [_HEAD]
    overloads = []
    for name, entry in asked.items():
        arguments = dict(filter(None, (_argument(each, catalogue, entry) for each in entry["parameters"])))
        kind = "".join(part[:1].upper() + part[1:] for part in name.replace("_", ".").split("."))
        unpacked = ""
        if arguments:
            lines = "".join(f"    {argument}: {annotation}\n" for argument, annotation in arguments.items())
            parts.append(f"class {kind}(TypedDict, total=False):\n{lines}")
            unpacked = f"\n        **arguments: Unpack[{kind}],"
        overloads.append(
            "    @overload\n    async def __call__(\n        self,\n"
            f'        operation: Literal["{name}"],\n        *,\n'
            f"        deadline: float | None = ...,{unpacked}\n    ) -> Answer: ...\n"
        )
    overloads.append(
        "    @overload\n    async def __call__(\n        self,\n        operation: Operation,\n        *,\n"
        "        investor: Investor | None = ...,\n        deadline: float | None = ...,\n"
        "        **arguments: object,\n    ) -> Answer: ...\n"
    )
    parts.append("class Ask:\n    def __init__(self, asker: Asker) -> None: ...\n" + "".join(overloads))
    return "\n".join(parts)


def _argument(key, catalogue, entry):
    parameter = catalogue["parameters"][key]
    if "fixed" in parameter:
        return None
    name = parameter.get("name", key)
    values = ", ".join(f'"{word}"' for word in parameter.get("values", ()))
    annotation = f"Literal[{values}]" if values else _TYPES.get(parameter.get("kind"), "str")
    required = parameter.get("required") or name in entry.get("needs", ())
    is_required = required and "default" not in parameter
    return name, f"Required[{annotation}]" if is_required else f"{annotation} | None"
