"""Headers of many files, found in plain Python: files with the same elements are walked together.

The slices of a series have the same elements in the same order; only lengths and values differ. One of them is walked
(`quick`), and numpy then goes through the others element by element, through all files at once. A file whose elements
are not those leaves the group, and is walked by itself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hounsfield.limits import Limits
from hounsfield.scanning.columns import SPECIFIC_CHARACTER_SET, TRANSFER_SYNTAX, Plan
from hounsfield.scanning.found import (
    CHANGED,
    DONE,
    ENCODING,
    ENDED,
    FACTS,
    IMPLICIT_LITTLE,
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
from hounsfield.scanning.quick import walk_quickly
from hounsfield.scanning.stopwatch import Stopwatch
from hounsfield.scanning.walked import FIXED, FIXED_LONG, LONG, PIXELS, PLAIN, SHORT, Token, Walked, Wishes

#: Bytes of first pieces that are held at a time.
_TOGETHER = 2**24
#: Groups of files that are tried in a chunk: where fewer files are alike, each is walked by itself.
_GROUPS, _FEWEST = 8, 4
#: Behind the bytes of all files, so that words of 8 bytes can be taken from any place.
_MARGIN = bytes(16)
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))

_48, _32 = np.uint64(2**48 - 1), np.uint64(2**32 - 1)
_SHIFT_48, _SHIFT_32 = np.uint64(48), np.uint64(32)
_MASKS = {SHORT: _48, LONG: _48, PLAIN: _32, FIXED: np.uint64(2**64 - 1), FIXED_LONG: _48}
_UNDEFINED = 0xFFFFFFFF
#: In implicit VR, the shortest length of a first attribute that reads as the two letters of a VR.
_LETTERS = 0x4141
_DICM = int.from_bytes(b"DICM", "little")


def find_quickly(paths: Sequence[str], plan: Plan, limits: Limits, first: int, stop: Bytes) -> Found:
    """Look for the attributes of a plan in files; as `walk_files.find_in_files`, which is compiled."""
    wishes = Wishes(plan)
    paths = paths[: max(_TOGETHER // max(first, 1), 1)]
    heads = _Heads(len(paths))
    watch = Stopwatch()
    for row, path in enumerate(watch.over(paths)):
        if stop[0]:
            break
        heads.read(row, path, first)
    seconds, busy, blocked = watch.stop()

    def read(row: int, at: int, count: int) -> bytes:
        return _read_at(paths[row], at, count)

    return _ChunkWalk(heads, plan, wishes, limits.sequence_depth, read).found(seconds, busy, blocked)


def find_in_beginnings(beginnings: Sequence[bytes], facts: Ints, plan: Plan, limits: Limits) -> Found:
    """Look for the attributes of a plan in the first bytes of files, which were read elsewhere.

    Parameters
    ----------
    beginnings
        The bytes; none of what cannot be read. A file of which they do not hold enough is given up.
    facts : int64 (file, FACTS)
        `SIZE` and `CHANGED` of each file; the others are filled.
    plan, limits
        As in `find_quickly`.
    """
    heads = _Heads(0)
    heads.facts, heads.pieces = facts, list(beginnings)
    facts[:, STATUS] = UNSURE
    return _ChunkWalk(heads, plan, Wishes(plan), limits.sequence_depth, _no_more).found(0.0, 0.0, 0)


def _no_more(row: int, at: int, count: int) -> bytes:
    return b""


class _Heads:
    """The first pieces of files.

    Attributes
    ----------
    facts : int64 (file, FACTS)
        See `found`.
    pieces
        The first bytes of each; none of what cannot be read.
    bytes, starts
        All of them one behind the other, and where each begins; made when they are first asked for.
    """

    def __init__(self, count: int) -> None:
        self.facts = np.zeros((count, FACTS), np.int64)
        self.facts[:, STATUS] = UNSURE
        self.pieces: list[bytes] = []
        self._joined: tuple[bytes, Ints] | None = None

    def read(self, row: int, path: str, first: int) -> None:
        """Open a file and read its first piece."""
        piece = b""
        try:
            file = os.open(path, _FLAGS)
        except (OSError, ValueError):
            self.pieces.append(piece)
            return
        try:
            info = os.fstat(file)
            self.facts[row, SIZE], self.facts[row, CHANGED] = info.st_size, info.st_mtime_ns
            if stat.S_ISREG(info.st_mode):
                piece = os.read(file, first)
        except OSError:
            piece = b""
        finally:
            os.close(file)
        self.pieces.append(piece)

    @property
    def bytes(self) -> bytes:
        return self._join()[0]

    @property
    def starts(self) -> Ints:
        return self._join()[1]

    def _join(self) -> tuple[bytes, Ints]:
        if self._joined is None:
            lengths = np.array([len(piece) for piece in self.pieces], np.int64)
            self._joined = b"".join([*self.pieces, _MARGIN]), np.cumsum(lengths) - lengths
        return self._joined


@dataclass
class _ChunkWalk:
    """The walk through a chunk of files; `read` reads more of one, from a position on so many bytes."""

    heads: _Heads
    plan: Plan
    wishes: Wishes
    depth: int
    read: Callable[[int, int, int], bytes]
    extra: list[bytes] = field(default_factory=list[bytes])

    def __post_init__(self) -> None:
        count = len(self.heads.pieces)
        self.places = np.empty((count, len(self.plan.columns), 3), np.int64)
        self.places[:, :, 1] = -1
        self.places[:, :, 0] = self.places[:, :, 2] = 0
        self._extra_at = len(self.heads.bytes)

    def found(self, seconds: float, busy: float, blocked: int) -> Found:
        """Walk the files, which took so long to read, and return what was found."""
        heads, count = self.heads, len(self.heads.pieces)
        self._run()
        values = b"".join([heads.bytes, *self.extra, _MARGIN]) if self.extra else heads.bytes
        flat, spare = np.frombuffer(values, np.uint8), len(_MARGIN)
        return Found(count, heads.facts[:count], self.places, flat, seconds, busy, blocked, spare=spare)

    def _run(self) -> None:
        """Walk the files: those that are alike together."""
        pending = [row for row, piece in enumerate(self.heads.pieces) if piece]
        groups = 0
        while pending:
            row = pending[0]
            walked = self._walk(row)
            rest = pending[1:]
            if walked is not None and walked.tokens is not None and len(rest) >= _FEWEST and groups < _GROUPS:
                followers = _Group(walked, self.heads, self.places).follow(np.array(rest, np.int64))
                groups += len(followers) < _FEWEST
                alike = set(followers.tolist())
                rest = [row for row in rest if row not in alike]
            pending = rest

    def _walk(self, row: int) -> Walked | None:
        """Walk one file by itself."""
        piece, facts = self.heads.pieces[row], self.heads.facts[row]

        def read(at: int, count: int) -> bytes:
            return self.read(row, at, count)

        walked = walk_quickly(piece, int(facts[SIZE]), self.wishes, self.depth, read)
        if walked is None:
            return None
        facts[STATUS], facts[ENCODING], facts[PREAMBLE] = DONE, walked.encoding, walked.preamble
        facts[PIXELS_AT], facts[PIXELS_LENGTH], facts[ENDED] = walked.pixels, walked.pixel_length, walked.end
        start = int(self.heads.starts[row])
        for column, (at, length, code) in walked.places.items():
            data = walked.data[column]
            if data is piece:
                self.places[row, column] = start + at, length, code
            else:
                self.places[row, column] = self._extra_at, length, code
                self.extra.append(data[at : at + length])
                self._extra_at += length
        return walked


def _read_at(path: str, at: int, count: int) -> bytes:
    try:
        file = os.open(path, _FLAGS)
    except OSError:
        return b""
    try:
        os.lseek(file, at, os.SEEK_SET)
        return os.read(file, count)
    except OSError:
        return b""
    finally:
        os.close(file)


class _Group:
    """Files that may have the elements of one that was walked.

    Parameters
    ----------
    walked
        That one.
    heads
        The beginnings of all files.
    places
        Filled for those that have the same elements.
    """

    def __init__(self, walked: Walked, heads: _Heads, places: Ints) -> None:
        self._walked, self._heads, self._places = walked, heads, places
        flat = heads.bytes
        self._bytes: Bytes = np.frombuffer(flat, np.uint8)
        # The 8 bytes from any place on as one number; the margin stands behind the last file.
        self._words: NDArray[np.uint64] = np.ndarray((len(flat) - 8,), "<u8", flat, 0, (1,))
        self._implicit = walked.encoding == IMPLICIT_LITTLE

    def follow(self, rows: Ints) -> Ints:
        """Walk files; return those that have the same elements."""
        heads, tokens = self._heads, self._walked.tokens or []
        starts = heads.starts[rows]
        ends = starts + np.array([len(heads.pieces[row]) for row in rows.tolist()], np.int64)
        self._rows, self._starts, self._ends = rows, starts, ends
        self._at, self._kept = starts + 132, dict[int, tuple[Ints, Ints]]()
        self._odd = np.zeros(len(rows), np.int64)  # whose lowest bit any odd length sets
        enough = ends - starts >= 132 + 8
        self._leave(enough)
        self._leave((self._words[self._starts + 128] & _32) == _DICM)
        before = True  # the first attribute of the dataset
        for token in tokens:
            if not len(self._rows) or token.kind == PIXELS:  # which is the last
                break
            meta = token.word & 0xFFFF == 2
            self._step(token, before and not meta)
            before = before and meta
        self._leave(self._odd & 1 == 0)
        if tokens and tokens[-1].kind == PIXELS:
            self._pixels(tokens[-1])
        else:
            self._leave(self._at - self._starts == heads.facts[self._rows, SIZE])
            self._note(self._at, np.full(len(self._rows), -1, np.int64), np.zeros(len(self._rows), np.int64))
        self._place(tokens)
        return self._rows

    def _step(self, token: Token, first: bool) -> None:
        """Go over one element."""
        word = self._words[self._at]
        good = (word & _MASKS[token.kind]) == np.uint64(token.word) & _MASKS[token.kind]
        if token.kind == FIXED:
            self._go_on(self._at + 8, good)
            return
        if token.kind == FIXED_LONG:
            good &= self._long_length() == _UNDEFINED
            self._go_on(self._at + 12, good)
            return
        if token.kind == LONG:
            length, value = self._long_length(), self._at + 12
        else:
            length = (word >> (_SHIFT_48 if token.kind == SHORT else _SHIFT_32)).view(np.int64)
            value = self._at + 8
        if token.even:
            self._odd |= length
        if first and self._implicit:
            good &= length < _LETTERS
        if token.column >= 0:
            self._kept[token.column] = value, length
        self._go_on(value + length, good)
        tag = (token.word & 0xFFFF) << 16 | token.word >> 16 & 0xFFFF
        if tag in (TRANSFER_SYNTAX, SPECIFIC_CHARACTER_SET):
            self._same(tag, token.column)

    def _long_length(self) -> Ints:
        return (self._words[np.minimum(self._at + 8, len(self._words) - 1)] & _32).view(np.int64)

    def _go_on(self, to: Ints, good: NDArray[np.bool_]) -> None:
        """Move to the next element, as far as the pieces go."""
        good &= to <= self._ends
        self._at = to
        self._leave(good)

    def _leave(self, good: NDArray[np.bool_]) -> None:
        """Leave out files that are not alike."""
        if bool(good.all()):
            return
        self._rows, self._at, self._odd = self._rows[good], self._at[good], self._odd[good]
        self._starts, self._ends = self._starts[good], self._ends[good]
        self._kept = {column: (at[good], length[good]) for column, (at, length) in self._kept.items()}

    def _same(self, tag: int, column: int) -> None:
        """Leave out files in which a value is not that of the file that was walked."""
        at, length = self._kept[column]
        own, size, _ = self._walked.places[column]
        expected = np.frombuffer(self._walked.data[column][own : own + size], np.uint8)
        good = length == size
        at = np.where(good, at, 0)
        good &= (self._bytes[at[:, None] + np.arange(size)] == expected).all(axis=1)
        self._leave(good)

    def _pixels(self, token: Token) -> None:
        """Go over the beginning of the pixel data."""
        wide = self._walked.pixels - self._walked.end  # bytes before its value
        inside = self._at + wide <= self._ends
        self._leave(inside)
        word = self._words[self._at]
        mask = _32 if self._implicit else _48
        good = (word & mask) == np.uint64(token.word) & mask
        if wide == 12:
            length = self._long_length()
        else:
            length = (word >> (_SHIFT_32 if self._implicit else _SHIFT_48)).astype(np.int64)
        value = self._at + wide - self._starts
        undefined = length == _UNDEFINED
        sizes = self._heads.facts[self._rows, SIZE]
        good &= undefined | ((value + length <= sizes) & (length & 1 == 0))
        length = np.where(undefined, -1, length)
        value, length = value[good], length[good]
        self._leave(good)
        self._note(self._at, value, length)

    def _note(self, at: Ints, pixels: Ints, length: Ints) -> None:
        facts, rows = self._heads.facts, self._rows
        facts[rows, STATUS], facts[rows, ENCODING], facts[rows, PREAMBLE] = DONE, self._walked.encoding, 1
        facts[rows, PIXELS_AT], facts[rows, PIXELS_LENGTH], facts[rows, ENDED] = pixels, length, at - self._starts

    def _place(self, tokens: Iterable[Token]) -> None:
        """Note where the values are."""
        for token in tokens:
            if token.column >= 0 and token.column in self._kept:
                at, length = self._kept[token.column]
                code = 0 if self._implicit and token.word & 0xFFFF != 2 else token.word >> 32 & 0xFFFF
                self._places[self._rows, token.column, 0] = at
                self._places[self._rows, token.column, 1] = length
                self._places[self._rows, token.column, 2] = code


#: What looks for the attributes of a plan in files: this module's way, or the compiled one.
Finder = Callable[[Sequence[str], Plan, Limits, int, Bytes], Found]
