"""Catalogs of a store of S3, which moto is here: rows, requests, failures, names, and what is never told."""

import importlib.util
import json
from contextlib import closing
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.catalog import writing
from hounsfield.catalog.checking import verify
from hounsfield.catalog.row_files import FILE_OF_ROW, entries_of
from hounsfield.catalog.scan_outcome import ScanListener
from hounsfield.catalog.writing import scan_into
from hounsfield.errors import SourceError
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources.remote import remote_files

from catalogs import paths, rows, small_file, tree
from cli_runner import hu_here
from conftest import package_folder
from object_store import KEY, SECRET, object_store

for package in ("moto", "s3fs", "boto3", "flask"):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f'{package} is not installed: pip install "hounsfield[stores]"', allow_module_level=True)

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore:unclosed:ResourceWarning", "ignore:Unclosed:ResourceWarning"
    ),
]
FILES = package_folder("pydicom") / "data" / "test_files"


@pytest.fixture(scope="module")
def running():
    with object_store() as store:
        yield store


@pytest.fixture
def store(running, monkeypatch, request):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    configured(monkeypatch, {"endpoint_url": running.address})
    running.bucket = f"b{abs(hash(request.node.name)) % 10**9}"
    running.client.create_bucket(Bucket=running.bucket)
    running.reset()
    return running


def configured(monkeypatch, options):
    """What FSSPEC_S3_ENDPOINT_URL and the like set up, for this process."""
    from fsspec.config import conf

    monkeypatch.setitem(conf, "s3", options)


def put(store, files):
    for key, data in files.items():
        store.client.put_object(Bucket=store.bucket, Key=key, Body=data)
    store.reset()


def scan(store, folder, below="", **options):
    failed = []
    listener = ScanListener(failed=lambda *one: failed.append(one))
    done = scan_into(folder, [f"s3://{store.bucket}{below}"], listener=listener, **options)
    return done, failed


def without_place(found):
    own = ("path", "mtime", "listed_time")
    return [{name: value for name, value in row.items() if name not in own} for row in found]


def test_rows_are_those_of_the_same_files_on_a_disk(store, tmp_path):
    local = tree(tmp_path / "data", 6, 50)
    # Archives, and what is compressed as a whole, are opened on a disk only.
    real = [path for path in sorted(FILES.iterdir()) if path.is_file() and path.suffix not in (".zip", ".gz")]
    (local / "real").mkdir()
    for path in real:
        (local / "real" / path.name).write_bytes(path.read_bytes())
    files = {str(path.relative_to(local)): path.read_bytes() for path in sorted(local.rglob("*")) if path.is_file()}
    put(store, files)
    done, failed = scan(store, tmp_path / "remote", "/")
    scan_into(tmp_path / "local", [local])
    assert done.files == len(files)
    here, there = rows(tmp_path / "local"), rows(tmp_path / "remote")
    assert [row["path"].removeprefix(f"{local}/") for row in here] == [
        row["path"].removeprefix(f"s3://{store.bucket}/") for row in there
    ]
    for mine, theirs in zip(without_place(here), without_place(there), strict=True):
        assert theirs == mine
    assert all(row["mtime"] is not None for row in there)
    # A list, and a part of each object; more for those whose headers are unusual, or are compared with their copies.
    small = [(method, key) for method, key, _ in store.asked if key.startswith("s0")]
    assert sorted(small) == sorted(("GET", key) for key in files if key.startswith("s0"))
    assert store.requests["GET"] <= len(files) + 4 * len(real)
    assert verify(tmp_path / "remote").problems == []


def test_only_beginnings_are_fetched_and_one_request_is_enough(store, tmp_path):
    large = small_file(0) + bytes(2**20)
    put(store, {f"{number:03d}.dcm": small_file(number) + large[len(small_file(0)) :] for number in range(40)})
    done, failed = scan(store, tmp_path / "catalog")
    assert (done.new, failed) == (40, [])
    assert store.requests["HEAD"] <= 1
    assert sorted(store.opened()) == [f"{number:03d}.dcm" for number in range(40)]
    assert store.sent < 40 * 2**15 + 40 * 1000


def test_a_store_that_refuses_signed_addresses_is_asked_by_its_client(store, tmp_path):
    put(store, {f"{number:04d}.dcm": small_file(number) for number in range(600)})
    store.refuses_signed = True
    done, failed = scan(store, tmp_path / "catalog")
    assert (done.new, failed) == (600, [])
    assert 0 < store.signed <= 2 * 256  # those that were under way when it was noticed
    store.reset()
    scan(store, tmp_path / "other")
    assert (store.signed, store.requests["GET"]) == (600, 600)
    assert paths(tmp_path / "catalog") == paths(tmp_path / "other")


