"""What the page can show in a notebook has `view`; the page is looked up by name: its room is above all others."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hounsfield.errors import needed_for


class Viewable:
    """Has a view in notebooks."""

    def view(self, *, no_phi: bool = False, height: int = 600) -> Any:
        """Return the page of `hu view` as a widget, for a notebook: in Jupyter, or in VS Code.

        The page shows what is in memory, which is not copied; of several volumes each is read when it is looked at.
        There is no server and no port. Masks and measures that are made on the page are Python objects: ``view.masks``
        has masks by their names, on the grid of what is shown; ``view.measures`` is a list. Where no widget can run, a
        picture is shown.

        Parameters
        ----------
        no_phi
            Hide the patient: nothing that may identify somebody is sent to the page.
        height
            Pixels that the page is high: 200 to 4000.

        Returns
        -------
        NotebookView
            The widget. ``close()`` ends it, and lets go what it shows.

        Raises
        ------
        MissingDependencyError
            The extra ``notebook`` is not installed.
        ValueError
            The height is another one.
        """
        with needed_for("showing images in a notebook", "notebook"):
            page = import_module("hounsfield.web.notebook_view")
        return page.NotebookView(self, no_phi=no_phi, height=height)
