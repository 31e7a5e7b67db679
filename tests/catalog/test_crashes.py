"""Whatever happens to who writes a catalog, it is whole, and the next scan ends where an undisturbed one would."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from hounsfield.catalog import writing
from hounsfield.catalog.checking import verify
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.manifest import is_catalog, read_manifest
from hounsfield.catalog.writing import scan_into

from catalogs import derived, ended, headers, paths, rows, started, tree
from cli_runner import signals_heard

SCAN = "scan_into(sys.argv[1], sys.argv[2:])"
COMPACT = "compact(sys.argv[1], rows=2_000)"


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(writing, "_FILES", 200)


def how_long(code, *arguments):
    process, start = started(code, *arguments), time.perf_counter()
    ended(process)
    return time.perf_counter() - start


def killed(code, seconds, *arguments):
    """Run a program for so long, then kill it; return whether it had come to its end."""
    process = started(code, *arguments)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == 0


def check_killed_scans(tmp_path, times, folders, scan=SCAN, **options):
    data = tree(tmp_path / "data", folders, 60)
    whole = tmp_path / "whole"
    seconds = how_long(scan, whole, data)
    expected, texts, series = rows(whole), headers(whole) if options else [], derived(whole)
    chance = random.Random(15)
    midway = 0
    for number in range(times):
        catalog = tmp_path / f"catalog{number}"
        done = killed(scan, chance.uniform(0, 1.2 * seconds), catalog, data)
        if not done and is_catalog(catalog):
            assert verify(catalog).problems == []
            midway += 0 < read_manifest(catalog).rows < len(expected)
        scan_into(catalog, [data], **options)
        assert rows(catalog) == expected
        assert derived(catalog) == series
        assert not options or headers(catalog) == texts
        assert (verify(catalog).problems, verify(catalog).tables) == ([], [])
        shutil.rmtree(catalog)
    return midway


def check_killed_compactions(tmp_path, times, folders, **options):
    data = tree(tmp_path / "data", folders, 60)
    many = tmp_path / "many"
    scan_into(many, [data], **options)
    for path in sorted(data.glob("*/0000.dcm")):
        path.unlink()
    scan_into(many, [data])
    assert len(read_manifest(many).shards) > 4
    expected, texts, series = rows(many), headers(many) if options else [], derived(many)
    whole = shutil.copytree(many, tmp_path / "whole")
    seconds = how_long(COMPACT, whole)
    assert rows(whole) == expected
    chance = random.Random(15)
    ends = 0
    for number in range(times):
        catalog = shutil.copytree(many, tmp_path / f"catalog{number}")
        ends += killed(COMPACT, chance.uniform(0, 1.2 * seconds), catalog)
        assert rows(catalog) == expected
        assert not options or headers(catalog) == texts
        assert verify(catalog).problems == []
        compact(catalog, rows=2_000, orphan=0)
        assert (rows(catalog), derived(catalog), verify(catalog).tables) == (expected, series, [])
        named = {shard.name for shard in read_manifest(catalog).shards}
        for room in ("instances", "pieces", *(["headers"] if options else [])):
            assert {path.name for path in (catalog / room).iterdir()} == {f"{name}.parquet" for name in named}
        assert scan_into(catalog, [data]).new == 0
        shutil.rmtree(catalog)
    return ends


@pytest.mark.long
def test_a_killed_scan_goes_on_where_it_was(tmp_path):
    check_killed_scans(tmp_path, 2, 15)


@pytest.mark.long
def test_a_killed_compaction_changes_no_row(tmp_path):
    check_killed_compactions(tmp_path, 2, 15)


WITH_HEADERS = "scan_into(sys.argv[1], sys.argv[2:], headers=True)"


@pytest.mark.long
def test_a_killed_scan_with_headers_goes_on_where_it_was(tmp_path):
    check_killed_scans(tmp_path, 2, 10, WITH_HEADERS, headers=True)


@pytest.mark.long
def test_a_killed_compaction_changes_no_header(tmp_path):
    check_killed_compactions(tmp_path, 2, 15, headers=True)


#: How often scans and compactions are killed; HOUNSFIELD_KILLS=50 takes some ten minutes.
KILLS = int(os.environ.get("HOUNSFIELD_KILLS", "8"))


@pytest.mark.long
def test_many_killed_scans(tmp_path):
    assert check_killed_scans(tmp_path, KILLS, 80) >= KILLS // 5


@pytest.mark.long
def test_many_killed_scans_with_headers(tmp_path):
    assert check_killed_scans(tmp_path, KILLS, 40, WITH_HEADERS, headers=True) >= KILLS // 5


@pytest.mark.long
def test_many_killed_compactions_with_headers(tmp_path):
    assert check_killed_compactions(tmp_path, KILLS, 40, headers=True) < KILLS


@pytest.mark.long
def test_many_killed_compactions(tmp_path):
    assert check_killed_compactions(tmp_path, KILLS, 80) < KILLS


def check_writers(tmp_path, folders, others):
    """Two scans of overlapping folders at once, and whatever else is at work."""
    data = tree(tmp_path / "data", folders, 60)
    scan_into(tmp_path / "whole", [data])
    catalog = tmp_path / "catalog"
    first = started(SCAN, catalog, data)
    second = started(SCAN, catalog, *sorted(data.iterdir(), reverse=True)[: folders // 2], data / "s000" / "0003.dcm")
    rest = [started(code, *arguments) for code, *arguments in others(catalog, data)]
    for process in (first, second, *rest):
        ended(process)
    assert verify(catalog).problems == []
    assert rows(catalog) == rows(tmp_path / "whole")
    assert derived(catalog) == derived(tmp_path / "whole")
    assert scan_into(catalog, [data]).unchanged == folders * 60


@pytest.mark.long
def test_two_writers_at_once(tmp_path):
    check_writers(tmp_path, 20, lambda catalog, data: [])


@pytest.mark.long
def test_many_writers_at_once(tmp_path):
    compacting = (
        "import time\nfrom hounsfield.catalog.manifest import is_catalog\n"
        "for _ in range(40):\n    time.sleep(0.03)\n    if is_catalog(sys.argv[1]): compact(sys.argv[1])"
    )
    for number in range(2):
        here = tmp_path / str(number)
        check_writers(here, 40, lambda catalog, data: [(SCAN, catalog, data), (compacting, catalog)])
        shutil.rmtree(here)


FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from hounsfield.errors import OutputError
try:
    scan_into(sys.argv[1], sys.argv[2:])
except OutputError as error:
    print(error)
"""


