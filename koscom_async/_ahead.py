"""What libraries would import in the middle of the first call, imported before it: no request waits for an import.

Owns the list. A name that a library no longer has is left out: then it is imported when it is needed, as before.
"""

from contextlib import suppress
from importlib import import_module

AHEAD = (
    "stdnum.isin",  # our merge asks it at the first code; it brings pydoc along, and holds the loop for 20 ms
    "encodings.idna",  # the first host name to be looked up
)

for _name in AHEAD:
    with suppress(ImportError):
        import_module(_name)
