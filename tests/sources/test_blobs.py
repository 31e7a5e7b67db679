"""Bytes that are opened again and again: in memory, in files, and parts of both."""

import os
import pickle
import random
import tempfile
import threading

import pytest

import hounsfield as hu
from archives_made import BIG, entries, read, tarred
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources import blobs
from hounsfield.sources.blobs import Frugal, LocalBlob, MemoryBlob, Range, Spool, open_range


def test_what_is_decompressed_is_gone_with_its_entries(tmp_path, monkeypatch):
    monkeypatch.setattr(blobs.Spool, "small", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    found = entries(tarred(tmp_path / "a.tgz", [("m", BIG)], "w:gz"))
    assert list((tmp_path / "temporary").iterdir()) == []  # it has no name there
    assert read(found[0]) == BIG
    (spool,) = {entry.opens.args[0] for entry in found}
    file = spool._made._file
    assert oct(os.fstat(file.fileno()).st_mode & 0o777) == "0o600"
    del found, spool
    assert file.closed


def test_each_opening_has_a_position_of_its_own(tmp_path):
    (tmp_path / "a").write_bytes(b"0123456789")
    for blob in (MemoryBlob("a", b"0123456789"), LocalBlob.at(str(tmp_path / "a"))):
        with blob.open() as one, blob.open() as other:
            one.seek(4)
            assert (blob.size, other.read(2), one.read(2)) == (10, b"01", b"45")
            assert (one.seek(-3, os.SEEK_END), one.read(9)) == (7, b"789")


def test_a_file_that_changed_since_it_was_looked_at_is_not_opened(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    blob = LocalBlob.at(str(path))
    path.write_bytes(b"0123456789!")
    with pytest.raises(hu.SourceError, match="changed"):
        blob.open()
    path.unlink()
    with pytest.raises(hu.SourceError, match="no such file"):
        blob.open()


def test_blobs_travel_to_other_processes(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    for blob in (MemoryBlob("a", b"x"), LocalBlob.at(str(tmp_path / "a"))):
        with pickle.loads(pickle.dumps(blob)).open() as file:
            assert file.read(9) == b"x"


def test_bytes_behind_the_end_of_a_range_are_none():
    part = Range(MemoryBlob("a", b"0123456789").open(), 2, 5)
    buffer = bytearray(8)
    assert (part.readinto(buffer), bytes(buffer[:5])) == (5, b"23456")
    assert part.readinto(buffer) == 0
    assert part.seek(99) == 99 and part.readinto(buffer) == 0
    assert (part.seek(-2, os.SEEK_END), part.read(10)) == (3, b"56")
    assert part.seek(-50) == 0


def test_a_range_closes_the_file_around_it():
    file = MemoryBlob("a", b"01").open()
    Range(file, 0, 1).close()
    assert file.closed


def test_ranges_of_one_file_are_read_by_threads_at_a_time():
    data = random.Random(3).randbytes(200_000)
    blob, wrong = MemoryBlob("a", data), []

    def work(start):
        part = Range(blob.open(), start, 20_000)
        for at in range(0, 20_000, 500):
            part.seek(at)
            if part.read(500) != data[start + at : start + at + 500]:
                wrong.append(start)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 200_000, 20_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("small", [2**20, 100])
def test_a_spool_gives_back_what_was_written_from_memory_and_from_a_file(small, monkeypatch):
    monkeypatch.setattr(Spool, "small", small)
    spool = Spool("a", 2**20)
    for start in range(0, len(BIG), 30_000):
        spool.write(BIG[start : start + 30_000])
    blob = spool.finish()
    assert blob.size == len(BIG)
    with blob.open() as one, blob.open() as other:
        one.seek(1000)
        assert other.read(50) == BIG[:50]
        assert one.read(50) == BIG[1000:1050]


def test_a_spool_takes_no_more_than_its_limit():
    spool = Spool("a.tgz", 1000)
    spool.write(bytes(1000))
    with pytest.raises(hu.LimitExceededError, match="more than 1000 bytes") as caught:
        spool.write(b"x")
    assert caught.value.source == "a.tgz"


def test_a_directory_is_not_read_beyond_the_limit():
    file = Frugal(MemoryBlob("a", bytes(1000)).open(), 1000, 100, "a")
    assert len(file.read(100)) == 100
    with pytest.raises(hu.LimitExceededError):
        file.read(101)
    file.seek(950)
    assert len(file.read()) == 50  # no more than there is
    assert file.seek(0) == 0
    with pytest.raises(OSError, match="before the beginning"):
        file.seek(-2000, os.SEEK_CUR)


def test_a_range_is_a_source_with_the_name_of_its_member(tmp_path):
    (tmp_path / "a").write_bytes(BIG)
    blob = LocalBlob.at(str(tmp_path / "a"))
    source = open_range(blob, 1000, 100_000, "a/m", DEFAULT_LIMITS)
    assert (source.name, source.size, source.load()) == ("a/m", 100_000, BIG[1000:101_000])
    source.check()
    (tmp_path / "a").write_bytes(b"other")
    with pytest.raises(hu.SourceError, match="a/m: changed"):
        source.check()
    source.close()
    with pytest.raises(hu.SourceError, match="a/m"):
        open_range(blob, 0, 10, "a/m", DEFAULT_LIMITS)
