"""A second opinion on what was decoded, and our decoders as pydicom's."""

import subprocess
import sys

import imagecodecs
import numpy as np
import pydicom
import pytest

import hounsfield as hu
from hounsfield.pixels import codecs, verify

from made import encoded

RLE = "1.2.840.10008.1.2.5"


def verdict(image):
    return next(step for step in image.steps if step.name == "verify")


@pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("MR_small_RLE.dcm", "pydicom"), ("emri_small_RLE.dcm", "pydicom"), ("SC_rgb_rle_16bit_2frame.dcm", "pydicom"),
        ("examples_jpeg2k.dcm", "pillow"), ("JPEG2000.dcm", "pillow"), ("SC_rgb_jpeg_gdcm.dcm", "jpegsof3|pylibjpeg"),
        ("examples_ybr_color.dcm", "pydicom|pillow"),
    ],
)  # fmt: skip
def test_another_decoder_agrees_on_real_files(sample, name, who):
    step = verdict(hu.read(sample(name), verify=True))
    assert step.outcome == "done", step
    assert any(label in step.detail for label in who.split("|"))


@pytest.mark.parametrize(
    ("encode", "syntax", "who"),
    [
        (lambda a: imagecodecs.htj2k_encode(a, reversible=True), "1.2.840.10008.1.2.4.201", "OpenJPEG|pylibjpeg"),
        (lambda a: imagecodecs.jpeg8_encode(a, lossless=True), "1.2.840.10008.1.2.4.70", "jpegsof3|pylibjpeg"),
    ],
)
def test_another_decoder_agrees_on_made_files(encode, syntax, who):
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    step = verdict(hu.read(encoded(pixels, [encode(pixels)], syntax), verify=True))
    assert step.outcome == "done", step
    assert any(label in step.detail for label in who.split("|"))


def test_what_is_not_compressed_needs_no_second_opinion(sample):
    assert verdict(hu.read(sample("CT_small.dcm"), verify=True)).outcome == "not done"


def test_a_difference_is_a_warning_and_strict_refuses_it(sample, monkeypatch):
    right = codecs.CODECS[RLE]

    def wrong(data, layout):
        values = right.decode(data, layout).copy()
        values[3, 4] += 7
        return values

    monkeypatch.setitem(codecs.CODECS, RLE, codecs.Codec("RLE", "PACKBITS", wrong, None, native=True))
    with pytest.warns(hu.AssumptionWarning, match="1 of 4096 values, by 7 at most"):
        step = verdict(hu.read(sample("MR_small_RLE.dcm"), verify=True))
    assert step.outcome == "assumed"
    with pytest.raises(hu.AssumptionError, match="by 7 at most"):
        hu.read(sample("MR_small_RLE.dcm"), verify=True, strict=True)


def test_without_another_decoder_that_is_said(monkeypatch):
    monkeypatch.setattr(verify, "_decoders", lambda syntax: iter(()))
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = encoded(pixels, [imagecodecs.jpegls_encode(pixels)], "1.2.840.10008.1.2.4.80")
    step = verdict(hu.read(data, verify=True))
    assert (step.outcome, "JPEG-LS" in step.detail) == ("not done", True)


PLUGIN = """
import sys, warnings
import numpy as np, pydicom
import hounsfield as hu
from hounsfield.pixels import plugin
warnings.simplefilter("ignore")
syntaxes = hu.register_decoders()
assert hu.register_decoders() == syntaxes
used = []
decode = plugin.decode_for_pydicom
for path in sys.argv[1:]:
    dataset = pydicom.dcmread(path)
    decoder = pydicom.pixels.get_decoder(dataset.file_meta.TransferSyntaxUID)
    assert "hounsfield" in decoder.available_plugins
    array, meta = decoder.as_array(dataset, raw=True)
    mine, _ = decoder.as_array(dataset, raw=True, decoding_plugin="hounsfield")
    stored = hu.read(path, values="stored").values
    assert np.array_equal(array, mine), path
    assert np.array_equal(array, stored), path
    assert next(iter(decoder._available)) == "hounsfield"
    used.append(path)
print(len(used), len(syntaxes))
"""


def test_pydicom_decodes_with_our_decoders_first(sample):
    names = [
        "MR_small_RLE.dcm", "emri_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPEG2000.dcm", "MR_small_jp2klossless.dcm",
        "SC_rgb_jpeg_gdcm.dcm", "examples_jpeg2k.dcm", "JPGExtended.dcm",
        "SC_rgb_rle_16bit_2frame.dcm", "JPEGLSNearLossless_16.dcm",
    ]  # fmt: skip
    paths = [str(sample(name)) for name in names]
    # In a process of its own: the registration holds for all of pydicom.
    done = subprocess.run([sys.executable, "-c", PLUGIN, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == str(len(names))
    assert int(done.stdout.split()[1]) >= 12


def test_pydicom_knows_nothing_of_us_unless_asked():
    decoder = pydicom.pixels.get_decoder(pydicom.uid.JPEGLSLossless)
    assert "hounsfield" not in decoder.available_plugins
