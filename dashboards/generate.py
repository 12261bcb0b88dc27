"""Writes the dashboards as JSON, for people and for the charts, or tells which files are out of date.

`python -m dashboards.generate` writes them, `--check` only compares and exits 1 on a difference.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from dashboards.catalogue import dashboards

ROOT: Final = Path(__file__).resolve().parents[1]
# Helm reads files below its chart only, so each chart that ships dashboards has a copy.
FOLDERS: Final = (
    "dashboards/json",
    "charts/modelmonitor/files/dashboards",
    "charts/monitoring-stack/files/dashboards",
)


def generated_files(root: Path) -> Mapping[Path, str]:
    """Every file below `root` with its right content."""
    texts = {f"{each.uid}.json": json.dumps(each.to_json(), indent=1) + "\n" for each in dashboards()}
    return {root / folder / name: text for folder in FOLDERS for name, text in texts.items()}


def main(arguments: Sequence[str]) -> int:
    """Write the files, or with --check compare them; the exit code."""
    owned = [path for folder in FOLDERS for path in (ROOT / folder).glob("*.json")]
    command = "-m dashboards.generate"
    return synchronise(generated_files(ROOT), owned=owned, command=command, check="--check" in arguments)


def synchronise(files: Mapping[Path, str], *, owned: Iterable[Path], command: str, check: bool) -> int:
    """Bring files to their right content, or tell which are not; the exit code.

    Args:
        files: every file and what must be in it.
        owned: files that are there; those that should not be are removed.
        command: what writes them, for the message.
        check: only compare.
    """
    stale = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    left = [path for path in owned if path not in files]
    for path in (*stale, *left):
        name = path.relative_to(ROOT)
        if check:
            sys.stderr.write(f"{name} is out of date; run python {command}\n")
        elif path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
        else:
            path.unlink()
            sys.stdout.write(f"removed {name}\n")
    return 1 if check and (stale or left) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
