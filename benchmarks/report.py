"""The tables in docs/benchmarks.md: each benchmark replaces its own section and touches nothing else."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_BEGIN: Final = "<!-- begin: {name} (generated; write notes outside of the markers) -->"
_END: Final = "<!-- end: {name} -->"


class SectionMissing(LookupError):
    """The page has no place for the benchmark; the message says which lines to add."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of results.

    Attributes:
        columns: the headings.
        rows: as many cells in each as there are columns.
        title: a line in bold above the table; "" for none.
        note: a paragraph below it; "" for none.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                msg = f"a row of {len(row)} cells does not fit {len(self.columns)} columns: {list(row)}"
                raise ValueError(msg)

    def markdown(self) -> str:
        """The table in Markdown."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        table = "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)
        return "\n\n".join(
            part for part in (f"**{self.title}**" * bool(self.title), table, self.note) if part
        )


def write_section(
    name: str, table: Table | Sequence[Table], *, command: str, machine: str, page: Path = PAGE
) -> None:
    """Replace the generated part of one benchmark's section; notes around the markers stay.

    Args:
        name: of the section: serving, log, collector, drift, operator, …
        table: the result, one table or several.
        command: what was run, so that a reader can run it again.
        machine: from `machine_description()`, with the versions that matter.
        page: the Markdown file.

    Raises:
        SectionMissing: the page has no markers of that name.
    """
    tables = [table] if isinstance(table, Table) else table
    head = f"Measured {datetime.now(UTC):%Y-%m-%d} with `{command}` on {machine}."
    body = "\n\n".join([head, *(each.markdown() for each in tables)])
    _replace(page, replace_section(page.read_text("utf-8"), name, body))


def replace_section(text: str, name: str, body: str) -> str:
    """The page's text with `body` between the markers of `name`.

    Raises:
        SectionMissing: a marker is absent, or they are in the wrong order.
    """
    begin, end = _BEGIN.format(name=name), _END.format(name=name)
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        msg = f"the page has no section {name}: add the lines '{begin}' and '{end}' under a heading"
        raise SectionMissing(msg)
    return f"{before}{begin}\n\n{body}\n\n{end}{after}"


def machine_description(*, versions: Sequence[str] = ()) -> str:
    """Processor, cores, memory and system in one line, then the given versions ("torch 2.8.0")."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = [
        f"{cores} cores of {_processor()}",
        f"{memory:.0f} GiB",
        f"Linux {platform.release()}",
        f"Python {platform.python_version()}",
        *versions,
    ]
    return ", ".join(parts)


def _processor() -> str:
    """Name, family and the vector instructions that decide how fast a matrix product is."""
    fields: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    flags = set(fields.get("flags", "").split())
    vectors = [
        flag for flag in ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16") if flag in flags
    ]
    name = fields.get("model name", platform.machine())
    family = f" family {fields['cpu family']}" if "cpu family" in fields else ""
    return f"{name}{family} ({' '.join(vectors)})" if vectors else f"{name}{family}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _replace(page: Path, text: str) -> None:
    """All of the new page or none of it: a benchmark that is interrupted here must not eat the notes."""
    descriptor, name = tempfile.mkstemp(dir=page.parent, prefix=f".{page.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(name).chmod(0o644)
    Path(name).replace(page)
