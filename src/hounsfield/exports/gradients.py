"""b-values and directions of the gradient beside a NIfTI file, in FSL's convention, as dcm2niix writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hounsfield.header import finite_number
from hounsfield.headers.diffusion import Diffusion, read_diffusion
from hounsfield.steps import Step
from hounsfield.volume import Volume
from hounsfield.voxels.nifti_space import nifti_affine

_REFERENCE = "FSL, FDT: bvals and bvecs"


@dataclass(frozen=True)
class Gradients:
    """The two files that say how the volumes of a NIfTI file were weighted by diffusion.

    Attributes
    ----------
    bval, bvec
        Their text.
    step
        How the directions were found.
    """

    bval: str
    bvec: str
    step: Step


def gradients_of(volumes: Sequence[Volume]) -> Gradients | None:
    """Return b-values and directions of volumes; None where they are not weighted by diffusion, or it is not known how.

    Notes
    -----
    A direction is one of the axes of the file's voxels: (column, row from the last one on, slice). FSL's rule of signs:
    where the axes of the file in RAS are right-handed (a positive determinant), the first component is negated.
    """
    if any(volume.is_mask for volume in volumes):
        return None
    known = [_diffusion(volume) for volume in volumes]
    b_values = [each.b_value for each in known if each.b_value is not None]
    affine = volumes[0].affine
    if affine is None or len(b_values) < len(known) or max(b_values) == 0:
        return None
    axes = nifti_affine(affine, volumes[0].shape[1])[:3, :3]
    directions = np.array([_direction(each, axes) for each in known])
    unknown = sum(1 for each in known if each.b_value and (each.gradient is None or not any(each.gradient)))
    doubts = sorted({each.doubt for each in known if each.doubt})
    sentences = [f"{len(known)} b-values, directions along the axes of the file", *doubts]
    if unknown:
        sentences.append(f"{unknown} weighted volumes have no direction: 0 0 0")
    step = Step("gradients", "; ".join(sentences), "assumed" if doubts else "done", _REFERENCE)
    bval = " ".join(f"{value:g}" for value in b_values)
    bvec = "\n".join(" ".join(map(_number, row)) for row in directions.T.tolist())
    return Gradients(bval + "\n", bvec + "\n", step)


def side_paths(path: Path) -> tuple[Path, Path]:
    """Return where the two files go: beside the NIfTI file, of its name."""
    name = path.name
    for ending in (".nii.gz", ".nii"):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
            break
    return path.with_name(f"{name}.bval"), path.with_name(f"{name}.bvec")


def _diffusion(volume: Volume) -> Diffusion:
    header = volume.header if volume.slice_headers is None else volume.slice_headers[0]
    diffusion = read_diffusion(header)
    b_value = finite_number(volume.separated_by.get("DiffusionBValue"))
    return diffusion if b_value is None else diffusion._replace(b_value=b_value)


def _direction(known: Diffusion, axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """A direction along the axes of the file, which lead to RAS; zeros where there is none."""
    if known.gradient is None:
        return np.zeros(3)
    along = axes / np.linalg.norm(axes, axis=0)
    vector = along.T @ (np.array(known.gradient) * (-1, -1, 1))
    if np.linalg.det(axes) > 0:
        vector[0] = -vector[0]
    return vector


def _number(value: float) -> str:
    return f"{value:.6g}" if abs(value) > 1e-7 else "0"
