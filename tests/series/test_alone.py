"""One volume of many, sent to another process: it reads the same there, and nothing else is looked at."""

from __future__ import annotations

import io
import multiprocessing
import pickle
import shutil
import tarfile
import warnings
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydicom import dcmread

import hounsfield as hu
from classes import every_class
from found_volumes import catalog_of, read
from fourth_axis import series
from hounsfield.catalog import row_files
from hounsfield.series.notes import notes_of
from hounsfield.series.rows import Rows, Texts
from hounsfield.sources import tars

from mosaics import save, siemens, uih
from series_made import copy, ct, edit, louder, with_padding

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


def told(volumes: Any, place: int) -> dict[str, Any]:
    """All that is said of a volume, and its pixels."""
    facts = volumes.facts[place]
    made_of = volumes.made_of(place)
    own = set(made_of[1])
    found: dict[str, Any] = {
        "facts": facts.to_dict(),
        "made of": made_of,
        "localizer": facts.index in volumes.localizers,
        "stack": place in volumes.stacks,
        "notes": [list(notes_of(facts, volumes, hide=hide)) for hide in (False, True)],
        "changed": [volumes.changed_since(path) for path in made_of[1]],
        "first": volumes.header(place).get("SOPInstanceUID"),
        "read": read(volumes, place),
        "gaps": [str(gap) for gap in volumes.report.missing if facts.index in gap.volumes],
        "conflicts": [str(one) for one in volumes.report.conflicts if own.intersection(one.paths)],
        "files": [file.to_dict() for file in volumes.report.files if file.path in own or file.copy_of in own],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            volume = volumes[place]
        except hu.HounsfieldError:
            return found
    headers = [] if volume.slice_headers is None else [one.get("SOPInstanceUID") for one in volume.slice_headers]
    return found | {"name": volume.name, "headers": headers}


def told_of_sent(sent: bytes) -> dict[str, Any]:
    return told(pickle.loads(sent), 0)


@pytest.fixture(scope="module")
def elsewhere():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


def many(folder: Path) -> Path:
    """Series of all kinds beside each other."""
    ct(folder / "plain")
    gap = ct(folder / "gap", missing=(3,), noise=1)
    copy(gap.files[0], "again.dcm")
    edit(gap.files[1], with_padding(0, slice(2, 5)))
    twice = ct(folder / "twice", slices=3)
    copy(twice.files[0], "other.dcm", louder(1), SOPInstanceUID=dcmread(twice.files[0]).SOPInstanceUID)
    edit(ct(folder / "scout", slices=1).files[0], ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    series(folder / "echoes", 2, lambda made, volume: setattr(made, "EchoTime", 10 + volume))
    for number, made in enumerate(
        (siemens(5), uih(4, [[0, 0, 4 * k] for k in range(4)]), siemens(5, SliceThickness=2))
    ):
        made.SeriesInstanceUID = f"1.2.3.4.{number}"
        save(made, folder / "mosaics" / f"{number}.dcm")
    for number, build in enumerate(every_class().values()):
        save(build().dataset, folder / "classes" / f"{number:02}.dcm")
    (folder / "README.txt").write_text("hello")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return many(tmp_path_factory.mktemp("alone") / "study")


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*.dcm")):
            archive.write(file, str(file.relative_to(folder)))
    return path


def tarred(folder: Path, path: Path, mode: str) -> Path:
    with tarfile.open(path, mode) as archive:
        for file in sorted(folder.rglob("*.dcm")):
            archive.add(file, str(file.relative_to(folder)))
    return path


def same_elsewhere(volumes: Any, pool: ProcessPoolExecutor) -> int:
    sent = [pickle.dumps(volumes.alone(place)) for place in range(len(volumes))]
    there = [pool.submit(told_of_sent, data) for data in sent]
    for place, future in enumerate(there):
        assert future.result() == told(volumes, place), volumes.facts[place]
    return len(volumes)


@pytest.mark.long
@pytest.mark.parametrize("gaps", ["split", "resample"])
def test_every_volume_of_a_folder_is_the_same_in_another_process(folder, elsewhere, gaps):
    volumes = hu.read_volumes(folder, gaps=gaps)
    steps = [step.name for facts in volumes.facts for step in facts.steps]
    assert ("resample" in steps) == (gaps == "resample")
    assert volumes.localizers
    assert volumes.report.conflicts
    assert volumes.report.of("duplicate")
    assert same_elsewhere(volumes, elsewhere) > 20


@pytest.mark.long
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "catalog", "catalog of a zip", "catalog of a tar.gz"])
def test_every_volume_of_archives_and_catalogs_is_the_same_in_another_process(folder, elsewhere, tmp_path, kind):
    some = tmp_path / "some"
    for room in ("gap", "echoes", "mosaics"):
        shutil.copytree(folder / room, some / room)
    if kind.endswith("zip"):
        source = zipped(some, tmp_path / "a.zip")
    elif kind.endswith(("tar", "tar.gz")):
        source = tarred(some, tmp_path / "a.tar", "w:gz" if kind.endswith("gz") else "w")
    else:
        source = some
    if kind.startswith("catalog"):
        volumes = catalog_of(tmp_path / "catalog", source).volumes()
    else:
        volumes = hu.read_volumes(source)
    assert same_elsewhere(volumes, elsewhere) >= 6


def test_only_the_files_of_the_volume_are_looked_at(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "study")
    volumes = hu.read_volumes(tmp_path / "study")
    place = next(place for place, facts in enumerate(volumes.facts) if facts.separated_by.get("EchoTime") == 11)
    expected, sent = told(volumes, place), pickle.dumps(volumes.alone(place))
    own = set(volumes.made_of(place)[1])
    for path in (tmp_path / "study").rglob("*.dcm"):
        if str(path) not in own:
            path.unlink()
    assert told_of_sent(sent) == expected
    alone = pickle.loads(sent)
    assert (len(alone), alone.facts[0].index) == (1, place)
    assert alone[0].name == f"{tmp_path / 'study'}[{place}]"
    assert {file.path for file in alone.report.files} == own


