"""Shards: the parts into which a job is divided, all inputs of a series in the same one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

#: Inputs of a part of the results: as many as one Parquet file may hold with ease.
_IN_PART = 4096
#: Members of a job array, at most.
_MOST = 1_000_000


@dataclass(frozen=True)
class JobShard:
    """The share of one member in a job that several do: of a job array, of machines without a common scheduler.

    Parameters
    ----------
    number
        Which member, counted from 1.
    of
        How many there are.

    Raises
    ------
    ValueError
        There is no such member.

    Examples
    --------
    >>> JobShard.parse("2/4")
    JobShard(number=2, of=4)
    >>> [part for part in range(8) if JobShard(2, 4).has(part)]
    [1, 5]
    """

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of <= _MOST:
            raise ValueError(f"there is no shard {self.number}/{self.of}: they are counted from 1, as in 1/4 ... 4/4")

    @classmethod
    def parse(cls, text: str) -> JobShard:
        """Return the shard that a text names, such as ``3/100``.

        Raises
        ------
        ValueError
            It names none.
        """
        found = re.fullmatch(r"([0-9]{1,7})/([0-9]{1,7})", text, re.ASCII)
        if found is None:
            raise ValueError(f"{text!r} is no shard: K/N is expected, as in 1/4 ... 4/4")
        return cls(int(found[1]), int(found[2]))

    def has(self, part: int) -> bool:
        """Return whether a part of the results is this member's to do."""
        return part % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


#: The share of whoever does all of a job.
WHOLE = JobShard()


def shard_of(key: str, count: int) -> int:
    """Return which of `count` shards, or parts, a series is in: the same on every machine.

    Parameters
    ----------
    key
        What all inputs of the series have in common.
    count
        How many there are.

    Examples
    --------
    >>> [shard_of(uid, 4) for uid in ("1.2.3", "1.2.4", "1.2.5")]
    [3, 0, 1]
    """
    digest = hashlib.md5(key.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big") % count


def parts_for(inputs: int, shard: JobShard) -> int:
    """Return into how many parts the results of a job are divided: as many for each member.

    Parameters
    ----------
    inputs
        How many inputs, or series, it has.
    shard
        A member's share.
    """
    each = max(1, -(-inputs // (_IN_PART * shard.of)))
    return each * shard.of
