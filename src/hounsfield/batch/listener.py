"""Who is told how finding and reading inputs goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hounsfield.scanning.walking import Progress
    from hounsfield.series.report import FileOutcome
    from hounsfield.series.volumes import Volumes


class Listener:
    """Is told how finding and reading inputs goes on; this one does not listen. A command shows it."""

    def surveying(self) -> AbstractContextManager[Callable[[Progress], None] | None]:
        """Headers are read meanwhile; what this gives is told how many."""
        return nullcontext()

    def loading(self, name: str) -> AbstractContextManager[Callable[[int, int], None] | None]:
        """A volume is read meanwhile; what this gives is told how many of its slices, of how many."""
        return nullcontext()

    def surveyed(self, name: str, volumes: Volumes, others: Sequence[FileOutcome]) -> None:
        """Volumes were found in what is called so, and files that are no images."""
