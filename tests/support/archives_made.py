"""Archives that tests make, and what is read back of them."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources.collection import open_collection

#: Half of it is random, so that it does not become small.
BIG = os.urandom(50_000) + bytes(150_000)


def entries(source, limits=DEFAULT_LIMITS):
    with open_collection(source, limits) as collection:
        return list(collection)


def problems(source, limits=DEFAULT_LIMITS):
    """Name below the archive to problem; what has none is loaded."""
    found = {}
    for entry in entries(source, limits):
        name, why = entry.name.removeprefix(f"{source}/"), entry.problem
        try:
            if not why:
                read(entry, limits)
        except hu.SourceError as error:
            assert error.source == entry.name
            why = error.message
        found[name] = why
    return found


def read(entry, limits=DEFAULT_LIMITS):
    source = entry.open(limits)
    try:
        data = source.load()
        source.check()
        return data
    finally:
        source.close()


def zipped(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return str(path)


def tarred(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return str(path)


def patched(path, offset_in_directory, data, offset_in_local=None):
    """Change bytes of the only member's headers."""
    content = bytearray(Path(path).read_bytes())
    at = content.index(b"PK\x01\x02") + offset_in_directory
    content[at : at + len(data)] = data
    if offset_in_local is not None:
        content[offset_in_local : offset_in_local + len(data)] = data
    Path(path).write_bytes(bytes(content))
    return path
