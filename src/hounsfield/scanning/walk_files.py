"""Opens, reads and walks many files, one after another, outside the interpreter."""

from __future__ import annotations

import ctypes
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numba import types

from hounsfield.limits import Limits
from hounsfield.scanning.beginning import begin
from hounsfield.scanning.columns import Plan
from hounsfield.scanning.compiled import compiled, inlined
from hounsfield.scanning.element import KEPT, NEEDED, PIXEL_LENGTH, PIXELS, POSITION, STATES, Work, zero
from hounsfield.scanning.found import (
    CHANGED,
    DEFLATED,
    DONE,
    ENCODING,
    ENDED,
    EXPLICIT_LITTLE,
    FACTS,
    FULL,
    MORE,
    PIECE,
    PIXELS_AT,
    PIXELS_LENGTH,
    PREAMBLE,
    SIZE,
    STATUS,
    UNSURE,
    Bytes,
    Found,
    Ints,
)
from hounsfield.scanning.stopwatch import Stopwatch
from hounsfield.scanning.walker import LEVEL_STATES, begin_dataset, walk

# ruff: noqa: SIM109  compiled code knows no `in`

#: The deflated dataset of a file, which has to be inflated first; and where the pixel data is then: not in the file.
INFLATE, INFLATED = 4, -2

_MORE_AT_ONCE = 2**13
#: A deflated dataset is inflated in such pieces; larger ones than the second are pydicom's.
_INFLATED_AT_ONCE, _INFLATED = 2**20, 2**24
#: Bytes of values for each file and column; a file of longer ones has room of its own.
_ROOM = 24

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
#: Whether files can be opened without the interpreter: by the C library of Linux.
NATIVE = (sys.byteorder, sys.maxsize) == ("little", 2**63 - 1) and all(
    hasattr(_LIBC, name) for name in ("open", "pread", "close", "statx", "clock_gettime", "getrusage")
)
_O_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_AT_EMPTY_PATH, _STATX_TYPE_SIZE_MTIME = 0x1000, 0x1 | 0x200 | 0x40
_IFMT, _IFREG = 0o170000, 0o100000
#: Time that passes, and time of the processor in this thread; this thread's use of resources, and where among the
#: 64 bit words of that stands how often it gave up the processor of itself.
_CLOCKS = (1, 3)
_RUSAGE_THREAD, _SWITCHES = 1, 16

if NATIVE:
    _open = types.ExternalFunction("open", types.int32(types.voidptr, types.int32))
    _pread = types.ExternalFunction("pread", types.intp(types.int32, types.voidptr, types.uintp, types.int64))
    _clock = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.voidptr))
    _usage = types.ExternalFunction("getrusage", types.int32(types.int32, types.voidptr))
    _close = types.ExternalFunction("close", types.int32(types.int32))
    _statx = types.ExternalFunction(
        "statx", types.int32(types.int32, types.voidptr, types.int32, types.uint32, types.voidptr)
    )


def find_in_files(
    paths: Sequence[str], plan: Plan, limits: Limits, first: int, stop: Bytes, *, native: bool = NATIVE
) -> Found:
    """Look for the attributes of a plan in files.

    Parameters
    ----------
    paths
        The files.
    plan
        What is wanted.
    limits
        Levels of nested sequences that are followed, and bytes that a deflated dataset may have.
    first
        Bytes that are read of each file at first.
    stop
        Ends the work before the next file where its one value is no longer 0.
    native
        Open and read without the interpreter: other threads run meanwhile.
    """
    work = new_work(len(paths), plan, limits)
    facts, places, values = work.facts, work.places, work.values
    piece, first = np.empty(PIECE, np.uint8), min(first, PIECE)
    if native:
        names = np.frombuffer("\0".join([*paths, ""]).encode("utf-8", "surrogateescape"), np.uint8)
        starts = np.concatenate([np.zeros(1, np.int64), np.flatnonzero(names == 0)[:-1] + 1])
        times = np.zeros(3, np.int64)
        done = _timed(names, starts, np.zeros(32, np.int64), times, piece, first, work, stop)
        seconds, busy, blocked = times[0] / 1e9, times[1] / 1e9, int(times[2])
    else:
        watch = Stopwatch()
        done = _by_interpreter(watch.over(paths), piece, first, work, stop)
        seconds, busy, blocked = watch.stop()
    facts, places = facts[:done], places[:done]
    for row in np.flatnonzero(facts[:, STATUS] == INFLATE).tolist():
        data = inflated(paths[row], int(facts[row, ENDED]), limits.inflated_bytes)
        facts[row, STATUS] = UNSURE
        if data:
            walk_inflated(np.frombuffer(bytearray(data), np.uint8), row, work)
    places[facts[:, STATUS] != DONE, :, 1] = -1
    return Found(done, facts, places, values, seconds, busy, blocked, compiled=True)


