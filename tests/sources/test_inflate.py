"""Decompression as far as it is asked for, by the bytes that zlib, bz2 and lzma compressed."""

import bz2
import gzip
import io
import lzma
import os
import random
import zipfile
import zlib
from functools import partial

import pytest

import hounsfield as hu
from archives_made import BIG
from hounsfield.sources.blobs import MemoryBlob
from hounsfield.sources.inflate import Deflated, Inflated, first_bytes, lzma_of_zip, pieces


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def inflated(data, packed=None, *, size=None, checksum=None):
    packed = deflate(data) if packed is None else packed
    size, checksum = len(data) if size is None else size, zlib.crc32(data) if checksum is None else checksum
    return Inflated(io.BytesIO(packed), Deflated(), size, checksum, "a")


def test_deflated_bytes_come_a_few_at_a_time():
    inner, given = Deflated(), b""
    packed = deflate(BIG)
    while not inner.eof:
        feed, packed = (packed[:1000], packed[1000:]) if inner.needs_input else (b"", packed)
        piece = inner.decompress(feed, 4096)
        assert len(piece) <= 4096
        given += piece
    assert given == BIG


def test_any_order_of_reading_gives_the_same_bytes():
    file, positions = inflated(BIG), random.Random(1)
    for _ in range(50):
        at, count = positions.randrange(len(BIG)), positions.randrange(5000)
        file.seek(at)
        assert file.read(count) == BIG[at : at + count]
    assert file.seek(-1) == 0
    file.seek(-5, os.SEEK_END)
    assert file.read() == BIG[-5:]
    assert file.tell() == len(BIG)


def test_a_buffer_is_filled_as_far_as_there_are_bytes():
    file, buffer = inflated(b"0123456789"), bytearray(8)
    assert (file.readinto(buffer), bytes(buffer)) == (8, b"01234567")
    assert (file.readinto(buffer), bytes(buffer[:2])) == (2, b"89")
    assert file.readinto(buffer) == 0


def test_the_beginning_is_had_without_the_rest():
    packed = deflate(os.urandom(5_000_000))
    file = inflated(b"", packed, size=5_000_000, checksum=0)
    assert len(file.read(100)) == 100
    assert file._compressed.tell() < len(packed) // 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"checksum": 1}, "its checksum is wrong"),
        ({"size": 9}, "longer than the archive says"),
        ({"size": 11}, "shorter than the archive says"),
        ({"packed": b"\xff" * 20}, "cannot be decompressed"),
    ],
)
def test_what_does_not_agree_with_the_archive_is_an_error_each_time(changes, why):
    file = inflated(b"0123456789", **changes)
    for _ in range(2):
        file.seek(0)
        with pytest.raises(hu.SourceError, match=why):
            file.read()


def test_lzma_of_a_zip_is_what_zipfile_writes():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("m", BIG)
        info = archive.infolist()[0]
    data = stream.getvalue()[30 + 1 : 30 + 1 + info.compress_size]
    assert lzma_of_zip(data[4:9]).decompress(data[9:], len(BIG)) == BIG


@pytest.mark.parametrize("properties", [b"", b"\x5d\0\0\x10", b"\xe1" + bytes(4), b"\x5d\xff\xff\xff\xff"])
def test_properties_of_lzma_that_are_none_or_ask_for_gigabytes_are_refused(properties):
    with pytest.raises(ValueError):
        lzma_of_zip(properties)


PACKERS = [("gzip", gzip.compress), ("bzip2", bz2.compress), ("xz", partial(lzma.compress, preset=0))]


@pytest.mark.parametrize(("kind", "pack"), PACKERS)
def test_streams_that_follow_each_other_are_one(kind, pack):
    data = pack(BIG[:70_000]) + pack(b"") + pack(BIG[70_000:])
    assert b"".join(pieces(MemoryBlob("a", data), kind)) == BIG


@pytest.mark.long
@pytest.mark.parametrize(("kind", "pack"), PACKERS)
def test_what_is_cut_off_gives_its_beginning_and_then_an_error(kind, pack):
    packed = pack(os.urandom(3_000_000))
    cut = MemoryBlob("a", packed[: len(packed) // 2])
    assert first_bytes(cut, kind)
    with pytest.raises((EOFError, OSError, lzma.LZMAError, ValueError)):
        list(pieces(cut, kind))


@pytest.mark.parametrize(("kind", "pack"), PACKERS)
def test_zeros_between_and_behind_streams_are_passed_over(kind, pack):
    """Tapes are filled up with them."""
    data = pack(BIG[:70_000]) + bytes(200_000) + pack(BIG[70_000:]) + bytes(200_000)
    assert b"".join(pieces(MemoryBlob("a", data), kind)) == BIG


def all_there(packed, kind):
    """What can be decompressed, and what it ends with."""
    given = []
    try:
        given.extend(pieces(MemoryBlob("a", packed), kind))
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
        return b"".join(given), error
    return b"".join(given), None


@pytest.mark.parametrize(("kind", "pack"), PACKERS)
@pytest.mark.parametrize("cut", [3, 30, 30_000])
def test_all_that_stands_before_a_cut_is_given_however_small_it_is(kind, pack, cut):
    first, second = BIG, random.Random(6).randbytes(100_000)
    packed = pack(first) + pack(second)
    found, error = all_there(packed[: len(pack(first)) + cut], kind)
    assert isinstance(error, EOFError)
    assert found.startswith(first) and (first + second).startswith(found)
    if kind != "bzip2":  # whose blocks are of up to 900,000 bytes
        assert len(found) - len(first) >= min(cut, 20_000) - 60


@pytest.mark.long
@pytest.mark.parametrize(("kind", "pack"), PACKERS)
@pytest.mark.parametrize("size", [1000, 1_200_000])  # more than a block of bzip2
def test_all_that_stands_before_damage_is_given(kind, pack, size):
    """Of several streams those before it, of one what the decompressor itself makes of its bytes, fed singly."""
    first = random.Random(5).randbytes(size)
    packed = bytearray(pack(first) + pack(BIG))
    packed[len(pack(first)) + 20 : len(pack(first)) + 60] = b"\xff" * 40
    found, error = all_there(bytes(packed), kind)
    assert error is not None and not isinstance(error, EOFError)
    assert found.startswith(first)


@pytest.mark.parametrize(("kind", "pack"), PACKERS)
def test_the_first_bytes_are_those_of_what_was_compressed(kind, pack):
    first = first_bytes(MemoryBlob("a", pack(BIG)), kind)
    assert len(first) >= 1024 and BIG.startswith(first)
