"""A whole job: what is done, to which inputs, and where that goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from hounsfield.recipes.choice import Choice
from hounsfield.recipes.input_grouping import Grouping

if TYPE_CHECKING:
    from hounsfield.recipes.attributes import Attributes
    from hounsfield.recipes.conversion import Conversion
    from hounsfield.recipes.drawing import Drawing
    from hounsfield.recipes.explanation import Explanation
    from hounsfield.recipes.facts import Facts
    from hounsfield.recipes.listing import Listing
    from hounsfield.recipes.masking import Masking
    from hounsfield.recipes.measuring import Measuring
    from hounsfield.recipes.tabulation import Tabulation

    #: What a job may do.
    Recipe = Masking | Measuring | Drawing | Conversion | Facts | Attributes | Explanation | Listing | Tabulation

#: The output that is standard output.
STDOUT = "-"

#: A command loads its own recipe only.
R = TypeVar("R", bound="Recipe", covariant=True)


@dataclass(frozen=True)
class Job(Generic[R]):
    """A recipe with its inputs and outputs: as much as a command line says, or a program does.

    Parameters
    ----------
    recipe
        What is done.
    paths
        To what: files, folders, archives, patterns, ``-``.
    grouping
        Whether inputs are put together to volumes.
    output
        Where to: a folder, or a file. None is the current folder.
    to_file
        Whether that is a file; ``-`` is standard output then.
    force
        Replace outputs that exist.
    name, phi
        How the outputs of volumes are called, as `Volumes.stem` takes it.
    choice
        Which of the volumes and files that are found.
    """

    recipe: R
    paths: tuple[str, ...]
    grouping: Grouping = Grouping()
    output: str | None = None
    to_file: bool = False
    force: bool = False
    name: str | None = None
    phi: bool = True
    choice: Choice = Choice()

    @property
    def reads_volumes(self) -> bool:
        """True where inputs may be put together: not where a part of a file, or its header, is asked for."""
        return self.recipe.of_volumes