def new_work(count: int, plan: Plan, limits: Limits) -> Work:
    """Return what a walk through so many files works with."""
    width = len(plan.columns)
    facts, places = np.zeros((count, FACTS), np.int64), np.empty((count, width, 3), np.int64)
    values = np.empty(max(count * width * _ROOM, 2 * PIECE), np.uint8)
    levels = np.zeros((2 * limits.sequence_depth + 1, LEVEL_STATES), np.int64)
    return Work(np.zeros(STATES, np.int64), levels, plan.nodes, plan.entries, facts, places, values)


def inflated(path: str, start: int, most: int) -> bytes:
    """Return a deflated dataset inflated; nothing where it is damaged, or larger than it may be."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    parts, total = list[bytes](), 0
    try:
        with open(path, "rb") as file:
            file.seek(start)
            while not inflater.eof and (pending := file.read(_INFLATED_AT_ONCE)):
                while pending and not inflater.eof:
                    parts.append(inflater.decompress(pending, _INFLATED_AT_ONCE))
                    total += len(parts[-1])
                    pending = inflater.unconsumed_tail
                    if total > min(most, _INFLATED):
                        return b""
    except (OSError, zlib.error):
        return b""
    return b"".join(parts) if inflater.eof else b""


def _by_interpreter(paths: Iterable[str], piece: Bytes, first: int, work: Work, stop: Bytes) -> int:
    """As `_natively`, by Python's own calls."""
    state, facts = work.state, work.facts
    for row, path in enumerate(paths):
        if stop[0]:
            return row
        facts[row, STATUS], kept = UNSURE, int(state[KEPT])
        try:
            file = os.open(path, os.O_RDONLY | _O_FLAGS | getattr(os, "O_BINARY", 0))
        except (OSError, ValueError):
            continue
        try:
            info = os.fstat(file)
            facts[row, SIZE], facts[row, CHANGED] = info.st_size, info.st_mtime_ns
            if not stat.S_ISREG(info.st_mode):
                continue
            filled, ask = _read_at(file, piece, first, 0), _MORE_AT_ONCE
            status = _walk_first(piece, filled, info.st_size, row, work) if filled else UNSURE
            while status == MORE:
                base = int(state[POSITION])
                ask = min(max(ask, int(state[NEEDED])), PIECE)
                filled = _read_at(file, piece, ask, base)
                status = UNSURE
                if filled >= state[NEEDED]:
                    status = walk(piece, base, filled, info.st_size, row, work)
                status = _judge(status, kept, row, work)
                ask *= 2
        except OSError:
            facts[row, STATUS], state[KEPT] = UNSURE, kept
            continue
        finally:
            os.close(file)
        if status == FULL:
            return row
    return len(facts)


def _read_at(file: int, piece: Bytes, count: int, offset: int) -> int:
    os.lseek(file, offset, os.SEEK_SET)
    part = os.read(file, count)
    piece[: len(part)] = np.frombuffer(part, np.uint8)
    return len(part)


@compiled
def _walk_first(piece: Bytes, filled: int, size: int, row: int, work: Work) -> int:
    """Walk the first piece of a file."""
    state, facts, places = work.state, work.facts, work.places
    kept = state[KEPT]
    for column in range(places.shape[1]):
        places[row, column, 1] = -1
    state[POSITION] = 0
    status, encoding = begin(piece, filled, size, row, work)
    facts[row, SIZE], facts[row, ENCODING] = size, encoding
    facts[row, PREAMBLE] = state[POSITION] > 0
    if status == DONE and encoding == DEFLATED:
        status = INFLATE
        facts[row, ENDED] = state[POSITION]
    elif status == DONE:
        status = walk(piece, zero(), filled, size, row, work)
    return _judge(status, kept, row, work)


