"""Data sets of PyTorch: values and places by pydicom, memory that is shared, workers, files that cannot be read."""

from __future__ import annotations

import importlib
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from found_volumes import catalog_of
from hounsfield.series.volumes import Volumes
from hounsfield.steps import Step
from hounsfield.training.equal_shapes import of_shape
from hounsfield.training.skipping import Skipped

from conftest import Lazily
from series_made import corner as corner_of
from series_made import ct, edit, expected, with_padding

DOCS = Path(__file__).parents[2] / "docs" / "howto" / "training.md"


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("data_sets", "torch.utils.data", "torch"), ("monai_reader", "monai.data.image_reader", "monai")],
)
def test_without_the_package_the_command_that_installs_it_is_said(monkeypatch, name, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"hounsfield.training.{name}", raising=False)
    with pytest.raises(hu.MissingDependencyError, match=re.escape(f'needs {extra}: pip install "hounsfield[{extra}]"')):
        importlib.import_module(f"hounsfield.training.{name}")


def test_some_slices_are_read_by_themselves(tmp_path):
    made = ct(tmp_path / "ct", tilt=10)
    edit(made.files[3], with_padding(0, slice(2, 5)))
    volumes = hu.read_volumes(tmp_path)
    whole = volumes[0]
    for start, stop in ((0, 8), (0, 1), (3, 4), (2, 7)):
        some, same = volumes.load(0, start, stop), whole[start:stop]
        assert np.array_equal(some.values, same.values)
        assert some.affine.tolist() == same.affine.tolist()
        assert some.sources == same.sources
        assert [step for step in some.steps if step.name == "slices"] == [
            step for step in same.steps if step.name == "slices"
        ] * (stop - start < 8)
        assert (some.padding is not None) == (start <= 3 < stop)
    assert volumes.load(0) is not volumes.load(0)  # whoever changes one changes no other
    for start, stop in ((3, 3), (-1, 2), (5, 9)):
        with pytest.raises(IndexError, match="there are 8"):
            volumes.load(0, start, stop)


def test_slices_of_a_volume_over_gaps_are_those_of_the_whole(tmp_path):
    ct(tmp_path / "ct", missing=(3,))
    volumes = hu.read_volumes(tmp_path, gaps="resample")
    assert np.array_equal(volumes.load(0, 2, 5).values, volumes[0][2:5].values)
    assert volumes.load(0, 2, 5).affine.tolist() == volumes[0][2:5].affine.tolist()


@pytest.mark.parametrize("shape", [(8, 24, 24), (3, 40, 9), (None, 5, 30), (11, None, None)])
def test_cropped_and_padded_volumes_keep_every_voxel_at_its_place(tmp_path, shape):
    ct(tmp_path / "ct", tilt=10, noise=5)
    volume = hu.read_volumes(tmp_path)[0]
    fitted = of_shape(volume, shape)
    assert fitted.shape == tuple(n if wanted is None else wanted for n, wanted in zip((8, 24, 24), shape, strict=True))
    there = np.zeros(fitted.shape, bool) if fitted.padding is None else fitted.padding
    kept = 0
    for index in np.ndindex(*fitted.shape):
        was = volume.to_index(fitted.to_lps(index))
        inside = bool((was > -0.5).all() and (was < np.array(volume.shape) - 0.5).all())
        assert there[index] == (not inside)
        assert fitted.values[index] == (volume.values[tuple(was.round().astype(int))] if inside else -1024)
        kept += inside
    assert kept == np.prod([min(a, b) for a, b in zip(fitted.shape, volume.shape, strict=True)])
    assert not of_shape(hu.mask(volume), (20, 20, 20)).values[0].any()
    assert not fitted.steps or all(isinstance(step, Step) for step in fitted.steps)


@pytest.fixture(scope="module")
def torch():
    return Lazily("torch")


