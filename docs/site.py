"""What mkdocs asks for when it builds the site: navigation by folder, and links that leave docs/.

A page that is added to a folder is in the navigation. Links to source files, which no site has, become their
path in the repository; one that leads nowhere fails the build like any other broken link.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

SECTIONS: Final = (
    ("Tutorial", "tutorial"),
    ("How to", "how-to"),
    ("Reference", "reference"),
    ("Explanation", "explanation"),
    ("Runbooks", "runbooks"),
    ("Decisions", "adr"),
)
ABOUT: Final = ("from-the-guide.md", "architecture.md", "benchmarks.md", "critiques.md")
_FIRST: Final = ("README.md", "index.md", "laptop.md", "install.md")
_LINK: Final = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>\.\.?/[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
_log: Final = logging.getLogger("mkdocs.hooks.site")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the navigation of what is in the folders."""
    docs = Path(config.docs_dir)
    sections: list[Any] = [{title: _pages(docs, folder)} for title, folder in SECTIONS]
    about = [name for name in ABOUT if (docs / name).exists()]
    config.nav = [{"Start": "index.md"}, *sections, {"About": about}]
    return config


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Replace links to files outside of docs/ by their path in the repository."""
    docs = Path(config.docs_dir)
    here = (docs / page.file.src_uri).parent

    def replaced(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(here / link["target"]))
        if target.is_relative_to(docs):
            return link[0]
        if not target.exists():
            _log.warning("%s links to %s, which is not there", page.file.src_uri, link["target"])
        path = target.relative_to(docs.parent).as_posix()
        return f"`{path}`" if link["text"].endswith(path) else f"{link['text']} (`{path}`)"

    return _LINK.sub(replaced, markdown)


def _pages(docs: Path, folder: str) -> list[str]:
    found = sorted((docs / folder).glob("*.md"), key=lambda path: (_rank(path.name), path.name))
    return [path.relative_to(docs).as_posix() for path in found]


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)
