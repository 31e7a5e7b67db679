"""A full disk: an error that says so, and the catalog as it was; the next run, with room, ends as if nothing had been."""

import builtins
import contextlib
import errno
import io
import os
import shutil
import stat
import subprocess
import sys

import pytest

import hounsfield as hu
from hounsfield.catalog import manifest, shards
from hounsfield.catalog.checking import verify
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.querying import Database
from hounsfield.catalog.writing import scan_into

from catalogs import rows, small_file, tree
from cli_runner import hu_here


class Disk:
    """Fails at one of the calls that write, and counts them."""

    def __init__(self, monkeypatch):
        self.fails_at, self.lasts, self.calls = 0, False, list[str]()
        for name in ("fsync", "link", "replace"):
            monkeypatch.setattr(os, name, self.before(getattr(os, name)))
        for module in (manifest, shards):
            monkeypatch.setattr(module, "open", self.open, raising=False)

    def before(self, call):
        def called(*arguments, **options):
            # That names are written is asked for where the system can be asked: nothing is lost where it refuses.
            if call.__name__ != "fsync" or stat.S_ISREG(os.fstat(arguments[0]).st_mode):
                self.take(call.__name__)
            return call(*arguments, **options)

        return called

    def take(self, what):
        self.calls.append(what)
        count = len(self.calls)
        if count == self.fails_at or (self.lasts and count > self.fails_at > 0):
            raise OSError(errno.ENOSPC, "No space left on device")

    def open(self, path, mode="r", **options):
        if "x" not in mode:
            return builtins.open(path, mode, **options)
        self.take("open")
        raw = Filling(self, path, "xb")
        return raw if "b" in mode else io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")


class Filling(io.FileIO):
    def __init__(self, disk, path, mode):
        super().__init__(path, mode)
        self.disk = disk

    def write(self, data):
        self.disk.take("write")
        return super().write(data)


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def grown(room):
    """A catalog, and a tree in which something changed since."""
    data = tree(room / "data", 3, 3)
    hu.phantom(data / "phantom", matrix=16, slices=3)
    for index in range(3):
        scan_into(room / "catalog", [data])
        (data / "s000" / f"more{index}").write_bytes(small_file(100 + index))
    (data / "s001" / "0001.dcm").unlink()
    return room / "catalog", data


def files_of(catalog):
    return sorted(str(path.relative_to(catalog)) for path in catalog.rglob("*") if path.is_file())


def plain(catalog):
    return [{name: value for name, value in row.items() if name != "vanished"} for row in rows(catalog)]


def derived(catalog):
    database = Database(catalog, read_manifest(catalog))
    try:
        return [database.query(f"SELECT * FROM {name} ORDER BY ALL").to_pylist() for name in ("series", "volumes")]
    finally:
        database.close()


@pytest.mark.long
@pytest.mark.parametrize(
    "job, every",
    [
        ("scan", 40),
        ("compact", 40),
        pytest.param("scan", 1, marks=pytest.mark.long),
        pytest.param("compact", 1, marks=pytest.mark.long),
    ],
)
def test_at_any_write(tmp_path, disk, job, every):
    catalog, data = grown(tmp_path)
    run = {"scan": lambda there: scan_into(there, [data]), "compact": lambda there: compact(there, orphan=0)}[job]
    shutil.copytree(catalog, tmp_path / "whole")
    disk.calls.clear()
    run(tmp_path / "whole")
    calls, before, after = disk.calls, plain(catalog), plain(tmp_path / "whole")
    writes = [number for number, what in enumerate(calls, 1) if what == "write"]
    others = [number for number, what in enumerate(calls, 1) if what != "write"]
    assert len(writes) > 100
    assert len(others) > 10
    assert (before == after) == (job == "compact")
    for number in sorted(others[::every] + writes[:: every * 20]):
        disk.lasts = number % 2 == 0  # the disk stays full, or somebody makes room
        there = tmp_path / f"{number}"
        shutil.copytree(catalog, there)
        disk.calls, disk.fails_at = [], number
        with contextlib.suppress(hu.OutputError):
            run(there)
            assert len(disk.calls) < number, "no error was told"
        disk.fails_at = 0
        # All of it, or what was committed before the disk was full: each state is whole.
        assert plain(there) in (before, after)
        assert verify(there).problems == []
        assert not [name for name in files_of(there) if ".part" in name]
        run(there)
        assert plain(there) == after
        assert derived(there) == derived(tmp_path / "whole")
        assert verify(there).problems == []
        shutil.rmtree(there)


def test_the_command_says_so(tmp_path, disk):
    catalog, data = grown(tmp_path)
    disk.calls, disk.fails_at, disk.lasts = [], 3, True
    code, _, err = hu_here("scan", data, "-o", f"{catalog}/")
    assert code == 5
    assert "no space left on device; the catalog is whole" in err
    code, _, err = hu_here("catalog", "compact", catalog)
    assert (code, "no space left on device" in err) == (5, True)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 400 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if sys.platform != "linux" or os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount a small file system")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.long
def test_a_disk_that_is_really_full(small_disk, tmp_path):
    data = tree(tmp_path / "data", 4, 3)
    catalog = small_disk / "catalog"
    scan_into(catalog, [data])
    before = plain(catalog)
    ballast = small_disk / "ballast"
    tree(tmp_path / "data", 4, 40, 500)
    scan_into(tmp_path / "other", [data])
    refused = 0
    for left in (0, 4, 12, 24, 48, 96):
        ballast.write_bytes(b"")
        free = os.statvfs(small_disk).f_bavail * 4096
        ballast.write_bytes(bytes(max(free - left * 1024, 0)))
        code, _, err = hu_here("scan", data, "-o", f"{catalog}/")
        refused += code == 5
        assert (code == 0) or "no space left on device; the catalog is whole" in err
        assert verify(catalog).problems == []
        assert plain(catalog) in (before, plain(tmp_path / "other"))
    assert refused >= 2
    ballast.unlink()
    assert hu_here("scan", data, "-o", f"{catalog}/")[0] == 0
    assert plain(catalog) == plain(tmp_path / "other")
    scan_into(catalog, [tree(tmp_path / "more", 1, 5, 900)])
    before = plain(catalog)
    ballast.write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4096))
    with pytest.raises(hu.OutputError, match="no space left on device"):
        compact(catalog)
    assert plain(catalog) == before
