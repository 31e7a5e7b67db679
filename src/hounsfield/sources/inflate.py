"""Decompression that believes no declared size: in pieces, and no further than it is asked for."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from typing import Any, Protocol

from hounsfield.errors import HounsfieldError, SourceError
from hounsfield.sources.blobs import Blob, file_of
from hounsfield.sources.kinds import Kind
from hounsfield.sources.streams import PlacedStream

_PIECE = 2**20
_COMPRESSED_PIECE = 2**16
#: Memory that a decompressor of xz or LZMA may ask for; `xz -9` takes 65 MiB.
_DICTIONARY = 256 * 2**20
#: What decompressors raise on damaged data.
_WRONG = (zlib.error, lzma.LZMAError, OSError, ValueError)
DAMAGED = (*_WRONG, EOFError)


class Decompressor(Protocol):
    """As of bz2 and lzma."""

    @property
    def eof(self) -> bool:
        """True where the end of the stream was reached."""
        ...

    @property
    def needs_input(self) -> bool:
        """True where it has given all that it can."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Give up to so many bytes."""
        ...


class Deflated:
    """zlib in the manner of bz2 and lzma: raw deflate, or what `wbits` of zlib says.

    Its length and checksum are checked with the last bytes.
    """

    def __init__(self, wbits: int = -zlib.MAX_WBITS) -> None:
        self._inner = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """True where the end of the stream was reached."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """Bytes behind the end of the stream."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Give up to so many bytes."""
        given = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        # What fills the room may not be all: zlib keeps what did not fit.
        self.needs_input = not self._inner.unconsumed_tail and len(given) < max_length
        return given


class Inflated(PlacedStream):
    """A compressed member of an archive as a seekable file: decompressed as far as it is read, and kept in memory.

    Headers are short and stand at the beginning: reading them costs little, however large the member.

    Parameters
    ----------
    compressed
        At the beginning of the compressed bytes, ending with them; closed with this one.
    decompressor
        Made for this member.
    size, checksum
        What the archive says of the member: bytes and CRC-32. Never more than `size` is decompressed, and what does
        not agree with them at the end is a `SourceError`.
    name
        For that error.
    """

    def __init__(
        self, compressed: io.RawIOBase, decompressor: Decompressor, size: int, checksum: int, name: str
    ) -> None:
        super().__init__(size)
        self._compressed, self._decompressor = compressed, decompressor
        self._checksum, self._name = checksum, name
        self._kept, self._sum = bytearray(), 0
        self._why = ""

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes, or to the end."""
        end = self._size if size < 0 else min(self._at + size, self._size)
        self._inflate(end)
        with memoryview(self._kept) as kept:
            data = bytes(kept[self._at : end])
        self._at += len(data)
        return data

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as there are bytes; return how many."""
        end = min(self._at + len(buffer), self._size)
        self._inflate(end)
        with memoryview(self._kept) as kept:
            part = kept[self._at : end]
            buffer[: len(part)] = part
            self._at += len(part)
            return len(part)

    def _inflate(self, end: int) -> None:
        if self._why:
            raise SourceError(self._why, source=self._name)
        try:
            while len(self._kept) < end:
                self._take(self._more(min(_PIECE, self._size - len(self._kept))))
        except DAMAGED as error:
            self._why = getattr(error, "message", "is damaged: it cannot be decompressed")
            raise SourceError(self._why, source=self._name) from None

    def _more(self, most: int) -> bytes:
        """Return the next bytes; none at the end."""
        while not self._decompressor.eof:
            data = self._compressed.read(_COMPRESSED_PIECE) or b"" if self._decompressor.needs_input else b""
            ended = self._decompressor.needs_input and not data
            given = self._decompressor.decompress(data, most)
            if given or ended:
                return given
        return b""

    def _take(self, piece: bytes) -> None:
        if not piece:
            raise SourceError("is damaged: it is shorter than the archive says", source=self._name)
        self._kept += piece
        self._sum = zlib.crc32(piece, self._sum)
        if len(self._kept) < self._size:
            return
        if self._more(1):
            raise SourceError("is damaged: it is longer than the archive says", source=self._name)
        if self._sum != self._checksum:
            raise SourceError("is damaged: its checksum is wrong", source=self._name)

    def close(self) -> None:
        """Close the compressed bytes."""
        self._compressed.close()
        super().close()


def lzma_of_zip(properties: bytes) -> Decompressor:
    """Make the decompressor of a member compressed by LZMA, by its properties (APPNOTE 5.8.8).

    Raises
    ------
    ValueError
        They are none, or ask for too much memory.
    """
    if len(properties) != 5 or properties[0] >= 9 * 5 * 5:
        raise ValueError
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    size = int.from_bytes(properties[1:], "little")
    if size > _DICTIONARY:
        raise ValueError
    chosen = {"id": lzma.FILTER_LZMA1, "dict_size": max(size, 4096), "lc": lc, "lp": lp, "pb": pb}
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chosen])


_DECOMPRESSORS: dict[Kind, Callable[[], Any]] = {
    "gzip": lambda: Deflated(16 + zlib.MAX_WBITS),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _DICTIONARY),
}


def pieces(blob: Blob, kind: Kind, most: int = _PIECE) -> Generator[bytes]:
    """Yield a compressed file decompressed, piece by piece; of one that is cut off or damaged all before that.

    Parameters
    ----------
    blob, kind
        The file, and how it is compressed.
    most
        Bytes of a piece.

    Raises
    ------
    SourceError
        It cannot be opened.
    EOFError
        It is cut off; all that is there was yielded.
    zlib.error, lzma.LZMAError, OSError, ValueError
        It is damaged (`DAMAGED`); all that can be decompressed before that was yielded.
    """
    given, make = 0, _DECOMPRESSORS[kind]
    with closing(file_of(blob.open())) as file:
        try:
            for piece in _streams(lambda: file.read(_COMPRESSED_PIECE), make, most):
                given += len(piece)
                yield piece
        except (EOFError, HounsfieldError):
            raise
        except _WRONG as error:
            damage, last = error, max(file.tell() - 1, 0) // _COMPRESSED_PIECE * _COMPRESSED_PIECE
        else:
            return
    # A decompressor that finds damage gives nothing of what it was fed last: it is fed again, by single bytes there.
    with closing(file_of(blob.open())) as file, suppress(EOFError, *_WRONG):
        for piece in _streams(lambda: file.read(_COMPRESSED_PIECE if file.tell() < last else 1), make, most):
            if len(piece) > given:
                yield piece[given:]
            given = max(given - len(piece), 0)
    raise damage


def first_bytes(blob: Blob, kind: Kind) -> bytes:
    """Decompress the beginning of a file, also of one that is cut off further on.

    Raises
    ------
    SourceError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError
        As `pieces`.
    """
    with closing(pieces(blob, kind, _COMPRESSED_PIECE)) as some:
        return next(some, b"")


def _streams(read: Callable[[], bytes], make: Callable[[], Any], most: int) -> Iterator[bytes]:
    """Decompress streams that follow each other, as parallel compressors write them; zeros may stand between them."""
    rest, number = b"", 0
    while data := rest or read():
        data = data.lstrip(b"\0") if number else data
        rest, number = b"", number + 1
        if not data:
            continue
        decompressor = make()
        while not decompressor.eof:
            if piece := decompressor.decompress(data, most):
                yield piece
            data = read() if decompressor.needs_input and not decompressor.eof else b""
            if not data and decompressor.needs_input and not decompressor.eof:
                raise EOFError
        rest = decompressor.unused_data
