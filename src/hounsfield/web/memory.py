"""How much memory volumes may take: what the machine, and what confines this process, leave."""

from __future__ import annotations

from pathlib import Path

#: Volumes may take so many bytes on any machine; where more memory is free, this share of it.
LEAST, SHARE = 1024**3, 0.25
_MACHINE, _CONFINED = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


def most_bytes(machine: Path = _MACHINE, confined: Path = _CONFINED) -> int:
    """Return how many bytes of volumes are kept: 1 GiB at least, else a quarter of the memory that is available.

    Parameters
    ----------
    machine, confined
        Where Linux says how much that is; on other systems it is not asked.
    """
    known = [free for free in (_of_machine(machine), _of_group(confined)) if free is not None]
    return max(LEAST, int(min(known) * SHARE)) if known else LEAST


def _of_machine(file: Path) -> int | None:
    try:
        lines = file.read_text("ascii").splitlines()
        (line,) = [line for line in lines if line.startswith("MemAvailable:")]
        return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None


def _of_group(folder: Path) -> int | None:
    """Of a container: what it may take, less what it has taken."""
    try:
        most, taken = ((folder / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
        return max(int(most) - int(taken), 0)
    except (OSError, ValueError):  # there is no such group, or it may take all
        return None
