"""The plan for very many images: its numbers, and the page that shows them."""

import dataclasses
import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def scale_plan():
    name = "scale_plan"
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / "scale_plan.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses ask for it
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[name]


def lines(scale_plan, **numbers):
    inputs = dataclasses.replace(scale_plan.Inputs(), **numbers)
    return {(line.part, line.what): line.value for line in scale_plan.plan(inputs)}


def test_the_page_shows_the_plan_and_what_it_starts_from(scale_plan):
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert scale_plan.table(scale_plan.plan(scale_plan.Inputs())) in page, "run python benchmarks/scale_plan.py"
    assert scale_plan.input_table(scale_plan.Inputs()) in page, "run python benchmarks/scale_plan.py --inputs"


def test_a_plan_that_can_be_done_in_the_head(scale_plan):
    plan = lines(
        scale_plan,
        images=1e6,
        slices=100,
        image_bytes=5e5,
        image_seconds=0.0036,
        store_seconds=0.0144,
        gets=2,
        store_wall=0.072,
        catalog_rows=1e6,
        members=10,
        cores=10,
        plan_seconds=0,
        start_seconds=3.6,
        gb_month=0.02,
        core_hour=2,
        thousand_gets=0.5,
    )
    assert plan["data", "series"] == "10,000"
    assert plan["data", "bytes"] == "500 GB"
    assert plan["data", "kept in an object store, a month"] == "$10"
    assert plan["catalogs", "catalogs"] == "1"
    assert plan["shards", "series of a member"] == "1,000"
    assert plan["shards", "core hours of all members before"] == "0.01"
    assert plan["job on a file system", "core hours"] == "1"
    assert plan["job on a file system", "with 10 cores"] == "6 minutes"
    assert plan["job on a file system", "cores, paid on demand"] == "$2.00"
    assert plan["job on an object store", "core hours"] == "5"
    assert plan["job on an object store", "processes that keep a core busy"] == "4.0"
    assert plan["job on an object store", "GET and HEAD requests"] == "2,000,000"
    assert plan["job on an object store", "requests, paid"] == "$1,000"


@pytest.mark.parametrize(("rows", "catalogs"), [(1e6, "10"), (9_999_999, "2"), (1e7, "1"), (1e9, "1")])
def test_catalogs_are_never_larger_than_asked_for(scale_plan, rows, catalogs):
    assert lines(scale_plan, images=1e7, catalog_rows=rows)["catalogs", "catalogs"] == catalogs


def test_every_number_is_an_option_and_says_where_it_is_from(scale_plan, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["scale_plan.py", "--inputs", "--images", "12345"])
    scale_plan.main()
    printed = capsys.readouterr().out
    assert "| `--images` | images | 12,345 |" in printed
    sources = re.findall(r"\| ([^|]*) \|$", printed, re.MULTILINE)[1:]
    assert len(sources) == len(dataclasses.fields(scale_plan.Inputs))
    assert all(source.startswith(("measured: ", "cited: ", "assumption", "choice", "the task")) for source in sources)


@pytest.mark.parametrize("wrong", ["-1", "nan", "inf", "many"])
def test_a_number_that_is_none_is_refused(scale_plan, monkeypatch, capsys, wrong):
    monkeypatch.setattr(sys, "argv", ["scale_plan.py", "--image-bytes", wrong])
    with pytest.raises(SystemExit, match="2"):
        scale_plan.main()
    assert "--image-bytes" in capsys.readouterr().err
