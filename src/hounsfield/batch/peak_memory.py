"""The memory of this process, and the most that it took since somebody asked last: where the system tells, on Linux."""

from __future__ import annotations

from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident_bytes() -> int | None:
    """Return how much memory this process has now; None where the system does not tell."""
    return _of("VmRSS:")


def peak_bytes() -> int | None:
    """Return the most that it had since `forget_peak`."""
    return _of("VmHWM:")


def forget_peak() -> bool:
    """Let the peak begin anew; return whether that was possible."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


def _of(name: str) -> int | None:
    try:
        lines = _STATUS.read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), None)
