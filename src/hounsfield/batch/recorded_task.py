"""An input that is done once, whoever is asked to do it, and however often."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hounsfield.batch.attempt import Outcome, Task, attempt
from hounsfield.batch.inputs import Input
from hounsfield.batch.records import Record, Records
from hounsfield.errors import OutputError

#: What a failure lies with that may be gone when the same job runs again.
PASSING = ("output", "dependency")


@dataclass(frozen=True)
class KeptInput:
    """An input within a job.

    Attributes
    ----------
    item
        The input.
    key, stamp
        As `input_keys` makes them.
    series
        Its series, as results tell it.
    part
        Which part of the results it is in.
    begun
        How often it was begun in earlier runs, and never ended.
    ends
        Marks of its first and its last slice.
    """

    item: Input
    key: str
    stamp: str
    series: str
    part: int
    begun: int = 0
    ends: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As messages call it."""
        return self.item.name

    @property
    def is_volume(self) -> bool:
        """True where it is a volume."""
        return self.item.is_volume

    @property
    def stays_here(self) -> bool:
        """True where no other process can read it."""
        return self.item.stays_here


@dataclass(frozen=True)
class RecordedTask:
    """Does an input, unless somebody has done so already, and writes down what became of it before anybody is told.

    Parameters
    ----------
    task
        What is done.
    folder
        Where records are, by part.
    token
        Of this run of the job: what it leaves half-written is known by that, in whichever process it was begun.
    """

    task: Task
    folder: str
    token: str

    def __call__(self, work: KeptInput) -> Outcome:
        """Do one input."""
        from hounsfield.outputs import writing_for

        records = Records(part_folder(self.folder, work.part))
        known = records.get(work.key)
        if known is not None and known.stamp == work.stamp and known.failure not in PASSING:
            return known.outcome
        try:
            with writing_for(self.token, records.begin(work.key)):
                outcome = attempt(self.task, work.item)
            known = records.get(work.key) if outcome.failure in PASSING else None
            if known is not None and known.stamp == work.stamp and known.failure not in PASSING:
                return known.outcome  # the worker of a run that was killed is late, and another one has done it
            records.end(record_of(work, outcome))
        except OutputError as error:
            return Outcome(work.name, error=str(error), failure="output", problem=error)
        return outcome


def part_folder(folder: str, part: int) -> str:
    """Return where the records of a part are."""
    return os.path.join(folder, f"{part:05}")


def record_of(work: KeptInput, outcome: Outcome) -> Record:
    """Return what is written down of an outcome."""
    return Record(
        work.key,
        work.stamp,
        work.series,
        outcome.source,
        work.item.is_volume,
        outcome.result,
        outcome.error,
        outcome.failure,
        outcome.error_type,
        outcome.assumptions,
        work.ends,
    )
