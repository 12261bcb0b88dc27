"""Text in a status: bounded, so that the API server can tell what a status costs at most."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Word = Annotated[str, Field(max_length=256)]
Sentence = Annotated[str, Field(max_length=4096)]
Number = Annotated[str, Field(max_length=32, pattern=r"^-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?$")]
