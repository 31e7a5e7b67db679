"""Hash what the public functions return for every file, to see what a change of the code changed.

    python tests/support/same_bytes.py FOLDER... > before.json
    python tests/support/same_bytes.py FOLDER... > after.json
    python tests/support/same_bytes.py --compare before.json after.json

Values, units, steps, warnings and the words of errors are part of a hash.
"""

import hashlib
import json
import os
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

import hounsfield as hu


def digest(*parts):
    """A hash of arrays, texts and plain documents."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype}{part.shape}".encode())
            total.update(np.ascontiguousarray(part).tobytes())
        else:
            total.update(repr(part).encode())
    return total.hexdigest()[:16]


def read(path):
    image = hu.read(path)
    place = image.pixel_spacing, image.spacing_kind, image.plane, image.slide_plane
    return digest(image.values, image.unit, image.steps, image.padding, place)


def render(path):
    return digest(np.asarray(hu.render(hu.read(path))))


def info(path):
    return digest(hu.info(path), hu.info(path, phi=False))


def tags(path):
    return digest(hu.tags(path), hu.tags(path, phi=False), hu.dicom_json(path))


def extras(path):
    planes = [(plane.origin, plane.type, plane.bitmap) for plane in hu.overlays(path)]
    found = [part for plane in planes for part in plane]
    return digest(*found, len(hu.segments(path)), hu.regions(path), hu.frame_times(path).milliseconds)


def scan(folder):
    rows = hu.scan(folder).to_pylist()
    return digest(sorted(str(row) for row in rows))


def volumes(folder):
    found = hu.read_volumes(folder)
    parts = []
    for volume in found:
        parts += [volume.values, volume.unit, volume.steps, volume.affine, volume.padding]
    report = [(file.path, file.outcome, file.volumes, file.detail) for file in found.report.files]
    return digest(*parts, sorted(map(str, report)))


OF_FILES = (read, render, info, tags, extras)
OF_FOLDERS = (scan, volumes)


def outcome(job, path):
    """The hash of what a job returned, or its error; the warnings are part of both."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = job(path)
        except Exception as error:
            result = f"{type(error).__name__} {digest(str(error))}"
    said = sorted({str(warning.message) for warning in caught if issubclass(warning.category, hu.AssumptionWarning)})
    return f"{result} {digest(said)}" if said else result


def compare(before, after):
    """Print what differs, and how many results are the same."""
    same = Counter()
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        job = name.partition(" ")[0]
        same[job] += one == other
        if one != other:
            print(f"{name}: {one} | {other}")
    print(", ".join(f"{job}: {count} the same" for job, count in same.items()))


def main(arguments):
    if arguments[0] == "--compare":
        compare(*(json.loads(Path(path).read_text()) for path in arguments[1:]))
        return
    results = {}
    for root in arguments:
        for folder, folders, files in os.walk(root):
            folders.sort()
            for job in OF_FOLDERS:
                if files:
                    results[f"{job.__name__} {folder}"] = outcome(job, folder)
            for name in sorted(files):
                if not name.endswith((".py", ".pyc", ".json", ".md", ".txt", ".csv")):
                    for job in OF_FILES:
                        path = os.path.join(folder, name)
                        results[f"{job.__name__} {path}"] = outcome(job, path)
    json.dump(results, sys.stdout, indent=0)


if __name__ == "__main__":
    main(sys.argv[1:])
