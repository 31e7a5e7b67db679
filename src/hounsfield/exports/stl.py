"""`write_stl`: a surface as binary STL."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from hounsfield.errors import FormatError
from hounsfield.exports.surfaces import Surface, surface
from hounsfield.outputs import Written, whole_file
from hounsfield.steps import Step
from hounsfield.volume import Volume

_HEADER = b"hounsfield binary STL, LPS mm"  # not "solid", by which readers tell STL in text
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_MOST = 2**32 - 1


def write_stl(
    mask: Surface | Volume, path: str | os.PathLike[str], *, smoothing: float = 0.0, force: bool = False
) -> Written:
    """Write the surface of a mask as binary STL in LPS mm, faces outward. The same mask gives the same bytes.

    Parameters
    ----------
    mask
        A mask, or the `Surface` that `hounsfield.surface` made of one.
    path
        Ends with .stl. Missing folders are created.
    smoothing
        Of a mask, as of `hounsfield.surface`: in mm.
    force
        Replace a file that exists.

    Returns
    -------
    Written
        The file, and the steps from the source to it.

    Raises
    ------
    FormatError
        There are more triangles than STL can count: 4,294,967,295.
    GeometryError, MissingDependencyError, TypeError
        As of `hounsfield.surface`.
    OutputError
        The file exists or cannot be written.
    ValueError
        The path ends otherwise, or a surface was given and is to be smoothed.

    Notes
    -----
    STL knows no unit and no coordinate system: its header says LPS mm, which few programs read. Coordinates are
    float32.

    Examples
    --------
    >>> import hounsfield as hu, numpy as np, pathlib, tempfile
    >>> mask = hu.Volume(np.ones((2, 3, 4), bool), affine=np.eye(4)[[2, 1, 0, 3]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = hu.write_stl(mask, pathlib.Path(folder) / "box.stl")
    >>> print(written.steps[-1])
    write: binary STL, 100 triangles, LPS mm
    """
    path = Path(path)
    if path.suffix.lower() != ".stl":
        raise ValueError("an STL file ends with .stl")
    if isinstance(mask, Surface) and smoothing:
        raise ValueError("smoothing applies to masks; a surface is written as it is")
    shell = mask if isinstance(mask, Surface) else surface(mask, smoothing=smoothing)
    if len(shell.faces) > _MOST:
        raise FormatError(f"STL holds at most {_MOST} triangles, not {len(shell.faces)}", source=shell.name)
    triangles = np.zeros(len(shell.faces), _TRIANGLE)
    triangles["normal"], triangles["corners"] = shell.normals, shell.triangles
    steps = (*shell.steps, Step("write", f"binary STL, {len(shell.faces)} triangles, LPS mm"))
    with whole_file(path, force=force) as temporary, open(temporary, "wb") as file:
        file.write(_HEADER.ljust(80, b"\0") + np.uint32(len(triangles)).astype("<u4").tobytes())
        file.write(triangles.tobytes())
    return Written((path,), steps)
