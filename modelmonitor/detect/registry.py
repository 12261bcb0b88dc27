"""A detector by name, as `spec.checks[].detector` writes it."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
from collections.abc import Collection, Mapping

from modelmonitor.detect.catalogue import ALIBI, ENTRIES, LICENCES, NATIVE, Detector, Entry
from modelmonitor.detect.missing import DetectionError

_MAY_BE_ZERO = frozenset({"components"})
_SMALLEST_COUNT = 2


class UnknownDetector(DetectionError):
    """No detector or backend has this name; the message names the nearest."""


class InvalidParameter(DetectionError):
    """A detector's `params` has an unknown name or a value that does not fit."""


def detector(name: str, *, backend: str = ALIBI, params: Mapping[str, str | int] | None = None) -> Detector:
    """The detector with this name.

    Args:
        name: such as "ks" or "mmd"; docs/reference/detectors.md lists all.
        backend: "alibi-detect" or "native". What alibi-detect lacks is our own under either.
        params: the detector's parameters; absent ones keep their defaults.

    Raises:
        UnknownDetector: no such name or backend.
        InvalidParameter: no such parameter, or a value that does not fit.
    """
    entry = _entry(name, backend)
    build = entry.load()
    known = inspect.signature(build).parameters
    values = {key: _value(entry, key, value, known=known) for key, value in (params or {}).items()}
    chosen: Detector = build(**values)
    return chosen


def is_installed(backend: str) -> bool:
    """Whether the package behind a backend can be imported here."""
    return backend == NATIVE or importlib.util.find_spec(backend.replace("-", "_")) is not None


def _entry(name: str, backend: str) -> Entry:
    if backend not in LICENCES:
        msg = f"{backend} is not a backend: {_hint(backend, LICENCES)}"
        raise UnknownDetector(msg)
    found = {
        entry.name: entry for wanted in (NATIVE, backend) for entry in ENTRIES if entry.backend == wanted
    }
    if name not in found:
        msg = f"{name} is not a detector: {_hint(name, found)}"
        raise UnknownDetector(msg)
    return found[name]


def _value(entry: Entry, name: str, value: str | int, *, known: Collection[str]) -> str | int:
    if name not in known:
        msg = f"{name} is not a parameter of detector {entry.name}: {_hint(name, known)}"
        raise InvalidParameter(msg)
    if name not in entry.choices:
        return _count(name, value)
    if str(value) not in entry.choices[name]:
        msg = f"{name} is {value}, it must be one of {', '.join(entry.choices[name])}"
        raise InvalidParameter(msg)
    return str(value)


def _count(name: str, value: str | int) -> int:
    least = 0 if name in _MAY_BE_ZERO else _SMALLEST_COUNT
    try:
        number = int(value)
    except ValueError:
        number = least - 1
    if number < least:
        msg = f"{name} is {value}, it must be a whole number of at least {least}"
        raise InvalidParameter(msg)
    return number


def _hint(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if nearest:
        return f"did you mean {nearest[0]}?"
    return f"choose one of {', '.join(sorted(known))}" if known else "it has none"
