"""What raw byte streams share: whichever it is, it can be read and moved about in like a file of the system."""

import io
import os
import zlib

import pytest

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources.blobs import Frugal, MemoryBlob, Range, Spool
from hounsfield.sources.files import source_of
from hounsfield.sources.inflate import Deflated, Inflated
from hounsfield.sources.remote import _Remote
from hounsfield.sources.remote_beginnings import _Begun
from hounsfield.sources.source import BoundedFile
from hounsfield.sources.streams import FileStream, PlacedStream, RawStream

DATA = bytes(range(200))


def raw():
    return MemoryBlob("memory", DATA).open()


def spooled():
    spool = Spool("spool", 1000)
    spool.small = 10
    spool.write(DATA)
    return spool.finish().open()


def inflated():
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = deflate.compress(DATA) + deflate.flush()
    return Inflated(MemoryBlob("packed", packed).open(), Deflated(), len(DATA), zlib.crc32(DATA), "packed")


def begun():
    def whole(limits):
        return source_of("far", MemoryBlob("far", DATA).open(), len(DATA))

    return _Begun(whole, DATA[:70], len(DATA), DEFAULT_LIMITS)


STREAMS = {
    "begun": begun,
    "memory": raw,
    "spooled": spooled,
    "range": lambda: Range(MemoryBlob("around", b"xx" + DATA + b"xx").open(), 2, len(DATA)),
    "frugal": lambda: Frugal(raw(), len(DATA), 1000, "frugal"),
    "inflated": inflated,
    "remote": lambda: _Remote(io.BytesIO(DATA), "remote"),
    "bounded": lambda: BoundedFile(io.BytesIO(DATA), len(DATA)),
}


@pytest.mark.parametrize("opened", STREAMS.values(), ids=STREAMS)
def test_a_stream_is_read_and_moved_about_in(opened):
    with opened() as stream:
        assert isinstance(stream, RawStream)
        assert stream.readable()
        assert stream.seekable()
        assert stream.tell() == 0
        assert stream.read(5) == DATA[:5]
        assert stream.seek(-3, os.SEEK_END) == 197
        assert stream.read() == DATA[-3:]
        assert stream.read(1) == b""
        assert stream.seek(10) == 10
        assert stream.seek(5, os.SEEK_CUR) == stream.tell() == 15
        buffer = bytearray(4)
        assert stream.readinto(buffer) == 4
        assert bytes(buffer) == DATA[15:19]
        assert stream.tell() == 19
        assert stream.seek(500) == 500
        assert stream.readinto(buffer) == 0
    assert stream.closed


def test_every_stream_is_among_those():
    kinds = {type(opened()) for opened in STREAMS.values()}
    spooled_below = {"_Spooled"}
    derived = {each for kind in (PlacedStream, FileStream) for each in kind.__subclasses__()}
    assert {each.__name__ for each in derived - kinds} == spooled_below
