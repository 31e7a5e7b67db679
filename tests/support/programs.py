"""Programs that were copied from the page, run in a fresh process."""

import json
import subprocess
import sys

import numpy as np

#: Runs programs, one after another, and keeps the masks and all that they print.
RUNNER = """
import contextlib, io, json, sys, warnings
import numpy as np
warnings.simplefilter("ignore")
programs, target = json.load(sys.stdin), sys.argv[1]
masks, found = {}, []
for number, text in enumerate(programs):
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, "program", "exec"), names)
    measured = {}
    for name, value in names.items():
        kind = name.partition("_")[0]
        if kind in ("measures", "point"):
            measured[name] = value.to_dict()
        elif kind == "lengths":
            measured[name] = [{"px": one.pixels, "mm": one.mm, "spacing_kind": one.spacing_kind} for one in value]
        elif kind == "profile":
            measured[name] = [value.unit, *(None if v != v else v for v in value.values.tolist())]
        elif kind == "angle":
            measured[name] = value.degrees
        elif kind == "area":
            measured[name] = [value.pixels, value.area_mm2]
    found.append(measured)
    if "mask" in names:
        masks[str(number)] = names["mask"].values
    if "picture" in names:
        masks[f"picture{number}"] = names["picture"]
np.savez(target, **masks)
print(json.dumps(found))
"""


def ran(programs, folder):
    """Run programs in a fresh process; return masks and pictures by number, and what each measured."""
    target = folder / "masks.npz"
    call = [sys.executable, "-c", RUNNER, str(target)]
    done = subprocess.run(call, input=json.dumps(programs), capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    with np.load(target) as file:
        return dict(file), json.loads(done.stdout)


def told(found):
    """What the page says of a shape, as a program has it: the name of the result, and the numbers."""
    if "error" in found:
        return None
    if "length" in found and "values" not in found:
        return [("lengths", [found["length"]])]
    if "long" in found:
        return [("lengths", [found["long"], found["short"]])]
    if "degrees" in found:
        return [("angle", found["degrees"])]
    if "distances" in found:
        return [("profile", [found["unit"], *found["values"]])]
    if "row" in found:
        return [("point", {"lps": None, **{name: found[name] for name in found if name != "kind"}})]
    if isinstance(found.get("values"), str):
        return [("area", [found["pixels"], found["area_mm2"]])]
    names = ("pixels", "area_mm2", "mean", "sd", "min", "max", "median", "percentiles", "histogram", "unit")
    return [("measures", {name: found[name] for name in names})]


def compare(results, expected, program):
    """Compare what a program measured with what the page says, to the last digit."""
    in_order = sorted(results.items(), key=lambda one: int(one[0].partition("_")[2]))
    assert [name.partition("_")[0] for name, _ in in_order] == [name for name, _ in expected], program
    for (_, result), (kind, value) in zip(in_order, expected, strict=True):
        if kind == "lengths":
            result, value = ([{**each, "spacing_kind": None} for each in one] for one in (result, value))
        if kind == "measures":
            result = {each: result[each] for each in value}
        assert result == value, program
