"""Headers that go on and on are refused after a bounded number of attributes, whatever the size of the file."""

import io
import struct
import zipfile
import zlib
from contextlib import closing
from dataclasses import replace

import pytest

import hounsfield as hu
from hounsfield.errors import LimitExceededError
from hounsfield.headers.dataset import open_dataset, open_header
from hounsfield.headers.index import index_file
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources.local import open_source

FEW = replace(DEFAULT_LIMITS, elements=1000)
ZEROS = bytes(5 * 2**20)
PREFIX = bytes(128) + b"DICM"


def meta(syntax):
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    return PREFIX + b"\x02\0\x10\0UI" + struct.pack("<H", len(value)) + value


IMPLICIT, EXPLICIT = meta("1.2.840.10008.1.2"), meta("1.2.840.10008.1.2.1")
#: A sequence of undefined length, and an item in it.
OPEN_SEQUENCE = b"\x08\0\x15\x11" + b"\xff" * 4 + b"\xfe\xff\0\xe0" + b"\xff" * 4
CLOSED = b"\xfe\xff\x0d\xe0" + bytes(4) + b"\xfe\xff\xdd\xe0" + bytes(4)
ASCENDING = b"".join(struct.pack("<HHL", 0x11 + 2 * (n >> 15), 0x1000 + (n & 0x7FFF), 0) for n in range(10_000))
EXPLICIT_ASCENDING = b"".join(
    struct.pack("<HH2sH", 0x11 + 2 * (n >> 15), 0x1000 + (n & 0x7FFF), b"LO", 0) for n in range(10_000)
)
ENDLESS = {
    "zeros": PREFIX + ZEROS,
    "file meta": PREFIX + b"\x02\0\x00\0UL\0\0" * 10_000,
    "zeros after the meta": IMPLICIT + ZEROS,
    "zeros in an item": IMPLICIT + OPEN_SEQUENCE + ZEROS,
    "zeros in an item that ends": IMPLICIT + OPEN_SEQUENCE + ZEROS + CLOSED,
    "one attribute": IMPLICIT + b"\x08\0\x05\0\0\0\0\0" * 10_000,
    "one attribute, explicit": EXPLICIT + b"\x08\0\x05\0CS\0\0" * 10_000,
    "ascending": IMPLICIT + ASCENDING,
    "ascending, explicit": EXPLICIT + EXPLICIT_ASCENDING,
}


class Counting(io.BytesIO):
    """Counts reads of eight bytes: the beginnings of attributes."""

    begun = 0

    def read(self, size=-1, /):
        self.begun += size == 8
        return super().read(size)


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("opener", [open_header, open_dataset])
def test_an_endless_header_is_refused_after_some_attributes(kind, opener):
    with closing(open_source(ENDLESS[kind], FEW)) as source:
        stream = Counting(ENDLESS[kind])
        with pytest.raises(LimitExceededError, match="more than 1000 attributes"):
            opener(replace(source, stream=stream), FEW)
        assert stream.begun <= 5000


@pytest.mark.parametrize("kind", ENDLESS)
def test_everybody_refuses_it(kind, tmp_path):
    path = tmp_path / "endless.dcm"
    path.write_bytes(ENDLESS[kind])
    for ask in (hu.read, hu.info, hu.tags):
        with pytest.raises(LimitExceededError, match="more than 1000 attributes"):
            ask(path, limits=FEW)


@pytest.mark.parametrize("kind", ["zeros", "ascending"])
def test_a_member_of_an_archive_is_refused(kind, tmp_path):
    with zipfile.ZipFile(tmp_path / "endless.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("endless.dcm", ENDLESS[kind])
    (file,) = hu.read_volumes(tmp_path / "endless.zip", limits=FEW).report.files
    assert "more than 1000 attributes" in file.detail


def test_a_scan_goes_on_behind_it(tmp_path):
    (tmp_path / "endless.dcm").write_bytes(ENDLESS["zeros"])
    table = hu.scan(tmp_path, limits=FEW)
    assert "more than 1000 attributes" in table["error"][0].as_py()


def test_a_deflated_one_is_refused_too():
    deflater = zlib.compressobj(wbits=-15)
    data = meta("1.2.840.10008.1.2.1.99") + deflater.compress(EXPLICIT_ASCENDING) + deflater.flush()
    with pytest.raises(LimitExceededError, match="more than 1000 attributes"):
        hu.read(data, limits=FEW)


def test_as_many_attributes_as_there_may_be_are_read():
    for data in (IMPLICIT + ASCENDING[: 8 * 1000], EXPLICIT + EXPLICIT_ASCENDING[: 8 * 1000]):
        assert index_file(data, 64, elements=1000) is not None
        assert index_file(data, 64, elements=999) is None
        for opener in (open_header, open_dataset):
            with closing(open_source(data, FEW)) as source:
                assert len(opener(source, FEW).dataset) == 1000


def test_items_do_not_count_together():
    item = b"\xfe\xff\0\xe0" + b"\xff" * 4 + b"\x08\0\x50\x11\0\0\0\0" + b"\xfe\xff\x0d\xe0" + bytes(4)
    data = IMPLICIT + b"\x08\0\x15\x11" + b"\xff" * 4 + item * 5000 + b"\xfe\xff\xdd\xe0" + bytes(4)
    for opener in (open_header, open_dataset):
        with closing(open_source(data, FEW)) as source:
            assert len(opener(source, FEW).dataset["ReferencedSeriesSequence"].value) == 5000
