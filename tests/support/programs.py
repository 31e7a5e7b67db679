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
