"""Volumes of one series at one place: one item, of which each phase is addressed by itself."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from fourth_axis import AXIAL, series

from made import dataset
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


def trigger(made, volume):
    made.TriggerTime = [0, 50, 120][volume]


def test_phases_are_one_item_and_each_is_the_library_s_volume(tmp_path):
    series(tmp_path, 3, trigger)
    volumes = hu.read_volumes(tmp_path)
    assert len(volumes) == 3
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        ids = item["phases"]["ids"]
        assert (item["phases"]["word"], item["phases"]["labels"]) == ("phase", ["0 ms", "50 ms", "120 ms"])
        assert (item["id"], len(set(ids)), item["files"], item["shape"]) == (ids[0], 3, 12, [4, 16, 12])
        for index, (phase, volume) in enumerate(zip(ids, volumes, strict=True)):
            for n in range(4):
                assert (page.values(f"items/{phase}/frames/{n}") == volume.values[n]).all()
            described = page.json(f"items/{phase}")
            assert described["phases"]["index"] == index and described["phases"]["ids"] == ids
            coronal = volume.reformat("coronal")
            assert (page.values(f"items/{phase}/planes/coronal/5") == coronal.values[5]).all()
            rows = page.json(f"items/{phase}/header?search=TriggerTime")["rows"]
            assert float(rows[0]["value"]) == [0, 50, 120][index]


def test_times_are_the_recorded_ones_and_say_where_they_are_from(tmp_path):
    series(tmp_path, 3, trigger)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        times = page.json(f"items/{item['id']}")["phases"]["times"]
    assert times == {
        "ms": [0, 50, 120],
        "per_second": pytest.approx(1000 * 2 / 120),
        "origin": "TriggerTime",
        "display_only": False,
    }


def test_times_of_acquisition_are_those_of_the_headers(tmp_path):
    series(
        tmp_path,
        3,
        lambda made, volume: made.update(
            {
                "AcquisitionDate": "20260101",
                "AcquisitionTime": f"1000{10 * volume:02}",
                "TemporalPositionIdentifier": volume + 1,
            }
        ),
    )
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        times = page.json(f"items/{item['id']}")["phases"]["times"]
        assert (times["ms"], times["origin"]) == ([0, 10_000, 20_000], "AcquisitionTime")
        assert item["phases"]["word"] == "time point"


def test_b_values_are_told_and_have_no_pace(tmp_path):
    def change(made, volume):
        made.DiffusionBValue = float([0, 500, 1000][volume])
        made.RepetitionTime, made.ScanningSequence = 8000, "EP"

    series(tmp_path, 3, change)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert item["phases"]["word"] == "b-value"
        assert item["phases"]["labels"] == ["b 0 s/mm²", "b 500 s/mm²", "b 1000 s/mm²"]
        assert page.json(f"items/{item['id']}")["phases"]["times"] is None


def test_echoes_have_no_time_between_them(tmp_path):
    series(tmp_path, 2, lambda made, volume: setattr(made, "EchoTime", [20, 80][volume]))
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert (item["phases"]["word"], item["phases"]["labels"]) == ("echo", ["TE 20 ms", "TE 80 ms"])
        assert page.json(f"items/{item['id']}")["phases"]["times"] is None


def test_slices_that_are_looked_at_over_time_are_phases_of_one_slice(tmp_path):
    series(tmp_path, 3, trigger, slices=1)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert (item["kind"], item["frames"], len(item["phases"]["ids"])) == ("image", 1, 3)


def test_a_phase_on_another_grid_stays_an_item_of_its_own(tmp_path):
    """A phase that lacks a slice is shown, and said; so is everything else."""
    files = series(tmp_path, 3, trigger)
    files[5].unlink()
    volumes = hu.read_volumes(tmp_path)
    with shown(tmp_path) as page:
        items = page.state()["items"]
        shown_ids = [key for item in items for key in (item["phases"] or {"ids": [item["id"]]})["ids"]]
        assert len(shown_ids) == len(volumes) == 4
        assert [len((item["phases"] or {"ids": [0]})["ids"]) for item in items] == [2, 1, 1]
        assert any("missing" in note for item in items for note in item["notes"])
        assert sum(item["files"] for item in items) == 11


def test_other_units_and_kinds_of_image_are_items_of_their_own(tmp_path):
    def change(made, volume):
        made.ImageType = ["ORIGINAL", "PRIMARY", "MP"[volume // 2]]
        made.TriggerTime = [0, 50][volume % 2]
        made.AcquisitionNumber = 1 + volume % 2

    series(tmp_path, 4, change)
    with shown(tmp_path) as page:
        items = page.state()["items"]
        assert [len(item["phases"]["ids"]) for item in items] == [2, 2]


def enhanced(path, phases=2, slices=3):
    frames, groups = [], []
    for phase in range(phases):
        for index in range(slices):
            group, position, content, cardiac = Dataset(), Dataset(), Dataset(), Dataset()
            position.ImagePositionPatient = [0, 0, 5 * index]
            content.StackID, content.InStackPositionNumber, content.TemporalPositionIndex = "1", index + 1, phase + 1
            content.DimensionIndexValues = [phase + 1, index + 1]
            cardiac.NominalCardiacTriggerDelayTime = 40.0 * phase
            group.PlanePositionSequence, group.FrameContentSequence = [position], [content]
            group.CardiacSynchronizationSequence = [cardiac]
            groups.append(group)
            frames.append(np.full((16, 12), 100 * phase + index, np.uint16))
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [2, 2], 5
    orientation.ImageOrientationPatient = AXIAL
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    made = dataset(
        np.stack(frames), SOPClassUID="1.2.840.10008.5.1.4.1.1.4.1", Modality="MR", SeriesInstanceUID="1.2.3"
    )
    made.SharedFunctionalGroupsSequence, made.PerFrameFunctionalGroupsSequence = [shared], groups
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.save_as(path, enforce_file_format=True)


def test_an_enhanced_file_of_slices_by_phases_is_one_item(tmp_path):
    enhanced(tmp_path / "a.dcm")
    volumes = list(hu.read_volumes(tmp_path))
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert (item["frames"], item["files"], len(item["phases"]["ids"])) == (3, 1, 2)
        for phase, volume in zip(item["phases"]["ids"], volumes, strict=True):
            assert (page.values(f"items/{phase}/frames/2") == volume.values[2]).all()
        assert page.json(f"items/{item['id']}")["phases"]["times"]["ms"] == [0, 40]


def test_what_tells_phases_apart_is_not_said_where_it_identifies(tmp_path):
    series(tmp_path, 2, lambda made, volume: made.update({"AcquisitionNumber": 1, "AcquisitionTime": f"10000{volume}"}))
    with shown(tmp_path, no_phi=True) as page:
        (item,) = page.state()["items"]
        assert item["phases"]["labels"] == ["", ""] and "10:00" not in str(item)
    with shown(tmp_path) as page:
        assert page.state()["items"][0]["phases"]["labels"] == ["10:00:00", "10:00:01"]


def test_phases_that_do_not_fit_in_memory_are_put_together_only_where_somebody_stays(tmp_path):
    series(tmp_path, 3, trigger)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        first = page.viewing.discovery.items.get(item["id"])
        now = [0.0]
        first.phases.fit, first.phases.clock = False, lambda: now[0]
        for _ in range(2):
            for phase in item["phases"]["ids"]:
                page.get(f"items/{phase}/frames/1")
        page.viewing.assembler.submit(lambda: None).result()
        assert [part.frames.assembled for part in first.parts] == [None] * 3
        page.get(f"items/{item['phases']['ids'][1]}/frames/1")
        now[0] = 1.5
        page.get(f"items/{item['phases']['ids'][1]}/frames/2")
        page.viewing.assembler.submit(lambda: None).result()
        assert [part.frames.assembled is not None for part in first.parts] == [False, True, False]


def test_a_phase_of_a_file_that_is_gone_is_named_and_the_others_go_on(tmp_path):
    files = series(tmp_path, 2, trigger)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        files[1].unlink()
        answers = [page.get(f"items/{phase}/frames/1") for phase in item["phases"]["ids"]]
        assert [answer.status_code for answer in answers] == [422, 200]
        assert files[1].name in answers[0].json()["error"]
