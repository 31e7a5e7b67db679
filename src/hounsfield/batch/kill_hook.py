"""A hook for tests of clusters and of job scripts: the process that is given a certain file ends, as by a crash."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hounsfield.batch.inputs import Input

#: Part of a file's name. Whatever process is given an input with such a file is killed, before anything is read.
VARIABLE = "HOUNSFIELD_TEST_KILL"


def end_if_told(item: Input) -> None:
    """End this process where the environment asks for it: in the place of a file that makes a decoder crash."""
    part = os.environ.get(VARIABLE)
    if not part:
        return
    files = (one.path for one in item.slices) if item.is_volume else (item.name,)
    if any(part in os.path.basename(file) for file in files):
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
