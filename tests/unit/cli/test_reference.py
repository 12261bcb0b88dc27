"""The page about the command line is what the commands say of themselves."""

from __future__ import annotations

from modelmonitor.cli.exit_codes import ExitCode
from modelmonitor.cli.main import COMMANDS
from modelmonitor.cli.reference import PAGE, page


def test_the_page_in_the_docs_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_command_and_every_exit_code_is_on_the_page():
    text = page()

    assert [name for name in COMMANDS if f"## modelmonitor {name}" not in text] == []
    assert [code for code in ExitCode if f"\n| {code.value} | " not in text] == []
