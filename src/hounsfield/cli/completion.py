"""`hu completion`: completion of commands and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_EPILOG = """\b
Examples:
  hu completion bash >> ~/.bashrc
  hu completion zsh >> ~/.zshrc
  hu completion fish > ~/.config/fish/completions/hu.fish
"""


@click.command("completion", epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the script that makes a shell complete commands and options of hu."""
    from hounsfield.cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    for name in ("hu", "hounsfield"):
        variable = f"_{name.upper()}_COMPLETE"
        click.echo(kind(cli, {}, name, variable).source())
    return 0
