"""An open source of bytes, and ranges of it."""

import io
import os

import pytest

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources.files import in_memory
from hounsfield.sources.local import open_source
from hounsfield.sources.source import BoundedFile, Extent, Source


def test_a_bounded_file_never_asks_for_more_than_there_is(tmp_path):
    path = tmp_path / "small"
    path.write_bytes(b"0123456789")

    class Watched(io.FileIO):
        asked = 0

        def read(self, size=-1, /):
            Watched.asked = max(Watched.asked, size)
            return super().read(size)

    with Watched(path) as file:
        bounded = BoundedFile(file, 10)
        bounded.seek(4)
        assert bounded.read(2**32 - 1) == b"456789"
        assert Watched.asked == 6


def large(path):
    path.write_bytes(os.urandom(200_000))
    return open_source(path, DEFAULT_LIMITS)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "a"
    for change in (
        lambda: path.write_bytes(path.read_bytes() + b"more"),
        lambda: os.utime(path, ns=(1, 1)),
        lambda: os.truncate(path, 100_000),
    ):
        source = large(path)
        source.check()
        change()
        with pytest.raises(hu.SourceError, match=f"{path}: changed while it was read"):
            source.check()
        source.close()


def test_a_file_that_shrinks_is_no_file_that_was_cut_off(tmp_path):
    source = large(tmp_path / "a")
    os.truncate(tmp_path / "a", 100_000)
    for reading in (
        source.load,
        lambda: source.read_into(0, memoryview(bytearray(200_000))),
        lambda: source.stream.seek(150_000) and source.stream.read(10),
    ):
        with pytest.raises(hu.SourceError, match="changed while it was read"):
            reading()
    source.close()


def test_short_reads_of_the_system_are_read_on():
    class Halting(io.BytesIO):
        def read(self, size=-1, /):
            return super().read(min(size, 3))

    assert BoundedFile(Halting(b"0123456789"), 10).read() == b"0123456789"


def test_the_head_of_a_large_file_is_not_all_of_it(tmp_path):
    (tmp_path / "small").write_bytes(b"0123456789")
    small = open_source(tmp_path / "small", DEFAULT_LIMITS)
    assert small.data == small.load() == b"0123456789"
    source = large(tmp_path / "a")
    assert source.data is None
    assert source.load() == (tmp_path / "a").read_bytes()
    source.close()


def test_what_is_read_is_shown_piece_by_piece(tmp_path):
    source, seen, buffer = large(tmp_path / "a"), [], bytearray(150_000)
    assert source.read_into(40_000, memoryview(buffer), lambda piece: seen.append(bytes(piece))) == 150_000
    assert b"".join(seen) == bytes(buffer) == (tmp_path / "a").read_bytes()[40_000:190_000]
    source.close()


def extents(tmp_path):
    """The same bytes in memory, and behind a header in a file."""
    data = os.urandom(100_000)
    (tmp_path / "a").write_bytes(bytes(5000) + data)
    source = open_source(tmp_path / "a", DEFAULT_LIMITS)
    return data, (Extent.of(data), Extent(len(data), source=source, offset=5000))


def test_bytes_behind_the_end_are_none(tmp_path):
    data, several = extents(tmp_path)
    for extent in several:
        assert bytes(extent.take(99_990, 50)) == data[-10:]
        assert bytes(extent.take(100_000, 1)) == bytes(extent.take(200_000, 5)) == b""


def test_a_part_of_a_part_is_where_both_say(tmp_path):
    data, several = extents(tmp_path)
    for extent in several:
        part = extent.within(1000, 500).within(100, 1000)
        assert part.length == 400
        assert bytes(part.take(10, 20)) == data[1110:1130]


def test_what_is_in_memory_is_not_copied():
    data = bytes(100)
    assert Extent.of(data).take(10, 20).obj is data


def test_a_source_in_memory_never_changes():
    in_memory("a", b"x").check()
    with pytest.raises(hu.SourceError, match="a: changed"):
        Source("a", io.BytesIO(b"x"), 1, b"x", lambda: False).check()