@compiled
def _judge(status: int, kept: int, row: int, work: Work) -> int:
    """Note how the walk of a file stands."""
    state, facts = work.state, work.facts
    if status == MORE and state[NEEDED] > PIECE:
        status = UNSURE
    if status == FULL or status == UNSURE:
        if status == FULL and kept == 0:
            status = UNSURE  # not even alone
        state[KEPT] = kept
    facts[row, STATUS] = status
    if status == DONE:
        facts[row, PIXELS_AT], facts[row, PIXELS_LENGTH] = state[PIXELS], state[PIXEL_LENGTH]
        facts[row, ENDED] = state[POSITION]
    return status


@compiled
def walk_inflated(data: Bytes, row: int, work: Work) -> None:
    """Walk a dataset that was inflated; the attributes of its file meta information are kept already."""
    state = work.state
    kept = state[KEPT]
    state[PIXELS], state[PIXEL_LENGTH] = -1, 0
    begin_dataset(zero(), EXPLICIT_LITTLE, work)
    status = walk(data, zero(), len(data), len(data), row, work)
    if status != DONE:
        status = UNSURE
    if state[PIXELS] >= 0:
        state[PIXELS] = INFLATED
    _judge(status, kept, row, work)
    work.facts[row, ENDED] = 0  # of the file it says nothing


@compiled
def _timed(  # noqa: PLR0913  one more than is usual, where nobody calls it but one
    names: Bytes, starts: Ints, info: Ints, times: Ints, piece: Bytes, first: int, work: Work, stop: Bytes
) -> int:
    """Look into files; how long it takes is measured here, where no thread waits for the interpreter."""
    _measure(info, times, -1)
    done = _natively(names, starts, info, piece, first, work, stop)
    _measure(info, times, 1)
    return done


@inlined
def _measure(info: Ints, times: Ints, sign: int) -> None:
    """Add time that passed, time of the processor, and waits to `times`."""
    for clock in range(2):
        _clock(_CLOCKS[clock], info.ctypes)
        times[clock] += sign * (info[0] * 1_000_000_000 + info[1])
    _usage(_RUSAGE_THREAD, info.ctypes)
    times[2] += sign * info[_SWITCHES]


@compiled
def _natively(names: Bytes, starts: Ints, info: Ints, piece: Bytes, first: int, work: Work, stop: Bytes) -> int:
    """Look into files by calls of the C library; return how many were done."""
    state, facts = work.state, work.facts
    nothing = names[len(names) - 1 :]
    for row in range(len(starts)):
        if stop[0]:
            return row
        facts[row, STATUS] = UNSURE
        file = _open(names[starts[row] :].ctypes, _O_FLAGS)
        if file < 0:
            continue
        kept = state[KEPT]
        status = UNSURE
        if _statx(file, nothing.ctypes, _AT_EMPTY_PATH, _STATX_TYPE_SIZE_MTIME, info.ctypes) == 0:
            facts[row, SIZE], facts[row, CHANGED] = info[5], info[14] * 1_000_000_000 + (info[15] & 0xFFFFFFFF)
            if (info[3] >> 32) & _IFMT == _IFREG:
                size, base = info[5], 0
                filled = _pread(file, piece.ctypes, first, 0)
                if filled > 0:
                    status = _walk_first(piece, filled, size, row, work)
                ask = _MORE_AT_ONCE
                while status == MORE:
                    base = state[POSITION]
                    ask = min(max(ask, state[NEEDED]), PIECE)
                    filled = _pread(file, piece.ctypes, ask, base)
                    good = filled >= state[NEEDED]
                    status = walk(piece, base, filled, size, row, work) if good else UNSURE
                    status = _judge(status, kept, row, work)
                    ask *= 2
        _close(file)
        if status == FULL:
            return row
    return len(starts)
