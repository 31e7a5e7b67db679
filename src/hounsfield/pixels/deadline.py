"""Decoders that may not come back.

Compiled code cannot be interrupted. CharLS 2 counts a number of bits that damage has made gigantic down to zero (its
pull request 334, mended in version 3): a frame of 500 bytes takes a minute. So it works in a thread that can be left behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

#: Seconds for a frame, and more for each of its values: hundreds of times what decoders need.
_SECONDS, _SECONDS_A_VALUE = 2.0, 1e-6
#: Waiting in slices: of the time in which the whole process is stopped, one slice counts at most.
_SLICE = 0.1


def decode_in_time(decode: Callable[[], NDArray[Any]], values: int) -> NDArray[Any]:
    """Return what `decode` gives for a frame of so many values; raise what it raises.

    Raises
    ------
    TimeoutError
        It does not come back.
    """
    done = threading.Event()
    results: list[NDArray[Any]] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(decode())
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    # A daemon: the end of the program does not wait for it.
    threading.Thread(target=run, name="decoder", daemon=True).start()
    slices = round((_SECONDS + values * _SECONDS_A_VALUE) / _SLICE)
    if not any(done.wait(_SLICE) for _ in range(slices)):
        raise TimeoutError("does not come to an end: the codestream is damaged")
    if errors:
        raise errors[0]
    return results[0]
