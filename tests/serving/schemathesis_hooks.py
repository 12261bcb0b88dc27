"""What no schema can say of a request, told to schemathesis."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give each tensor that is otherwise well-formed the shape of its data."""
    if isinstance(case.body, dict) and isinstance(case.body.get("inputs"), list):
        for tensor in case.body["inputs"]:
            if (
                isinstance(tensor, dict)
                and _plausible(tensor.get("shape"))
                and isinstance(tensor.get("data"), list)
            ):
                tensor["shape"] = [len(tensor["data"])]


def _plausible(shape: object) -> bool:
    return isinstance(shape, list) and all(
        not isinstance(size, bool)
        and isinstance(size, (int, float))
        and size >= 1
        and float(size).is_integer()
        for size in shape
    )


@schemathesis.hook
def filter_headers(context: Any, headers: Any) -> bool:
    """Leave out empty segment headers: in this style {} is written so, whatever else became of nothing."""
    return not (isinstance(headers, dict) and headers.get("x-modelmonitor-segment") in ("", {}))
