"""Inputs whose results are kept, in one stream over all parts of them: workers do not wait where a part ends."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hounsfield.batch.attempt import Outcome
    from hounsfield.batch.inputs import Inputs
    from hounsfield.batch.recorded_task import KeptInput
    from hounsfield.batch.result_folder import ResultFolder

#: So often an input was begun, in runs that never ended it, before it is done alone.
_SUSPECT = 2


class KeptStream:
    """Inputs of a member's share that are left to do; the table of a part is written when nothing of it is left.

    Parameters
    ----------
    results
        Where results are kept.
    parts
        Inputs, with the part that they are in; part by part, each in one or more pieces.
    """

    def __init__(self, results: ResultFolder, parts: Iterable[tuple[int, Inputs]]) -> None:
        self._results, self._parts = results, parts
        self._handed: deque[KeptInput] = deque()
        self._suspects: list[KeptInput] = []
        self._left: Counter[int] = Counter()
        self._passed: deque[int] = deque()

    def groups(self) -> Generator[Iterable[KeptInput]]:
        """Yield inputs that may be done at the same time.

        What was begun in several runs that were killed may be what killed them: alone it takes no other one with it,
        which would be blamed, too.
        """
        yield self._unsuspected()
        for work in self._suspects:
            self._handed.append(work)
            yield [work]

    def _unsuspected(self) -> Generator[KeptInput]:
        last: int | None = None
        for part, some in self._parts:
            if last not in (None, part):
                self._pass(last)
            last = part
            for work in self._results.to_do(part, some.items):
                self._left[part] += 1
                if work.begun >= _SUSPECT:
                    self._suspects.append(work)
                    continue
                self._handed.append(work)
                yield work
        if last is not None:
            self._pass(last)

    def done(self, outcome: Outcome) -> None:
        """Take an outcome; they come in the order in which inputs were handed out."""
        work = self._handed.popleft()
        self._results.note(work, outcome)
        self._left[work.part] -= 1
        self._write()

    def _pass(self, part: int) -> None:
        """Note that no further input of a part comes."""
        self._passed.append(part)
        self._write()

    def _write(self) -> None:
        while self._passed and not self._left[self._passed[0]]:
            part = self._passed.popleft()
            del self._left[part]
            self._results.write(part)
