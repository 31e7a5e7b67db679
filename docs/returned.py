"""Show mkdocstrings the classes that have no name in ``hu``, but that functions of ``hu`` return.

The pages of the reference call them ``hounsfield.Overlay`` and so on, so that no page names the module of a class.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import griffe


class Returned(griffe.Extension):
    """Add these classes to the package as griffe has loaded it."""

    def on_package(self, *, pkg: griffe.Module, loader: griffe.GriffeLoader, **kwargs: Any) -> None:
        """Add an alias for each class."""
        if pkg.path == "hounsfield":
            generate = runpy.run_path(str(Path(__file__).with_name("generate.py")))
            for name, one in generate["returned_classes"]().items():
                pkg.set_member(name, griffe.Alias(name, f"{one.__module__}.{one.__qualname__}"))
