"""Which columns of headers make a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Tabulation:
    """The headers of many files as a table: the arguments of `hounsfield.scan`."""

    command: ClassVar[str] = "scan"
    of_volumes: ClassVar[bool] = False

    columns: tuple[str, ...] | None = None
    phi: bool = True
    threads: int | None = None
