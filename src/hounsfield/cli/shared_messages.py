"""Messages that many files share: a person reads the first few, and how many more there are."""

from __future__ import annotations

from dataclasses import dataclass, field

from hounsfield.cli.terminal import on_terminal, say
from hounsfield.text import counted

#: Files of which the same is said one by one, before only their number is.
_FEW = 3


@dataclass
class SharedMessages:
    """Says what is to be known of files.

    A log has every file: only on a terminal are those with the same message counted from the fourth on.

    Parameters
    ----------
    every
        Name every file on a terminal, too.
    """

    every: bool
    _counts: dict[str, int] = field(default_factory=dict[str, int])

    def say(self, file: str, sentence: str) -> None:
        """Say a sentence that begins with the name of a file, or only count it."""
        message = sentence.removeprefix(f"{file}: ")
        self._counts[message] = self._counts.get(message, 0) + 1
        if self.every or self._counts[message] <= _FEW or not on_terminal():
            say(sentence)

    def close(self) -> None:
        """Say how many files were only counted, and why."""
        for message, count in self._counts.items():
            if not self.every and count > _FEW and on_terminal():
                say(f"{counted(count - _FEW, 'more file')}: {message}; -v names them")
        self._counts.clear()
