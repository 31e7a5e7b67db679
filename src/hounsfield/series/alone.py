"""One volume of many by itself: all that reading it takes, and nothing of the others."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from hounsfield.series.parting import stacks_of
from hounsfield.series.report import Report
from hounsfield.series.rows import Indices
from hounsfield.series.survey import Survey


class Parts:
    """The volumes of a survey, each by itself; what belongs to which is looked for once, for all of them.

    Parameters
    ----------
    surveyed
        The survey.
    """

    def __init__(self, surveyed: Survey) -> None:
        self._survey = surveyed

    @cached_property
    def stacks(self) -> set[int]:
        """The numbers of the volumes that are stacks, as `stacks_of` finds them."""
        return stacks_of(self._survey.facts, self._survey.report) | self._survey.stack_numbers

    @cached_property
    def of_standard_input(self) -> frozenset[int]:
        """The indices of files that came in by standard input."""
        entries = self._survey.instances.entries
        return frozenset(index for index, entry in enumerate(entries) if entry.is_of_standard_input)

    def files_of(self, place: int) -> Indices:
        """Return the indices of the files of a volume, and of those that are copies of them; ascending."""
        instances = self._survey.instances
        own = np.unique(instances.rows.file[self._survey.stacks[place].members]).tolist()
        copies = [copy for file in own for copy in self._copies.get(instances.entries[file].name, ())]
        return np.array(sorted({*own, *copies}), np.int64)

    def alone(self, place: int) -> Survey:
        """Return one volume as a survey: its slices, their files, and what the report says of these.

        Parameters
        ----------
        place
            Index into the stacks. What is known of the volume stays as it is, with its number.
        """
        whole, files = self._survey, self.files_of(place)
        made, facts = whole.stacks[place], whole.facts[place]
        outcomes = tuple(whole.report.files[file] for file in files.tolist())
        gaps = tuple(whole.report.missing[gap] for gap in self._gaps.get(facts.index, ()))
        told = sorted({index for outcome in outcomes for index in self._conflicts.get(outcome.path, ())})
        numbers = {number for outcome in outcomes for number in outcome.volumes}
        return Survey(
            whole.instances.part(files, made.members),
            [replace(made, members=np.arange(len(made.members), dtype=np.int64))],
            Report(outcomes, gaps, tuple(whole.report.conflicts[index] for index in told)),
            (facts,),
            frozenset(self.stacks & {facts.index, *numbers}),
        )

    @cached_property
    def _copies(self) -> dict[str, list[int]]:
        """The files that are copies of one, by its path."""
        found: dict[str, list[int]] = {}
        for index, file in enumerate(self._survey.report.files):
            if file.copy_of:
                found.setdefault(file.copy_of, []).append(index)
        return found

    @cached_property
    def _gaps(self) -> dict[int, list[int]]:
        """The gaps beside a volume, by its number."""
        found: dict[int, list[int]] = {}
        for index, gap in enumerate(self._survey.report.missing):
            for number in dict.fromkeys(gap.volumes):
                found.setdefault(number, []).append(index)
        return found

    @cached_property
    def _conflicts(self) -> dict[str, list[int]]:
        """The conflicts that a file is in, by its path."""
        found: dict[str, list[int]] = {}
        for index, conflict in enumerate(self._survey.report.conflicts):
            for path in dict.fromkeys(conflict.paths):
                found.setdefault(path, []).append(index)
        return found