@pytest.fixture(scope="module")
def training(torch):
    return importlib.import_module("hounsfield.training")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Four series of eight slices, a localizer, and a report beside them."""
    folder = tmp_path_factory.mktemp("training") / "study"
    for number in range(4):
        ct(folder / str(number), seed=number, noise=3)
    scout = ct(folder / "scout", slices=1)
    edit(scout.files[0], ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    (folder / "README.txt").write_text("hello")
    return folder


@pytest.mark.long
def test_items_hold_the_values_and_places_of_the_files(training, study, torch):
    dataset = training.VolumeDataset(study, padding=True, mask={"above": 40, "fill": False, "opening": 0})
    assert len(dataset) == 4
    for item in (dataset[index] for index in range(4)):
        files = sorted(Path(str(dataset.facts[item["index"]].index) and study / str(item["index"])).glob("*"))
        files.sort(key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2])
        values = np.stack([expected(str(path)) for path in files])
        assert item["image"].dtype == torch.float32
        assert np.array_equal(item["image"][0].numpy(), values)
        assert np.array_equal(item["mask"][0].numpy(), values > 40)
        assert (item["unit"], item["source"]) == ("HU", f"{study}[{item['index']}]")
        assert (item["affine"].dtype, item["spacing"].dtype) == (torch.float64, torch.float64)
        for place, path in ((0, files[0]), (7, files[7])):
            header = pydicom.dcmread(path)
            for row, column in ((0, 0), (23, 0), (5, 23)):
                found = item["affine"].numpy() @ [place, row, column, 1]
                assert np.allclose(found[:3], corner_of(header, row, column), atol=1e-6)
        assert not item["padding"].any()


@pytest.mark.long
def test_tensors_are_the_memory_that_was_read_into(training, study, monkeypatch):
    read, load = [], Volumes.load
    monkeypatch.setattr(Volumes, "load", lambda *args, **options: read.append(load(*args, **options)) or read[-1])
    for dataset in (
        training.VolumeDataset(study),
        training.SliceDataset(study),
        training.VolumeDataset(study, dtype=None),
    ):
        item = dataset[0]
        assert item["image"].data_ptr() == read[-1].values.ctypes.data
    cut = training.VolumeDataset(study, shape=(4, 8, 8))[0]["image"]
    start, end = (
        (address for address in np.lib.array_utils.byte_bounds(read[-1].values))
        if hasattr(np.lib, "array_utils")
        else np.byte_bounds(read[-1].values)
    )
    assert start <= cut.data_ptr() < end
    item["image"] += 1000
    assert dataset[0]["image"].max() < item["image"].max()  # nothing of an item is kept


@pytest.mark.long
def test_slices_and_single_images_are_items(training, study, tmp_path):
    dataset = training.SliceDataset(study, mask="bone")
    assert len(dataset) == 33
    for index in (0, 9, 31, 32, -1):
        item = dataset[index]
        header = pydicom.dcmread(item["source"])
        assert np.array_equal(item["image"][0].numpy(), expected(item["source"]))
        assert item["mask"].shape == item["image"].shape == (1, 24, 24)
        assert np.allclose(item["affine"].numpy() @ [0, 3, 7, 1], [*corner_of(header, 3, 7), 1], atol=1e-6)
    assert training.SliceDataset(study, shape=(10, 30))[3]["image"].shape == (1, 10, 30)
    with pytest.raises(IndexError):
        dataset[33]


@pytest.mark.long
def test_every_kind_of_source_gives_the_same(training, study, tmp_path):
    catalog_of(tmp_path / "catalog", study)
    expected = training.VolumeDataset(study)
    chosen = hu.read_volumes(study)[1:3]
    with hu.Catalog(tmp_path / "catalog") as catalog:
        for source in (
            str(tmp_path / "catalog"),
            f"{tmp_path / 'catalog'}?SELECT path FROM files",
            catalog,
            [study / "0", study / "1", study / "2", study / "3"],
        ):
            dataset = training.VolumeDataset(source)
            assert len(dataset) == 4
            for index in range(4):
                assert (dataset[index]["image"] == expected[index]["image"]).all()
    picked = training.VolumeDataset(chosen)
    assert [picked[index]["index"] for index in range(2)] == [1, 2]
    assert (picked[0]["image"] == expected[1]["image"]).all()
    assert str(picked[0]["image"].dtype) == "torch.float32"


def double(item):
    return item | {"image": item["image"] * 2}


def upper_half(volume):
    return np.broadcast_to(np.arange(volume.shape[1])[:, None] < volume.shape[1] // 2, volume.shape).copy()


@pytest.mark.long
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_give_what_this_process_gives(training, study, start):
    data = importlib.import_module("torch.utils.data")
    dataset = training.VolumeDataset(study, transform=double, mask=upper_half, spacing=6.0, shape=(8, 20, 20))
    hu.mask(hu.read_volumes(study)[0])  # what threads leave behind must not stop a process that is forked
    loader = data.DataLoader(dataset, batch_size=3, num_workers=2, multiprocessing_context=start)
    batches = list(loader)
    here = list(data.DataLoader(dataset, batch_size=3))
    assert [tuple(batch["image"].shape) for batch in batches] == [(3, 1, 8, 20, 20), (1, 1, 8, 20, 20)]
    for batch, same in zip(batches, here, strict=True):
        assert batch.keys() == same.keys()
        for key in ("image", "mask", "affine", "spacing", "index"):
            assert (batch[key] == same[key]).all()
        assert (batch["unit"], batch["source"]) == (same["unit"], same["source"])
    slices = training.SliceDataset(study)
    assert (
        sum(len(batch["image"]) for batch in data.DataLoader(slices, 8, num_workers=2, multiprocessing_context=start))
        == 33
    )


@pytest.mark.long
def test_a_worker_walks_nothing_again(training, study, tmp_path):
    dataset = training.VolumeDataset(ct(tmp_path / "ct").folder)
    again = pickle.loads(pickle.dumps(dataset))
    (tmp_path / "ct" / "new.dcm").write_bytes(b"no DICOM")
    assert (again[0]["image"] == dataset[0]["image"]).all()


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
def test_files_that_cannot_be_read_are_errors_or_are_told(training, tmp_path):
    for number in range(3):
        ct(tmp_path / str(number), seed=number)
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")
    with pytest.raises(hu.SourceError, match=r"broken\.dcm.*on_error='skip'"):
        training.VolumeDataset(tmp_path)
    dataset = training.VolumeDataset(tmp_path, on_error="skip")
    assert [Path(one.source).name for one in dataset.skipped] == ["broken.dcm"]
    lost = Path(dataset[1]["source"].partition("[")[0]) / "1"
    for path in lost.iterdir():
        path.unlink()
    assert isinstance(dataset[1], Skipped)
    data = importlib.import_module("torch.utils.data")
    for workers in (0, 2):
        (batch,) = data.DataLoader(dataset, batch_size=3, collate_fn=training.collate, num_workers=workers)
        assert batch["image"].shape == (2, 1, 8, 24, 24)
        (skipped,) = batch["skipped"]
        assert skipped.source == f"{tmp_path}[1]"
        assert "no such file" in skipped.why
    (alone,) = data.DataLoader([dataset[1]], collate_fn=training.collate)
    assert alone == {"skipped": [skipped]}
    (tmp_path / "broken.dcm").unlink()
    for path in (tmp_path / "2").iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(hu.HounsfieldError, match="pixel"):
        training.VolumeDataset(tmp_path / "2")[0]


@pytest.mark.long
def test_what_makes_no_item_is_refused(training, study):
    for options, error in [
        ({"mask": 3}, TypeError),
        ({"mask": "liver"}, ValueError),
        ({"shape": (3, 4)}, ValueError),
        ({"shape": (3, 4, 0)}, ValueError),
        ({"on_error": "ignore"}, ValueError),
    ]:
        with pytest.raises(error):
            training.VolumeDataset(study, **options)
    with pytest.raises(ValueError, match="mask= gave"):
        training.VolumeDataset(study, mask=lambda volume: volume.values)[0]


@pytest.mark.long
def test_colour_comes_first_and_what_is_not_known_is_nan(training, sample):
    item = training.SliceDataset(sample("SC_rgb_rle.dcm"))[0]
    image = hu.read(sample("SC_rgb_rle.dcm"))
    assert np.array_equal(item["image"].numpy(), np.moveaxis(image.values, -1, 0))
    assert item["affine"].isnan().all()
    assert item["spacing"].isnan().all()


@pytest.mark.long
def test_the_loop_of_the_page_runs_and_prints_what_it_says(torch, tmp_path):
    text = DOCS.read_text()
    code, printed = (
        re.search(r"```python\n(.*?)```", text, re.DOTALL)[1],
        re.search(r"```text\n(.*?)```", text, re.DOTALL)[1],
    )
    assert code.count("\n") <= 25
    for number in range(4):
        hu.phantom(tmp_path / "ct" / str(number), matrix=(48, 64, 64, 80)[number], slices=12, seed=number)
    (tmp_path / "loop.py").write_text(code)
    run = [sys.executable, "-W", "error::hounsfield.AssumptionWarning", "loop.py"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == printed, done.stderr
