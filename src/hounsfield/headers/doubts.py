"""What had to be assumed to read the values of a header: collected while they are asked for."""

from __future__ import annotations

import threading
from typing import Any

from hounsfield.errors import InvalidAttributeError
from hounsfield.header import values_in
from hounsfield.headers.privacy import keyword_identifies
from hounsfield.steps import Step

_NAME = "vr"
_VR_REFERENCE = "PS3.5 6.2"
_TEXT_REFERENCE = "PS3.3 C.12.1.1.2"
#: Of longer lists the count is given.
_SHOWN = 6


class Doubts:
    """Doubtful values of a header and of the items in its sequences.

    A sentence names the attribute, its VR, and numbers where they tell nothing of the patient; text never.
    """

    def __init__(self) -> None:
        self._reread: dict[str, tuple[str, str]] = {}
        self._texts: dict[str, dict[str, None]] = {}
        self._lost_sequences: dict[str, None] = {}
        self._lock = threading.Lock()

    def reread(self, keyword: str, found: str, expected: str, value: Any) -> None:
        """Note that a value was read by the dictionary's VR: it has another one, or is not written as that."""
        what = f"{keyword} has VR {found}" if found != expected else f"{keyword} is not written as {expected}"
        meaning = _meaning(value, expected, hidden=keyword_identifies(keyword, expected))
        with self._lock:
            before = self._reread.get(keyword)
            if before and before != (what, meaning):  # items of several frames
                meaning = f"as {expected}" if "number" not in meaning else "as numbers"
            self._reread[keyword] = (what, meaning)

    def unreadable(self, keyword: str, expected: str) -> None:
        """Note that a value cannot be read at all."""
        with self._lock:
            self._reread[keyword] = (f"{keyword} cannot be read as {expected}", "")
            if expected == "SQ":
                self._lost_sequences[keyword] = None

    def text(self, keyword: str, sentence: str) -> None:
        """Note that the text of an attribute is not in the character set that the file declares."""
        with self._lock:
            self._texts.setdefault(sentence, {})[keyword or "a private attribute"] = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The doubts as assumed steps, each attribute once."""
        if not self._reread and not self._texts:
            return ()
        with self._lock:
            reread = [f"{what}; {f'read {how}' if how else 'not used'}" for what, how in self._reread.values()]
            texts = [f"{_list(list(names))}: {sentence}" for sentence, names in self._texts.items()]
        steps = [Step(_NAME, detail, "assumed", _VR_REFERENCE) for detail in reread]
        return (*steps, *(Step("character set", detail, "assumed", _TEXT_REFERENCE) for detail in texts))

    def refuse_lost_sequences(self, name: str) -> None:
        """Refuse a file of which a sequence that was asked for cannot be read: what it says cannot be known.

        Raises
        ------
        InvalidAttributeError
            Naming the sequence.
        """
        for keyword in self._lost_sequences:
            raise InvalidAttributeError(f"{keyword} cannot be read as a sequence", source=name, attribute=keyword)


def _list(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _meaning(value: Any, expected: str, *, hidden: bool) -> str:
    """Return in words how a value was read; its numbers where they may be shown."""
    if expected == "SQ":
        return "as a sequence"
    values = values_in(value)
    if not all(isinstance(v, (int, float)) for v in values):
        return f"as {expected}"
    if hidden or len(values) > _SHOWN:
        return "as a number" if len(values) == 1 else f"as {len(values)} numbers"
    numbers = ", ".join(f"{v:.10g}" if isinstance(v, float) else str(v)[:_LONGEST] for v in values)
    return f"as the number {numbers}" if len(values) == 1 else f"as the numbers {numbers}"


_LONGEST = 20
