"""Where inputs are done: the seam between a job and the processes that do it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from hounsfield.batch.attempt import Outcome

#: Below this many inputs, starting worker processes costs more than they save.
WORTH_WORKERS = 8

#: Is called for every input that has ended, from any thread: before its outcome is come to, or where it never is.
Ended = Callable[[], None]


class NamedInput(Protocol):
    """Something that is done: an input, or one with what is known of it."""

    @property
    def name(self) -> str:
        """As messages call it."""
        ...

    @property
    def is_volume(self) -> bool:
        """True where it is a volume."""
        ...

    @property
    def series(self) -> str:
        """Its series, as far as that is known before it is read."""
        ...

    @property
    def stays_here(self) -> bool:
        """True where no other process can read it."""
        ...


#: Does one of them, and never raises what lies with it.
Call = Callable[[Any], Outcome]


def unheard() -> None:
    """Take no notice of an input that has ended."""


class Engine(Protocol):
    """A place where inputs are done."""

    @property
    def workers(self) -> int:
        """The number of inputs that are done at a time."""
        ...

    def begin(self) -> None:
        """Begin what takes its time to begin, while nothing is known to do yet."""
        ...

    def outcomes(self, call: Call, items: Iterable[NamedInput], ended: Ended = unheard) -> Iterator[Outcome]:
        """Yield the outcome of each input, in their order, as soon as it is known.

        Whoever closes the iterator early ends what is begun; nothing further is begun.
        """
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class Here:
    """The process that runs the job, one input after another."""

    workers = 1

    def begin(self) -> None:
        """Begin nothing."""

    def outcomes(self, call: Call, items: Iterable[NamedInput], ended: Ended = unheard) -> Iterator[Outcome]:
        """Yield outcomes."""
        for item in items:
            outcome = call(item)
            ended()
            yield outcome

    def close(self) -> None:
        """Hold nothing."""


def set_aside(item: NamedInput) -> Outcome:
    """Return the outcome of an input whose worker ended, each time."""
    why = "the process that read it ended; the file may be malicious, or memory ran out"
    return Outcome(
        item.name, error=f"{item.name}: {why}", failure="input", is_volume=item.is_volume, series=item.series
    )


def processors() -> int:
    """Return how many processors this process may use."""
    known = getattr(os, "sched_getaffinity", None)
    return len(known(0)) if known is not None else os.cpu_count() or 1
