"""The command page says what the commands say."""

from __future__ import annotations

from pathlib import Path

from syncbench.cli.reference import commands_page

PAGE = Path(__file__).parents[3] / "docs" / "commands.md"


def test_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text() == commands_page(), "run: python -m syncbench.cli.reference > docs/commands.md"


def test_every_command_and_option_explains_itself() -> None:
    for line in commands_page().splitlines():
        if line.startswith("- "):
            assert line.partition(": ")[2], f"no help: {line}"
