"""The facts of a file, as a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Facts:
    """The facts of a file: the arguments of `hounsfield.info`."""

    command: ClassVar[str] = "info"
    of_volumes: ClassVar[bool] = False

    strict: bool = False
    phi: bool = True
