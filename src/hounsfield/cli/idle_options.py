"""Options that would do nothing: to accept them would be to promise what is not done."""

from __future__ import annotations

import click
from click.core import ParameterSource

#: Options of figures, by their parameters.
OF_FIGURES = {
    "title": "--title",
    "dpi": "--dpi",
    "language": "--language",
    "outline": "--outline",
    "window": "--window",
    "figure_format": "--figure-format",
}
#: Options that shape a mask; a tissue also chooses the window of a figure.
OF_MASKS = {
    "above": "--above",
    "below": "--below",
    "method": "--method",
    "fill": "--fill",
    "fill_3d": "--fill-3d",
    "opening": "--opening",
    "largest": "--largest",
    "min_mm2": "--min-mm2",
    "min_ml": "--min-ml",
}


def refuse_idle(options: dict[str, str], why: str) -> None:
    """Refuse options that were given on the command line, and do nothing there.

    Parameters
    ----------
    options
        Their names, by their parameters.
    why
        What is missing.

    Raises
    ------
    click.UsageError
        Naming the first.
    """
    context = click.get_current_context(silent=True)
    if context is None:  # a recipe that is parsed back
        return
    for parameter, name in options.items():
        if context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{name} does nothing here: {why}")
