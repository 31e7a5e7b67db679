"""The inputs of a job, part by part of its results: all that were found, or of catalogs some series at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from hounsfield.batch.input_keys import InputKeys, series_of
from hounsfield.batch.inputs import Input, Inputs, inputs_among
from hounsfield.batch.job_shards import JobShard, shard_of
from hounsfield.batch.listener import Listener
from hounsfield.catalog.catalog_paths import catalog_path

if TYPE_CHECKING:
    from pathlib import Path

    from hounsfield.catalog.by_series import BySeries
    from hounsfield.catalog.found_files import FoundFiles
    from hounsfield.recipes.input_grouping import Grouping
    from hounsfield.recipes.reading import Reading

#: Files whose rows are read together: each time parts of the catalog are read that hold others, too.
_ROWS = 1_500
#: Files that are made to inputs at a time, which takes ten times the memory.
_FILES = 500


class JobInputs(Protocol):
    """The inputs of a job."""

    @property
    def given(self) -> tuple[str, ...]:
        """The paths that were named."""
        ...

    @property
    def count(self) -> int:
        """The number of inputs, or of series with inputs."""
        ...

    def files_below(self, folder: Path | None) -> AbstractSet[str]:
        """Return their files, at least those below a folder, or all of them where it is None."""
        ...

    def of_parts(self, parts: int, shard: JobShard) -> Generator[tuple[int, Inputs]]:
        """Yield the inputs of a member's share, with the part of the results that they are in; part by part.

        Parameters
        ----------
        parts
            How many parts there are.
        shard
            The member's share.
        """
        ...


@dataclass(frozen=True)
class FoundInputs:
    """Inputs that were found, all of them at once.

    Parameters
    ----------
    inputs
        The inputs.
    """

    inputs: Inputs

    @property
    def given(self) -> tuple[str, ...]:
        """The paths that were named."""
        return self.inputs.given

    @property
    def count(self) -> int:
        """The number of inputs."""
        return len(self.inputs)

    def files_below(self, folder: Path | None) -> AbstractSet[str]:
        """Return their files."""
        return self.inputs.files

    def of_parts(self, parts: int, shard: JobShard) -> Generator[tuple[int, Inputs]]:
        """Yield them by part."""
        of_part: dict[int, list[Input]] = {part: [] for part in range(parts) if shard.has(part)}
        for item in self.inputs.items:
            part = shard_of(series_of(item), parts) if parts > 1 else 0
            if part in of_part:
                of_part[part].append(item)
        for part, items in of_part.items():
            yield part, replace(self.inputs, items=tuple(items), left_out=(), unknown=())


@dataclass(frozen=True)
class InCatalogs:
    """The series of catalogs, or of what questions find in them: rows of so many as fit into memory at a time.

    Names of inputs and of their outputs do not depend on what else is in a catalog, so that all members of a job array
    give the same ones.

    Parameters
    ----------
    given
        Catalogs, also with questions.
    grouping, reading
        As `find_inputs` takes them.
    prepared
        Chooses among inputs, and gives them the names of their outputs.
    phi
        False keeps the UIDs of series out of names.
    listener
        As `find_inputs` takes it.
    """

    given: tuple[str, ...]
    grouping: Grouping
    reading: Reading
    prepared: Callable[[Inputs], Inputs]
    phi: bool = True
    listener: Listener = Listener()

    @property
    def count(self) -> int:
        """The number of series."""
        return sum(len(one.counts) for one in self._catalogs)

    @cached_property
    def _catalogs(self) -> list[BySeries]:
        """The catalogs, looked through once."""
        return [_opened(path) for path in self.given]

    def files_below(self, folder: Path | None) -> AbstractSet[str]:
        """Return their files below a folder, and archives: those that outputs might replace."""
        return {name for one in self._catalogs for name in one.files_below(folder)}

    def of_parts(self, parts: int, shard: JobShard) -> Generator[tuple[int, Inputs]]:
        """Yield them by part, in pieces; a part that has none, too."""
        series_of_part = [_by_part(one.counts, parts, shard) for one in self._catalogs]
        for part in range(parts):
            if not shard.has(part):
                continue
            yield part, Inputs(self.given, ())
            for one, own in zip(self._catalogs, series_of_part, strict=True):
                for found in one.found_by_chunks(one.as_stored(own.pop(part, ())), _ROWS, _FILES):
                    yield part, self._inputs(one, found)

    def _inputs(self, catalog: BySeries, found: FoundFiles) -> Inputs:
        if self.grouping.together is False:
            inputs = Inputs(self.given, tuple(Input(entry.name, changed=entry.changed) for entry in found.entries))
        else:
            inputs = self._volumes(catalog.folder, found)
        return self.prepared(inputs)

    def _volumes(self, folder: str, found: FoundFiles) -> Inputs:
        from hounsfield.batch.surveyed import Surveyed

        volumes = self.reading.volumes_in(found, folder, self.grouping.gaps)
        surveyed = Surveyed(self.given, self.grouping.gaps, self.reading, volumes)
        inputs = inputs_among(surveyed, self.given, self.listener, all_of_them=bool(self.grouping.together))
        return replace(inputs, items=tuple(_named(inputs.items, folder, self.phi)))


def _by_part(series: Iterable[str], parts: int, shard: JobShard) -> dict[int, list[str]]:
    """Return the series of each part that is a member's own, in their order: looked for once, for all of the parts."""
    found: dict[int, list[str]] = {}
    for one in series:
        part = shard_of(one, parts)
        if shard.has(part):
            found.setdefault(part, []).append(one)
    return found


def _opened(path: str) -> BySeries:
    from hounsfield.catalog.by_series import BySeries

    known = catalog_path(path)
    if known is None:
        raise ValueError(f"{path} is no catalog")
    return BySeries(known.folder, known.sql)


def _named(items: Iterable[Input], folder: str, phi: bool) -> Generator[Input]:
    """Yield inputs called by their series, and their number in it; without patients' data by their key."""
    counts: dict[str, int] = {}
    for item in items:
        if not item.is_volume:
            yield item
            continue
        series = item.series
        of = series_of(item)
        number = counts[of] = counts.get(of, -1) + 1
        called = f"{series}, {number}" if series and phi else InputKeys.of(item).key[:12]
        # Its place among the volumes of a chunk, or of a share, says nothing.
        yield replace(item, name=f"{folder}[{called}]", number=number)