@pytest.mark.long
def test_a_full_disk_is_an_error_and_the_catalog_stays(tmp_path):
    data = tree(tmp_path / "data", 4, 60)
    catalog = tmp_path / "catalog"
    scan_into(catalog, [data])
    before, number = rows(catalog), read_manifest(catalog).number
    tree(data / "more", 10, 60, first=10_000)
    process = started(FULL, catalog, data)
    said, errors = process.communicate(timeout=60)
    assert (process.returncode, b"file too large" in said) == (0, True), errors.decode()
    assert (rows(catalog), verify(catalog).problems, read_manifest(catalog).number) == (before, [], number)
    leftovers = [path for path in catalog.rglob("*") if path.name.endswith(".hu-part")]
    assert leftovers == []
    scan_into(catalog, [data])
    assert len(paths(catalog)) == 14 * 60


@pytest.mark.long
def test_a_disk_that_is_really_full(tmp_path):
    """A file system of a megabyte, where root may mount one."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("nothing can be mounted")
    try:
        data = tree(tmp_path / "data", 4, 60)
        scan_into(small / "catalog", [data])
        before = rows(small / "catalog")
        tree(data / "more", 10, 60, first=10_000)
        with contextlib.suppress(OSError), open(small / "fill", "wb", buffering=0) as file:
            while file.write(bytes(1000)):
                pass
        command = [sys.executable, "-m", "hounsfield", "scan", str(data), "-o", str(small / "catalog")]
        run = subprocess.run(command, capture_output=True, text=True)
        assert (run.returncode, "no space left on device" in run.stderr) == (5, True), run.stderr
        assert rows(small / "catalog") == before
        assert verify(small / "catalog").problems == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.long
def test_interrupted_scans_keep_what_was_written(tmp_path):
    data = tree(tmp_path / "data", 30, 60)
    code = (
        "import os, signal\nimport hounsfield.catalog.writing as w\nw._FILES = 200\n"
        "add = w.Known.add\n"
        "def added(self, *rest):\n    add(self, *rest)\n    self.manifest.rows > 600 and os.kill(os.getpid(), signal.SIGINT)\n"
        "w.Known.add = added\nfrom hounsfield.cli import main\nmain()"
    )
    command = [sys.executable, "-c", code, "scan", str(data), "-o", f"{tmp_path}/catalog/"]
    with signals_heard():
        run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 130, run.stderr
    kept = read_manifest(tmp_path / "catalog").rows
    assert 600 < kept < 1800
    assert f"interrupted; the catalog keeps what it has, {kept} rows" in run.stderr
    assert scan_into(tmp_path / "catalog", [data]).new == 1800 - kept
