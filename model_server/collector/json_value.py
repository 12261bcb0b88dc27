"""The type of what a JSON parser returns, before anybody has looked at it."""

from __future__ import annotations

from typing import Any, TypeAlias

# A recursive union would say no more: every use asks with isinstance what it holds.
Json: TypeAlias = Any
