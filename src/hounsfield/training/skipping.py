"""What could not be read, in the place of an item, and batches that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hounsfield.errors import needed_for


@dataclass(frozen=True)
class Skipped:
    """An item that could not be read, and why.

    Attributes
    ----------
    source
        The volume or the file.
    why
        The reason, in a sentence that names the file.
    """

    source: str
    why: str


def collate(items: Sequence[Any]) -> dict[str, Any]:
    """Make a batch, as PyTorch does, of the items that could be read; of the others it says why.

    For data sets with ``on_error="skip"``: ``DataLoader(dataset, collate_fn=collate)``.

    Parameters
    ----------
    items
        Items of a data set: dictionaries, and `Skipped`.

    Returns
    -------
    dict
        What `torch.utils.data.default_collate` makes of the items, and ``"skipped"``: a list of `Skipped`, in most
        batches empty. A batch may be smaller than others, and one of which nothing could be read holds ``"skipped"``
        only.

    Raises
    ------
    MissingDependencyError
        PyTorch is not installed.
    """
    with needed_for("batches of a data set", "torch"):
        default_collate: Any = import_module("torch.utils.data").default_collate
    skipped = [item for item in items if isinstance(item, Skipped)]
    read = [item for item in items if not isinstance(item, Skipped)]
    return {**(default_collate(read) if read else {}), "skipped": skipped}