def test_a_list_and_a_single_look_tell_the_same_of_a_change(store):
    put(store, {f"{number}.dcm": small_file(number) for number in range(3)})
    listed = remote_files(f"s3://{store.bucket}/", hu.Limits())
    assert len({file.stamp for file in listed}) == 3
    for file in listed:
        (alone,) = remote_files(file.name, hu.Limits())
        assert (alone.stamp, alone.changed, alone.size) == (file.stamp, file.changed, file.size)


def test_a_second_scan_opens_what_came_or_changed(store, tmp_path):
    put(store, {f"s{number // 20}/{number:03d}.dcm": small_file(number) for number in range(60)})
    scan(store, tmp_path / "catalog")
    store.reset()
    done, _ = scan(store, tmp_path / "catalog")
    assert (done.unchanged, store.opened(), store.requests["GET"]) == (60, [], 0)
    put(store, {"s1/new.dcm": small_file(100), "s2/045.dcm": small_file(101)})  # of the same size, in the same second
    store.client.delete_object(Bucket=store.bucket, Key="s0/007.dcm")
    done, _ = scan(store, tmp_path / "catalog")
    assert (done.new, done.changed, done.vanished, done.unchanged) == (1, 1, 1, 58)
    assert sorted(store.opened()) == ["s1/new.dcm", "s2/045.dcm"]
    uids = {row["path"]: row["SOPInstanceUID"] for row in rows(tmp_path / "catalog")}
    assert uids[f"s3://{store.bucket}/s2/045.dcm"].endswith("1000101")
    assert verify(tmp_path / "catalog").problems == []


def test_an_object_that_fails_has_a_row_that_says_why_and_is_read_again(store, tmp_path):
    put(store, {f"{number}.dcm": small_file(number) for number in range(8)})
    store.failing.update(
        {
            "1.dcm": ["403 AccessDenied"] * 99,
            "2.dcm": ["404 NoSuchKey"] * 99,
            "3.dcm": ["400 Strange"] * 99,
            "4.dcm": ["503 SlowDown"],
            "5.dcm": ["500 InternalError", "500 InternalError"],
        }
    )
    done, failed = scan(store, tmp_path / "catalog")
    reasons = {path.rpartition("/")[2]: why for path, why in failed}
    assert reasons == {"1.dcm": "permission denied", "2.dcm": "no such file", "3.dcm": "the server answers 400"}
    assert SECRET not in json.dumps(rows(tmp_path / "catalog"), default=str)
    store.reset()
    done, failed = scan(store, tmp_path / "catalog")
    assert failed == []
    assert set(store.opened()) == {"1.dcm", "2.dcm", "3.dcm"}
    assert all(row["error"] is None for row in rows(tmp_path / "catalog"))


def test_a_store_that_lasts_in_failing_ends_in_rows_not_in_an_exception(store, tmp_path, monkeypatch):
    import s3fs

    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    put(store, {"0.dcm": small_file(0), "1.dcm": small_file(1)})
    store.failing["1.dcm"] = ["500 InternalError"] * 99
    done, failed = scan(store, tmp_path / "catalog")
    assert [why for _, why in failed] == ["the server answers 500"]
    assert (done.files, done.rows) == (2, 2)


def test_a_bucket_that_is_not_there_and_keys_that_are_wrong(store, tmp_path, monkeypatch):
    code, out, err = hu_here("scan", "s3://there-is-no-such-bucket/x", "-o", f"{tmp_path}/catalog/")
    assert code == 3
    assert "s3://there-is-no-such-bucket/x: no such file" in (out + err) or "1  no such file" in (out + err)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    configured(monkeypatch, {"endpoint_url": store.address, "client_kwargs": {"region_name": "us-west-1"}})
    put(store, {"0.dcm": small_file(0)})
    code, out, err = hu_here("scan", f"s3://{store.bucket}", "-o", f"{tmp_path}/other/")
    assert "the store wants credentials, and none are set up" in (out + err)


