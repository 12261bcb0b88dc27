"""The segment header is read strictly: it becomes columns of every row."""

from __future__ import annotations

import pytest

from model_server.errors import InvalidRequest
from model_server.segment import parse_segment


@pytest.mark.parametrize(
    ("header", "segment"),
    [
        (None, {}),
        ("", {}),
        ("   ", {}),
        ("language=en", {"language": "en"}),
        (" language = en , channel=mobile app", {"language": "en", "channel": "mobile app"}),
        ("formula=a=b", {"formula": "a=b"}),
    ],
)
def test_pairs_are_read(header: str | None, segment: dict[str, str]) -> None:
    assert dict(parse_segment(header)) == segment


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("language", "must be pairs"),
        ("=en", "must be pairs"),
        ("1st=en", "must be pairs"),
        ("language=en,,channel=app", "must be pairs"),
        ("language=", "printable value"),
        ("language=a\x01b", "printable value"),
        (f"language={'e' * 65}", "printable value"),
        ("language=en,language=de", "gives language twice"),
        (",".join(f"k{i}=v" for i in range(9)), "has 9 pairs and 8 are allowed"),
    ],
)
def test_anything_else_is_refused_with_the_reason(header: str, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        parse_segment(header)
