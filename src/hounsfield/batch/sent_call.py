"""What does an input, as bytes that any process of the same installation can take."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hounsfield.batch.attempt import Outcome
from hounsfield.batch.engines import Call


@dataclass(frozen=True)
class Sent:
    """The call that does an input, as bytes: also a function of a script, a notebook, or within another function.

    Parameters
    ----------
    whole
        It, pickled.
    """

    whole: bytes

    @classmethod
    def of(cls, call: Call) -> Sent:
        """Return what does an input as bytes.

        Raises
        ------
        ValueError
            It holds something that no other process can be given, as an open file.
        """
        import cloudpickle

        try:
            return cls(cloudpickle.dumps(call))
        except Exception as error:
            why = f"it cannot be given to other processes: {type(error).__name__}: {error}"
            raise ValueError(why) from None

    def __call__(self, item: Any) -> Outcome:
        """Do one input."""
        return _received(self.whole)(item)


@lru_cache(maxsize=4)
def _received(whole: bytes) -> Call:
    return pickle.loads(whole)  # noqa: S301  from the process that began this one