def test_nothing_secret_is_told(store, tmp_path, monkeypatch):
    put(store, {"0.dcm": small_file(0), "x.dcm": b"no DICOM"})
    store.failing["0.dcm"] = ["403 AccessDenied"] * 9
    code, out, err = hu_here(
        "scan",
        "-v",
        f"s3://{KEY}:{SECRET.replace('/', '%2F')}@{store.bucket}",
        f"s3://{store.bucket}",
        "-o",
        f"{tmp_path}/c/",
    )
    told = (out + err) + json.dumps(rows(tmp_path / "c"), default=str)
    told += "".join(path.read_text() for path in (tmp_path / "c").glob("manifest-*.json"))
    assert KEY not in told
    assert "s3cr3t" not in told


def test_public_data_wants_no_keys(store, tmp_path, monkeypatch):
    store.client.put_object(Bucket=store.bucket, Key="0.dcm", Body=small_file(0), ACL="public-read")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    configured(monkeypatch, {"endpoint_url": store.address, "anon": True})
    done, failed = scan(store, tmp_path / "catalog")
    assert (done.new, failed) == (1, [])


def test_the_endpoint_of_the_environment(store, tmp_path, monkeypatch):
    from fsspec.config import conf, set_conf_env

    put(store, {"0.dcm": small_file(0)})
    monkeypatch.delitem(conf, "s3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.address)
    assert scan(store, tmp_path / "one")[0].new == 1
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    set_conf_env(conf, {"FSSPEC_S3_ENDPOINT_URL": store.address})
    assert scan(store, tmp_path / "two")[0].new == 1


ODD = [
    "a b.dcm",
    "100%.dcm",
    "a%20b.dcm",
    "what?.dcm",
    "what?else.dcm",
    "a#1.dcm",
    "a#2.dcm",
    "Größe/日本.dcm",
    "[1]*.dcm",
    "a+b&c=d.dcm",
    "a//b.dcm",
    "'q\".dcm",
]


def test_odd_names_are_told_apart_and_open_again(store, tmp_path):
    put(store, {key: small_file(number) for number, key in enumerate(ODD)} | {"folder/": b""})
    done, failed = scan(store, tmp_path / "catalog")
    assert (done.new, failed) == (len(ODD), [])
    found = {row["path"]: row["SOPInstanceUID"] for row in rows(tmp_path / "catalog")}
    assert {path.removeprefix(f"s3://{store.bucket}/") for path in found} == set(ODD)
    for path, uid in found.items():
        assert hu.info(path)["SOPInstanceUID"] == uid
    assert scan(store, tmp_path / "catalog")[0].unchanged == len(ODD)
    for key in ("what?.dcm", "a#1.dcm", "a b.dcm"):
        done, _ = scan(store, tmp_path / f"one{ODD.index(key)}", f"/{key}")
        assert paths(tmp_path / f"one{ODD.index(key)}") == [f"s3://{store.bucket}/{key}"]


def test_a_survey_asks_twice_of_a_file_that_it_opens(store, tmp_path, monkeypatch):
    names = {"several.dcm": "eCT_Supplemental.dcm", "small.dcm": "emri_small.dcm", "a.dcm": "CT_small.dcm"}
    put(store, {key: Path(get_testdata_file(name)).read_bytes() for key, name in names.items()})
    surveyed = writing.derive
    asked = []

    def derive(*arguments, **options):
        store.reset()
        made = surveyed(*arguments, **options)
        asked.extend((method, key) for method, key, _ in store.asked)
        return made

    monkeypatch.setattr(writing, "derive", derive)
    scan(store, tmp_path / "catalog")
    assert sorted(asked) == [(method, key) for method in ("GET", "HEAD") for key in ("several.dcm", "small.dcm")]


@pytest.mark.parametrize("change", ["other bytes", "more bytes", "gone"])
def test_what_has_changed_in_a_store_is_not_taken_for_what_was_scanned(store, tmp_path, change):
    data = Path(get_testdata_file("emri_small.dcm")).read_bytes()
    put(store, {"a.dcm": data})
    scan(store, tmp_path / "catalog")
    with hu.Catalog(tmp_path / "catalog") as catalog:
        (entry,) = entries_of(catalog.rows(list(FILE_OF_ROW)))
    with closing(entry.open(DEFAULT_LIMITS)) as source:
        assert source.size == len(data)
    if change == "gone":
        store.client.delete_object(Bucket=store.bucket, Key="a.dcm")
    else:
        put(store, {"a.dcm": data[:-1] + b"x" if change == "other bytes" else data + b"x"})
    with pytest.raises(SourceError, match="no such file" if change == "gone" else "has changed"):
        entry.open(DEFAULT_LIMITS)
