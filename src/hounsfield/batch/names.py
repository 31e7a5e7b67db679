"""Where outputs go: names made from the inputs' own names, always inside the output folder."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hounsfield.batch.inputs import Input, Inputs
from hounsfield.catalog.catalog_paths import folders_named

_SAFE = re.compile(r"[^\w.+-]")
_LONGEST = 120


def output_stem(source: str, folders: tuple[str, ...]) -> Path:
    """Return where the outputs of an input go, relative to the output folder, without ending.

    Inputs below a folder that was named keep their place below it. The file's own name is kept as a whole, so
    that ``a`` and ``a.dcm`` do not meet; what is unusual in it is replaced, and a short hash of the full path
    then keeps two such names apart.

    Parameters
    ----------
    source
        Path of the input, or ``-``.
    folders
        The folders that were named.

    Examples
    --------
    >>> output_stem("study/series1/0001.dcm", ("study",)).as_posix()
    'series1/0001.dcm'
    >>> output_stem("elsewhere/a slice.dcm", ()).as_posix()
    'a_slice.dcm-137cd842'
    """
    if source == "-":
        return Path("stdin")
    path = Path(source)
    for folder in folders:
        if folder != source and path.is_relative_to(folder):
            return Path(*(_part(part) for part in path.relative_to(folder).parts))
    return Path(_part(path.name))


def _part(name: str) -> str:
    safe = _SAFE.sub("_", name)[:_LONGEST].lstrip(".") or "_"
    if safe == name:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{safe}-{digest}"


def unique_stems(sources: Iterable[str], roots: tuple[str, ...]) -> dict[str, Path]:
    """Return the stem of each input; inputs of the same name from different places get a hash of their path."""
    folders = folders_named(roots)
    sources = list(sources)
    stems = {source: output_stem(source, folders) for source in sources}
    taken: dict[Path, int] = {}
    for stem in stems.values():
        taken[stem] = taken.get(stem, 0) + 1
    return {
        source: stem if taken[stem] == 1 else stem.with_name(f"{stem.name}-{_path_hash(source)}")
        for source, stem in stems.items()
    }


def _path_hash(source: str) -> str:
    return hashlib.sha256(os.path.abspath(source).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def with_stems(inputs: Inputs, name: str | None = None, *, phi: bool = True) -> Inputs:
    """Return the inputs with the names of their outputs: of a file its own, of a volume what a person knows of it.

    Parameters
    ----------
    inputs
        As they were found.
    name, phi
        How volumes are called, as `Volumes.stem` takes it.
    """
    together = {id(item.surveyed): item.surveyed.volumes for item in inputs.items if item.surveyed is not None}
    stems = unique_stems([item.name for item in inputs.items if item.surveyed is None], inputs.given)
    taken = {one.stem for volumes in together.values() for one in volumes.named(name, phi=phi, among=together.values())}
    named: list[Input] = []
    for item in inputs.items:
        if item.surveyed is None:
            stem = stems[item.name]
            stem = stem.with_name(f"{stem.name}-{_path_hash(item.name)}") if stem.as_posix() in taken else stem
            named.append(replace(item, stem=str(stem)))
            continue
        volumes = item.surveyed.volumes
        stem = volumes.stem(item.place, name, phi=phi, among=together.values())
        one = volumes.named(name, phi=phi, among=together.values())[item.facts.index]
        named.append(replace(item, stem=stem, named=one if one.stem == stem else None))
    return replace(inputs, items=tuple(named))


def apart_from_all(item: Input) -> Input:
    """Return an input whose outputs' name differs from those of any other, whatever else is there: with a hash."""
    if item.named is not None:
        return replace(item, stem=f"{item.named.plain}-{item.named.digest[:8]}", named=None)
    if not item.stem or item.is_volume:
        return item
    stem = Path(item.stem)
    hashed = _path_hash(item.name)
    return (
        item if stem.name.endswith(f"-{hashed}") else replace(item, stem=str(stem.with_name(f"{stem.name}-{hashed}")))
    )