def test_a_file_that_has_changed_since_is_refused_there_too(tmp_path):
    made = ct(tmp_path / "ct")
    sent = pickle.dumps(hu.read_volumes(made.folder).alone(0))
    edit(made.files[2], louder(5))
    alone = pickle.loads(sent)
    assert alone[0].padding[2].all()
    (lost,) = alone.report.of("unreadable")
    assert (lost.path, lost.detail) == (str(made.files[2]), "has changed since its header was read")
    ends = ct(tmp_path / "zip")
    archive = zipped(ends.folder, tmp_path / "a.zip")
    sent = pickle.dumps(hu.read_volumes(archive).alone(0))
    archive.write_bytes(archive.read_bytes() + b" ")
    with pytest.raises(hu.SourceError, match="changed while it was read"):
        pickle.loads(sent)[0]


@pytest.mark.long
def test_an_archive_is_listed_once_in_a_process(tmp_path, monkeypatch):
    """However many volumes of it are sent there."""
    for number in range(6):
        ct(tmp_path / "in" / str(number), seed=number)
    archive = tarred(tmp_path / "in", tmp_path / "a.tgz", "w:gz")
    volumes = hu.read_volumes(archive)
    known = catalog_of(tmp_path / "catalog", archive).volumes()
    plain, listed = [pickle.dumps(volumes.alone(k)) for k in range(6)], [pickle.dumps(known.alone(k)) for k in range(6)]
    assert max(map(len, plain)) < 20_000  # the archive itself is not sent
    unpack, opened, count = tars._spooled, row_files.open_collection, {"unpacked": 0, "listed": 0}

    def counting(*args):
        count["unpacked"] += 1
        return unpack(*args)

    def listing(*args):
        count["listed"] += 1
        return opened(*args)

    monkeypatch.setattr(tars, "_spooled", counting)
    monkeypatch.setattr(row_files, "open_collection", listing)
    assert [pickle.loads(data)[0].shape for data in plain] == [(8, 24, 24)] * 6
    assert count == {"unpacked": 1, "listed": 0}
    assert [pickle.loads(data)[0].shape for data in listed] == [(8, 24, 24)] * 6
    assert count == {"unpacked": 2, "listed": 1}


def test_standard_input_stays_in_its_process(tmp_path, monkeypatch):
    archive = zipped(ct(tmp_path / "ct").folder, tmp_path / "a.zip")
    stdin = io.TextIOWrapper(io.BytesIO(archive.read_bytes()))
    monkeypatch.setattr("sys.stdin", stdin)
    volumes = hu.read_volumes("-")
    assert volumes.stays_here(0)
    with pytest.raises(hu.SourceError, match="standard input can be read by this process only"):
        pickle.dumps(volumes.alone(0))
    assert not hu.read_volumes(archive).stays_here(0)


def test_all_volumes_can_be_sent_together(folder):
    volumes = hu.read_volumes(folder)[2:9]
    volumes.progress = print
    again = pickle.loads(pickle.dumps(volumes))
    assert again.progress is None
    assert [told(again, place) for place in range(7)] == [told(volumes, place) for place in range(7)]
    assert again.report.to_dict() == volumes.report.to_dict()


def test_what_could_not_be_read_stays_said(tmp_path):
    made = ct(tmp_path / "ct")
    volumes = hu.read_volumes(made.folder)
    made.files[3].unlink()
    assert volumes[0].padding[3].all()
    again = pickle.loads(pickle.dumps(volumes.alone(0)))
    assert [file.to_dict() for file in again.report.files] == [file.to_dict() for file in volumes.report.files]


@pytest.mark.long
def test_what_is_sent_of_many_slices_is_small(tmp_path):
    volumes = hu.read_volumes(hu.phantom(tmp_path, matrix=16, slices=448).folder)
    assert len(pickle.dumps(volumes.alone(0))) < 300_000


NUMBERS = st.sampled_from([0.0, -0.0, 1.0, -3.0, 0.1, 300.0, 1e10, -(2.0**31), float("nan"), float("inf"), 2.0**53])


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(0, 5))
def test_rows_come_out_as_they_went_in(data, count):
    numbers = {name: data.draw(arrays(np.float64, (count, *shape), elements=NUMBERS)) for name, shape in SHAPES.items()}
    words = data.draw(st.lists(st.sampled_from(["", "a", "b"]), min_size=count, max_size=count))
    file = data.draw(arrays(np.int64, count, elements=st.integers(-1, 2**40)))
    rows = Rows(file, np.full(count, -1), numbers, {"Word": Texts.of(words)})
    again = pickle.loads(pickle.dumps(rows))
    assert (again.file.tolist(), again.frame.tolist()) == (file.tolist(), [-1] * count)
    for name, column in numbers.items():
        assert (again.numbers[name].dtype, again.numbers[name].shape) == (np.float64, column.shape)
        assert again.numbers[name].tobytes() == column.tobytes()
        assert again.numbers[name].flags.writeable
    assert [again.text("Word", row) for row in range(count)] == words
    some = rows.texts["Word"].take(np.arange(count // 2)).only()
    assert [some.at(row) for row in range(count // 2)] == words[: count // 2]
    assert set(some.values) == {word for word in words[: count // 2] if word}


SHAPES: dict[str, tuple[int, ...]] = {"Number": (), "Three": (3,)}
