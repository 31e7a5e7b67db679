"""Every transfer syntax that we say we read, on files that others encoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import UID_dictionary

import hounsfield as hu
from hounsfield.pixels.codecs import CODECS
from hounsfield.pixels.opening import NATIVE
from hounsfield.pixels.video import VIDEO, video_library
from oracles import dcmtk
from oracles.encodings import Encoding, encodings
from oracles.readable import read_by
from oracles.roundtrips import verify, write_sources

import made


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> dict[str, Path]:
    return write_sources(tmp_path_factory.mktemp("sources"))


@pytest.mark.parametrize("encoding", encodings(), ids=lambda encoding: encoding.name)
def test_made_files_give_back_what_they_were_made_of(encoding: Encoding, sources, tmp_path):
    if encoding.by_dcmtk and not dcmtk.installed():
        pytest.skip("DCMTK's commands are not installed")
    assert verify(encoding, sources, tmp_path)


def test_every_transfer_syntax_without_a_decoder_is_refused_by_name():
    readable = read_by()
    refused = [uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax" and uid not in readable]
    assert refused
    for syntax in refused:
        dataset = made.dataset(np.zeros((8, 8), np.uint8))
        dataset.PixelData = encapsulate([bytes(64)])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = syntax
        with pytest.raises(hu.UnsupportedTransferSyntaxError, match=syntax):
            hu.read(made.to_bytes(dataset))


def test_doctor_lists_every_transfer_syntax_of_the_tables():
    tables = {*CODECS, *NATIVE, *(VIDEO if video_library() else ())}
    assert tables <= set(read_by())
    assert tables <= {encoding.syntax for encoding in encodings()}
