"""A job as a Python program that does the same, with the public names only."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hounsfield.recipes.attributes import Attributes
from hounsfield.recipes.command_line import RESHAPED, command_line
from hounsfield.recipes.conversion import Conversion
from hounsfield.recipes.drawing import Drawing
from hounsfield.recipes.explanation import Explanation
from hounsfield.recipes.facts import Facts
from hounsfield.recipes.job import STDOUT, Job
from hounsfield.recipes.listing import Listing
from hounsfield.recipes.masking import Masking, beside
from hounsfield.recipes.program_measures import Kind
from hounsfield.recipes.program_steps import Place, chosen, ending_of, lines_of, reading_options
from hounsfield.recipes.source_code import Lines, Name, call, literal
from hounsfield.recipes.tabulation import Tabulation
from hounsfield.text import printable

#: What a loop does with an input that fails: like the command, it goes on with the next.
_FAILED = ["except (hu.HounsfieldError, OSError, IndexError) as error:", "    print(error, file=sys.stderr)"]


def program(job: Job[Any], stems: Mapping[str, str] | None = None) -> str:
    """Return the Python program that does a job.

    It has a loop where there are several inputs. Whether a path is a folder or an archive, and how many frames a single
    file has, is looked at now; what is in folders, the program looks at.

    Parameters
    ----------
    job
        What is done.
    stems
        How the outputs of single files are called, without ending; by default as these files are.

    Examples
    --------
    >>> from hounsfield.recipes.measuring import Measuring
    >>> from hounsfield.recipes.selection import Selection
    >>> print(program(Job(Measuring(selection=Selection(tissue="bone")), ("slice.dcm",))), end="")
    # hu stats --tissue bone slice.dcm
    import json
    <BLANKLINE>
    import hounsfield as hu
    <BLANKLINE>
    image = hu.read("slice.dcm")
    mask = hu.mask(image, tissue="bone")
    print(json.dumps(hu.measure(image, mask).to_dict(), indent=2))
    """
    written = _Program(job, stems or {})
    if isinstance(job.recipe, Listing):
        written.list_volumes(job.recipe)
    elif isinstance(job.recipe, Tabulation):
        written.tabulate(job.recipe)
    elif isinstance(job.recipe, (Facts, Attributes, Explanation)):
        written.ask()
    else:
        written.do()
    return written.lines.program([printable(command_line(job))])


@dataclass
class _Program:
    """A program as it is written.

    Attributes
    ----------
    job, stems
        As those of `program`.
    lines
        What is written so far.
    """

    job: Job[Any]
    stems: Mapping[str, str]
    lines: Lines = field(default_factory=Lines)

    def do(self) -> None:
        """Write what is done with images and volumes."""
        recipe, grouping = self.job.recipe, self.job.grouping
        if isinstance(recipe, Conversion) and recipe.presentation is not None:
            self.lines.add(f"presentation = {call('hu.presentation', literal(recipe.presentation))}")
        like = recipe.reshaping.like if isinstance(recipe, RESHAPED) else None
        if like is not None:
            self.lines.add(f"like = {call('hu.read_grid', literal(like))}")
        if self.job.output == STDOUT and isinstance(recipe, (Masking, Drawing, Conversion)):
            self.lines.add("temporary = tempfile.TemporaryDirectory()")
            self.lines.add(f'result = Path(temporary.name) / "result{ending_of(recipe)}"')
        together = grouping.together and self.job.reads_volumes
        if self._writes and not self.job.to_file and self.job.output is not None and not self._is_one_file:
            self.lines.add(f"output = Path({literal(self.job.output)})")
        several = [path for path in self.job.paths if self._is_collection(path)]
        if together:
            self._volumes(_one_or_all(self.job.paths))
        elif several:
            self._collections(several)
        rest = [] if together else [path for path in self.job.paths if path not in several]
        if rest:
            self._files(rest)

        if self.job.output == STDOUT and isinstance(recipe, (Masking, Drawing, Conversion)):
            self.lines.add("sys.stdout.buffer.write(result.read_bytes())")

    def ask(self) -> None:
        """Write what is asked of the headers of files."""
        self._over_files(list(self.job.paths), self._question)

    def list_volumes(self, recipe: Listing) -> None:
        """Write which volumes there are."""
        gaps = None if recipe.gaps == "split" else recipe.gaps
        self.lines.add(f"volumes = {call('hu.read_volumes', _one_or_all(self.job.paths), gaps=gaps)}")
        self._choose()
        self.lines.add("for facts in volumes.facts:", f"    print(facts.to_dict({'' if recipe.phi else 'phi=False'}))")
        if recipe.files:
            self.lines.add("for file in volumes.report.files:", "    print(file.outcome, file.path, file.detail)")

    def tabulate(self, recipe: Tabulation) -> None:
        """Write how a table is made: a file of Parquet, or rows that are printed."""
        options: dict[str, Any] = {"columns": None if recipe.columns is None else list(recipe.columns)}
        options |= {"where": recipe.where}
        options |= {} if recipe.phi else {"phi": Name("False")}
        options |= {"threads": recipe.threads}
        source = _one_or_all(self.job.paths)
        if self.job.output is None:
            self.lines.add(f"for batch in {call('hu.scan_batches', source, **options)}:")
            self.lines.add("    for row in batch.to_pylist():", "        print(row)")
            return
        mode = "wb" if self.job.force else "xb"
        self.lines.add(f"table = {call('hu.scan', source, **options)}")
        self.lines.add(f'with open({literal(self.job.output)}, "{mode}") as file:', "    pq.write_table(table, file)")

    def _is_collection(self, path: str) -> bool:
        from hounsfield.sources.several import is_collection

        return self.job.reads_volumes and self.job.grouping.together is None and is_collection(path)

    @property
    def _is_one_file(self) -> bool:
        """True where there is one input, a file that was named."""
        path = self.job.paths[0]
        alone = len(self.job.paths) == 1 and not self._is_collection(path) and not _is_many(path)
        return alone and not (self.job.grouping.together and self.job.reads_volumes)

    # ---- volumes

    def _collections(self, paths: list[str]) -> None:
        """Write what is done with folders and archives: their volumes, then the files that are in none of these."""
        if len(paths) == 1:
            self.lines.add(f"folder = {literal(paths[0])}")
            self._volumes("folder")
            self._single_files(paths)
            return
        if self._writes:  # names differ from those of all other volumes
            self.lines.add(f"folders = {literal(paths)}", f"found = [{self._found('folder')} for folder in folders]")
            self.lines.add("for folder, volumes in zip(folders, found):")
        else:
            self.lines.add(f"for folder in {literal(paths)}:")
        self.lines.depth = 1
        self._volumes(None if self._writes else "folder")
        self._single_files(paths)
        self.lines.depth = 0

    @property
    def _refused(self) -> bool:
        """True where volumes with gaps are refused: volume by volume."""
        return self.job.grouping.gaps == "refuse" and not self.job.to_file

    def _found(self, source: str) -> str:
        """Return the call that finds the volumes of a source."""
        gaps = None if self.job.grouping.gaps == "split" or self._refused else self.job.grouping.gaps
        return call("hu.read_volumes", source, **reading_options(self.job.recipe.reading), gaps=gaps)

    def _volumes(self, source: str | None) -> None:
        """Write what is done with the volumes of a source; None where they have been found."""
        recipe, together, refused = self.job.recipe, self.job.grouping.together, self._refused
        if source is not None:
            self.lines.add(f"volumes = {self._found(source)}")
        self._choose()
        place = self._place("volume", label="" if self.job.to_file else "volume.name")
        done = lines_of(recipe, place)
        stacks = "range(len(volumes))" if together else "volumes.stacks"
        if done is None:
            self.lines.add(f"if {stacks}:", '    print("volumes are left out: this is for images", file=sys.stderr)')
        elif self.job.to_file:
            self.lines.add(f"[index] = {stacks}  # one", "volume = volumes[index]", *done)
        else:
            if refused:
                self.lines.add("refused = {index for gap in volumes.report.missing for index in gap.volumes}")
            self.lines.blank()
            self.lines.add(f"for index in {stacks}:")
            number = "index" if self.job.choice.is_any and self.job.choice.localizers else "volumes.facts[index].index"
            check = [f"if {number} in refused:", '    raise hu.GeometryError(f"volume {index}: slices are missing")']
            options: dict[str, Any] = {"name": self.job.name, "phi": None if self.job.phi else Name("False")}
            options |= {"among": Name("found")} if source is None else {}
            names = [f"name = {call('volumes.stem', 'index', **options)}"] if self._writes else []
            self._attempted([*(check if refused else []), "volume = volumes[index]", *names, *done])

    def _single_files(self, folders: list[str]) -> None:
        """Write what is done with the files that are by themselves, below a folder."""
        done = lines_of(self.job.recipe, self._place("image", label="path"))
        if done is None or self.job.to_file:
            return
        below = "Path(path).relative_to(folder)" if all(map(os.path.isdir, folders)) else "Path(path).name"
        names = [f"name = {below}"] if self._writes else []
        self.lines.blank()
        self.lines.add("for path in volumes.single_files:")
        self._attempted([*self._read("path"), *names, *done])

    def _choose(self) -> None:
        choice = self.job.choice
        if not choice.is_any or not choice.localizers:
            self.lines.add(f"volumes = {chosen('volumes', choice)}")

    # ---- files

    def _files(self, paths: list[str]) -> None:
        self.lines.blank()
        self._over_files(paths, self._done)

    def _over_files(self, paths: list[str], do: Callable[[str, Place], list[str]]) -> None:
        """Write what is done with each file: of one file named simply that, else in loops."""
        if len(paths) == 1 and not _is_many(paths[0]):
            self.lines.add(*do(literal(paths[0]), self._place_of_file(paths[0])))
            return
        named = [path for path in paths if not _is_many(path)]
        if named:
            self._loop_over_named(named, do)
        for path in paths:
            if _is_many(path):
                self._loop_over_found(path, do)

    def _loop_over_named(self, named: list[str], do: Callable[[str, Place], list[str]]) -> None:
        place = self._place("image", label="path")
        self.lines.blank()
        stems = {path: self.stems.get(path, os.path.basename(path)) for path in named}
        if all(stem == os.path.basename(path) for path, stem in stems.items()) or not self._writes:
            self.lines.add(f"for path in {literal(named)}:")
            names = ["name = Path(path).name"] if self._writes else []
            self._attempted([*names, *do("path", place)])
            return
        self.lines.add("files = {", *(f"    {literal(path)}: {literal(stem)}," for path, stem in stems.items()), "}")
        self.lines.add("for path, name in files.items():")
        self._attempted(do("path", place))

    def _loop_over_found(self, path: str, do: Callable[[str, Place], list[str]]) -> None:
        """Write a loop over the files of a folder, or those that match a pattern."""
        place = self._place("image", label="path")
        self.lines.blank()
        folder = os.path.isdir(path)
        if folder:
            self.lines.add(f'for path in sorted(Path({literal(path)}).rglob("*")):', "    if not path.is_file():")
            self.lines.add("continue", depth=2)
        else:
            self.lines.add(f"for path in sorted(glob.glob({literal(path)}, recursive=True)):")
        below = f"path.relative_to({literal(path)})" if folder else "Path(path).name"
        names = [f"name = {below}"] if self._writes else []
        self._attempted([*names, *do("path", place)])

    def _done(self, path: str, place: Place) -> list[str]:
        done = lines_of(self.job.recipe, place)
        if done is None:  # the program says why, as the command does
            done = [f"raise hu.FormatError({literal(f'{self.job.recipe.command}: this is for volumes')})"]
        return [*self._only_chosen(path), *self._read(path), *done]

    def _only_chosen(self, path: str) -> list[str]:
        """Write what becomes of a file that was not asked for."""
        if self.job.choice.is_any:
            return []
        among = f"len({chosen(f'hu.read_volumes({path})', self.job.choice)})"
        return [f"if not {among}:", f'    raise hu.SourceError("was not chosen", source=str({path}))']

    def _read(self, path: str) -> list[str]:
        recipe = self.job.recipe
        options = reading_options(recipe.reading)
        if not isinstance(recipe, Conversion) or recipe.region is None:
            frames = recipe.frame if isinstance(recipe, Conversion) else None
            return [f"image = {call('hu.read', path, **options, frames=frames)}"]
        opened = call("hu.open_frames", path, values=options["values"], strict=options["strict"])
        return [f"with {opened} as frames:", f"    image = frames.region({', '.join(map(literal, recipe.region))})"]

    def _question(self, path: str, place: Place) -> list[str]:
        recipe = self.job.recipe
        label = [f"print({place.label})"] if place.label else []
        if isinstance(recipe, Explanation):
            read = call("hu.read", path, **reading_options(recipe.reading))
            return [f"image = {read}", *label, "print(image)", "for step in image.steps:", "    print(step)"]
        # True is what `phi` is by default.
        hidden = [] if recipe.phi else ["phi=False"]
        strict = ["strict=True"] if recipe.strict else []
        if isinstance(recipe, Attributes) and recipe.dicom_json:
            return [f"print(json.dumps(hu.dicom_json({', '.join([path, *hidden, *strict])}), indent=2))"]
        if isinstance(recipe, Attributes):
            search = [literal(recipe.search)] if recipe.search else []
            rows = f"hu.tags({', '.join([path, *search, *hidden, *strict])})"
            return [*label, f"for row in {rows}:", "    print(row.tag, row.vr, row.keyword or row.name, row.value)"]
        if isinstance(recipe, Facts) and recipe.field:
            return self._fields(recipe, path, place)
        facts = f"hu.info({', '.join([path, *hidden, *strict])})"
        return [*label, f"for name, value in {facts}.items():", '    print(f"{name}: {value}")']

    def _fields(self, recipe: Facts, path: str, place: Place) -> list[str]:
        phi = None if recipe.phi else Name("False")
        found = f"fields = {call('hu.info', path, fields=list(recipe.field), phi=phi, strict=recipe.strict)}"
        if place.label:
            return [found, f'print({place.label}, *fields.values(), sep="\\t")']
        return [found, "for value in fields.values():", "    print(value)"]

    # ---- what all have in common

    def _attempted(self, lines: list[str]) -> None:
        """Write what is done in a loop, and what becomes of an input that fails."""
        self.lines.add("try:", depth=1)
        self.lines.add(*lines, depth=2)
        self.lines.add(*_FAILED, depth=1)

    @property
    def _writes(self) -> bool:
        return isinstance(self.job.recipe, (Masking, Drawing, Conversion))

    def _place(self, kind: Kind, label: str) -> Place:
        """Return the place of an input in a loop, whose outputs have a ``name``."""

        def path(ending: str) -> str:
            if self.job.to_file and self.job.output is not None:
                return self._file(ending)
            name = f'f"{{name}}{ending}"'
            return name if self.job.output is None else f"output / {name}"

        return Place(kind, path, label, force=self.job.force, says=self.job.output != STDOUT)

    def _file(self, ending: str) -> str:
        """Return the expression of the file that was named; a figure lies beside a mask."""
        if self.job.output == STDOUT:
            return "result"
        figure = isinstance(self.job.recipe, Masking) and ending == self.job.recipe.figure_ending
        return literal(beside(str(self.job.output), ending) if figure else self.job.output)

    def _place_of_file(self, path: str) -> Place:
        """Return the place of a file that was named."""
        stem = self.stems.get(path, "stdin" if path == "-" else os.path.basename(path))

        def output(ending: str) -> str:
            if self.job.to_file and self.job.output is not None:
                return self._file(ending)
            return literal(os.path.join(self.job.output or "", stem + ending))

        has_folder = self.job.output is not None and (not self.job.to_file or bool(os.path.dirname(self.job.output)))
        return Place("image", output, "", *_look(path), self.job.force, has_folder, self.job.output != STDOUT)


def _is_many(path: str) -> bool:
    """Return whether a path is a folder or a pattern."""
    return os.path.isdir(path) or (glob.has_magic(path) and not os.path.lexists(path))


def _one_or_all(paths: tuple[str, ...]) -> str:
    return literal(paths[0]) if len(paths) == 1 else literal(list(paths))


def _look(path: str) -> tuple[int, bool]:
    """Return how many frames an image has, and whether it has colours; of one that cannot be read one frame, and no."""
    from hounsfield.errors import HounsfieldError
    from hounsfield.headers.info import info

    if path == "-":
        return 1, False
    try:
        facts = info(path, phi=False)
    except HounsfieldError:
        return 1, False
    return int(facts["NumberOfFrames"] or 1), not str(facts["PhotometricInterpretation"]).startswith("MONOCHROME")
