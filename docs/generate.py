"""Write docs/command.md from the commands themselves: python docs/generate.py."""

from __future__ import annotations

from pathlib import Path

import click

from hounsfield.cli import COMMANDS, cli

PAGE = Path(__file__).with_name("command.md")


def page() -> str:
    """Return the page: the help of the command and of each subcommand."""
    context = click.Context(cli, info_name="hu", terminal_width=100, **cli.context_settings)
    parts = ["# Command", "", "`hu` is short for `hounsfield`; `python -m hounsfield` is the same.", ""]
    parts += ["```text", cli.get_help(context).rstrip(), "```", ""]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None, name
        inner = click.Context(command, parent=context, info_name=name, terminal_width=100)
        parts += [f"## hu {name}", "", "```text", command.get_help(inner).rstrip(), "```", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
