"""Volumes for tests: of phantom files, put together by the affine that the phantom says it has, and of noise."""

from __future__ import annotations

import numpy as np

import hounsfield as hu
from hounsfield.volume import SliceSource

#: Phantoms that differ in everything that a writer could get wrong about places.
PLACES = {
    "axial": {},
    "coronal": {"orientation": "coronal"},
    "sagittal": {"orientation": "sagittal"},
    "oblique": {"orientation": "oblique"},
    "tilted": {"tilt": 20.0},
    "oblique tilted": {"orientation": "oblique", "tilt": -15.0},
}


def phantom_volume(folder, **options):
    """Write a phantom, read its files one by one, and put them together."""
    made = hu.phantom(folder, **({"matrix": 40, "slices": 5, "slice_spacing": 3.0} | options))
    images = [hu.read(path) for path in made.files]
    volume = hu.Volume(
        np.stack([image.values for image in images]),
        made.affine,
        unit="HU",
        steps=images[0].steps,
        frame_of_reference=images[0].header["FrameOfReferenceUID"],
        header=images[0].header,
        slice_headers=[image.header for image in images],
        sources=tuple(SliceSource(str(path)) for path in made.files),
        name=str(folder),
    )
    return volume, made


def random_affine(rng, *, sheared=False, left_handed=False):
    """Any place in the patient: turned, with three spacings, and an origin far from 0."""
    turned, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    if (np.linalg.det(turned) < 0) != left_handed:
        turned[:, 0] *= -1
    matrix = np.eye(4)
    matrix[:3, :3] = turned * rng.uniform(0.4, 4, 3)
    if sheared:
        matrix[:3, 0] += matrix[:3, 1] * 0.7
    matrix[:3, 3] = rng.uniform(-300, 300, 3)
    return matrix


def indices(shape):
    """Every (slice, row, column) of a volume: (voxel, 3)."""
    return np.stack(np.meshgrid(*(np.arange(n) for n in shape[:3]), indexing="ij"), -1).reshape(-1, 3)


def positions_in(volume):
    """x, y, z in LPS mm of the first pixel of each slice by the slice's own header, as pydicom reads it."""
    return np.array([image.header.dataset.ImagePositionPatient for image in volume], float)
