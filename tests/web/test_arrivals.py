"""Series come before all files are read; in the end the list is what the survey of all files says."""

import shutil

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from fourth_axis import series
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.series.instances import read_instances
from hounsfield.series.joining import joined
from hounsfield.series.survey import survey
from hounsfield.series.tolerances import Tolerances
from hounsfield.sources.collection import open_collection
from hounsfield.web import early_series, reading_in_parts
from hounsfield.web.discovery import Discovery

from series_made import edit

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(reading_in_parts, "_VERY_MANY", 10)
    monkeypatch.setattr(reading_in_parts, "_FIRST", 10)
    monkeypatch.setattr(early_series, "_WAIT", 0.0)


def renamed(folder, number):
    for path in folder.iterdir():
        edit(path, SeriesInstanceUID=f"1.2.{number}", StudyInstanceUID=f"1.3.{number}", SeriesNumber=number,
             FrameOfReferenceUID=f"1.4.{number}")  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Series by folder, one in two folders, phases, a multi-frame file, copies, junk."""
    for number, name in enumerate("abc", 1):
        hu.phantom(tmp_path / name, matrix=16, slices=12, seed=number)
        renamed(tmp_path / name, number)
    hu.phantom(tmp_path / "d", matrix=16, slices=12, seed=9)
    renamed(tmp_path / "d", 9)
    (tmp_path / "z").mkdir()
    for path in sorted((tmp_path / "d").iterdir())[7:]:
        path.rename(tmp_path / "z" / path.name)
    series(tmp_path / "e", 3, lambda made, volume: setattr(made, "TriggerTime", 10 * volume))
    for name in ("emri_small.dcm", "CT_small.dcm", "rtplan.dcm", "examples_rgb_color.dcm"):
        shutil.copy(get_testdata_file(name), tmp_path / "e" / name)
    (tmp_path / "c" / "junk").write_bytes(b"junk" * 100)
    shutil.copy(tmp_path / "a" / "0003.dcm", tmp_path / "z" / "copy.dcm")
    return tmp_path


def told(item):
    return [
        (part.kind, part.files, part.frames.shape, part.notes, part.facts.to_dict() | {"volume": 0})
        for part in item.parts
    ]


def run(folder, share):
    discovery, events = Discovery([str(folder)], DEFAULT_LIMITS), []
    discovery.share = share
    discovery.items.listen(lambda kind, content: events.append((kind, content)))
    discovery.run()
    discovery.files.close()
    return discovery, events


def test_the_list_is_the_same_whether_series_come_early_or_not(folder, small_parts):
    at_once, _ = run(folder, -1)
    early, events = run(folder, 1e9)
    assert [told(item) for item in early.items] == [told(item) for item in at_once.items]
    assert early.items.report == at_once.items.report
    facts = [part.facts.to_dict() for item in at_once.items for part in item.parts]
    every = [one.to_dict() for one in hu.read_volumes(folder).facts]
    assert [one for one in every if one["shape"][0] > 1] == [one for one in facts if one["shape"][0] > 1]
    volumes = [(kind, item) for kind, item in events if kind == "item" and item.kind == "volume"]
    arrived = [item.facts.attributes["SeriesInstanceUID"] for _, item in volumes]
    assert arrived[:3] == ["1.2.1", "1.2.2", "1.2.3"]
    # What had not changed was not told again; the one whose other folder came last kept its id.
    assert [arrived.count(f"1.2.{number}") for number in (1, 2, 3, 9)] == [1, 1, 1, 2]
    ids = [item.id for _, item in volumes if item.facts.attributes["SeriesInstanceUID"] == "1.2.9"]
    assert len(set(ids)) == 1
    assert volumes[0][1] in list(early.items)


def test_series_of_one_folder_come_when_no_more_of_their_files_came(tmp_path, small_parts):
    for number in range(1, 5):
        hu.phantom(tmp_path / str(number), matrix=16, slices=20, seed=number)
        renamed(tmp_path / str(number), number)
        for path in sorted((tmp_path / str(number)).iterdir()):
            path.rename(tmp_path / f"{number}{path.name}")
        (tmp_path / str(number)).rmdir()
    discovery, events = run(tmp_path, 1e9)
    kinds = [(kind, item.kind) for kind, item in events if kind == "item"]
    assert kinds == [("item", "image"), *[("item", "volume")] * 4]
    assert [item.facts.shape[0] for item in discovery.items] == [20] * 4
    items = [item for kind, item in events if kind == "item" and item.kind == "volume"]
    assert items == list(discovery.items)


def test_parts_joined_are_the_whole(folder):
    with open_collection([str(folder)], DEFAULT_LIMITS) as collection:
        entries = list(collection)
    whole = read_instances(entries, DEFAULT_LIMITS)
    cuts = [0, 7, 30, len(entries)]
    parts = joined([read_instances(entries[a:b], DEFAULT_LIMITS) for a, b in zip(cuts, cuts[1:], strict=False)])
    assert parts.outcomes == whole.outcomes and parts.doubtful == whole.doubtful
    assert (parts.rows.file == whole.rows.file).all() and (parts.rows.frame == whole.rows.frame).all()
    for name, column in whole.rows.numbers.items():
        np.testing.assert_array_equal(parts.rows.numbers[name], column)
    for name, texts in whole.rows.texts.items():
        assert [parts.rows.texts[name].at(row) for row in range(len(whole.rows))] == [
            texts.at(row) for row in range(len(whole.rows))
        ]
    both = [survey(each, DEFAULT_LIMITS, "split", Tolerances()) for each in (parts, whole)]
    assert both[0].report == both[1].report


def test_early_series_cost_a_small_share_of_reading(folder, small_parts, monkeypatch):
    asked = []
    monkeypatch.setattr(early_series.EarlySeries, "_complete", lambda self, folder: asked.append(folder) or [])
    run(folder, 0.0)
    assert not asked


def test_phases_that_come_early_keep_their_ids(folder, small_parts):
    discovery, events = run(folder, 1e9)
    (entry,) = [item for item in discovery.items if item.phases]
    told_of = [item for kind, item in events if kind == "item" and item.phases]
    assert {part.id for item in told_of for part in item.parts} == {part.id for part in entry.parts}
    assert all(discovery.items.get(part.id) is part for part in entry.parts)
