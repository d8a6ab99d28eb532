"""Plain data as JSON text that a terminal can be shown."""

import json
import re

# JSON escapes only what is below U+0020; terminals obey U+0080 to U+009F too, and lone surrogates cannot be encoded.
_UNSAFE = re.compile("[\x7f-\x9f\ud800-\udfff]")


def json_text(data: object) -> str:
    """Return data as indented JSON, Korean text as it is."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
