"""JSON that a reader of YAML takes as it is meant: the API server reads the body of server-side apply so."""

from __future__ import annotations

import json
import re
from typing import Any, Final

# YAML knows no \ud83d\ude00, by which JSON in ASCII writes one character. It takes these only when escaped:
# they are control characters, line ends of Unicode, and what marks the beginning of a text.
_ESCAPED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def json_as_yaml(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON can hold
    """A value as JSON in UTF-8."""
    text = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()
