"""The recipe of a training: a TOML file, one table a topic, each key declared once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sinterface.errors import InputError, nearest_name
from sinterface.potential.row_lines import parse_rows
from sinterface.potential.rows import (
    AngularFunction,
    RadialFunction,
    default_angular,
    default_radial,
    make_rows,
)
from sinterface.potential.spectrum import (
    AnyRow,
    SpectrumSet,
    default_channels,
    make_spectrum_rows,
)


class Table(BaseModel):
    """A table of the recipe: can't be changed, refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DataTable(Table):
    """Labelled frames and how they are split."""

    files: tuple[str, ...] = Field(
        min_length=1,
        description="extxyz files of labelled frames, or folders of them, relative to the recipe.",
    )
    validation_fraction: float = Field(
        0.1, gt=0, lt=0.5, description="Share of trajectories that chooses the best weights."
    )
    test_fraction: float = Field(
        0.1, ge=0, lt=0.5, description="Share of trajectories that is never seen, for the errors."
    )
    split: Literal["trajectory", "composition", "random"] = Field(
        "trajectory",
        description="What is held out: whole trajectories with their relatives, the compositions "
        "in held_out, or single frames (leaks; for comparison).",
    )
    held_out: tuple[str, ...] = Field(
        (), description="Systems or formulas that split = 'composition' keeps for the errors."
    )
    mixed_references: bool = Field(
        False, description="Allow labels of several references, which have no common zero."
    )
    seed: int = Field(0, ge=0, description="Seed of the split.")
    largest_force_eV_per_A: float = Field(
        50.0, gt=0, description="Frames with a larger force on any atom are left out."
    )
    commands: tuple[str, ...] = Field(
        (), description="Commands that made the labels, told in the potential's card."
    )

    @model_validator(mode="after")
    def _fitting(self) -> DataTable:
        if (self.split == "composition") != bool(self.held_out):
            raise ValueError("split = 'composition', and only it, needs held_out")
        return self


class SpectrumTable(Table):
    """Rows of the power spectrum, in the place of the wide angular functions."""

    channels: int | tuple[tuple[float, float], ...] = Field(
        3, description="Radial channels: how many, or a list of [eta (1/Å²), r_s (Å)]."
    )
    degree: int | tuple[int, ...] = Field(
        4, description="Largest degree l, of all channels or of each; products have the smaller."
    )
    lowest_degree: int = Field(
        0, ge=0, le=8, description="Smallest degree; 0 is a product of radial sums."
    )
    products: Literal["same", "neighbouring", "all"] = Field(
        "same", description="Channels that are multiplied: itself, also the next one, or all."
    )
    pairs: tuple[tuple[str, str], ...] | None = Field(
        None, description="Pairs of neighbour elements; all unless given."
    )

    @model_validator(mode="after")
    def _some(self) -> SpectrumTable:
        if isinstance(self.channels, int) and not 1 <= self.channels <= 16:
            raise ValueError(f"channels must be from 1 to 16, got {self.channels}")
        if self.pairs is not None and not self.pairs:
            raise ValueError("pairs is an empty list; leave it out for all pairs")
        return self

    def spectrum_set(self, cutoff_A: float) -> SpectrumSet:
        """Return the rows that the table asks for."""
        if isinstance(self.channels, int):
            channels = default_channels(self.channels, cutoff_A)
        else:
            channels = tuple(RadialFunction(*channel) for channel in self.channels)
        degree = self.degree
        degrees = (degree,) * len(channels) if isinstance(degree, int) else degree
        return SpectrumSet(channels, degrees, self.lowest_degree, self.products, self.pairs)


class SymmetryTable(Table):
    """Symmetry functions; lists of parameters replace the default set."""

    cutoff_A: float = Field(6.0, gt=1, le=12, description="Cutoff radius, Å.")
    cutoff_function: Literal["cos", "tanh3", "poly1", "poly2", "poly3", "poly4"] = Field(
        "poly2", description="Cutoff function; poly2 has two continuous derivatives."
    )
    radial: tuple[tuple[float, float], ...] | None = Field(
        None, description="Radial functions [eta (1/Å²), r_s (Å)]."
    )
    angular: tuple[tuple[float, int, float], ...] | None = Field(
        None, description="Wide angular functions [eta (1/Å²), lambda (±1), zeta]."
    )
    spectrum: SpectrumTable | None = Field(
        None, description="Power spectrum in the place of the wide angular functions."
    )
    rows: tuple[str, ...] | None = Field(
        None,
        description="Lines of all functions (symfunction_short, spectrum), or the name of a file "
        "of them, relative to the recipe; nothing else but the cutoff then stands here.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> SymmetryTable:
        given = [self.radial, self.angular, self.spectrum]
        if self.rows is not None and any(each is not None for each in given):
            raise ValueError("rows lists all functions: leave out radial, angular and spectrum")
        if self.spectrum is not None and self.angular is not None:
            raise ValueError("spectrum stands in the place of angular: leave one of them out")
        return self


class PotentialTable(Table):
    """Elements, networks and baseline."""

    name: str = Field("potential", min_length=1, description="Name of the potential.")
    elements: tuple[str, ...] = Field(min_length=1, description="Chemical symbols.")
    hidden: tuple[int, ...] = Field((28, 28), min_length=1, description="Nodes of hidden layers.")
    activation: Literal["tanh", "softplus", "logistic"] = Field("tanh", description="Activation.")
    zbl_A: tuple[float, float] | None = Field(
        (1.0, 2.0), description="Inner and outer radius of the ZBL repulsion, Å."
    )
    licence: str = Field("MIT", description="Licence of the potential.")


class LossTable(Table):
    """Errors that count equally, and weights of the terms."""

    energy_eV_per_atom: float = Field(0.01, gt=0, description="Energy error worth 1.")
    force_eV_per_A: float = Field(0.2, gt=0, description="Force error worth 1.")
    stress_GPa: float = Field(1.0, gt=0, description="Stress error worth 1.")
    energy_weight: float = Field(1.0, ge=0, description="Weight of the energy term.")
    force_weight: float = Field(1.0, gt=0, description="Weight of the force term.")
    stress_weight: float = Field(0.2, ge=0, description="Weight of the stress term.")
    huber: float = Field(3.0, gt=0, description="Residual beyond which a term grows linearly.")


class FitTable(Table):
    """The optimiser."""

    optimizer: Literal["soap", "adamw"] = Field(
        "soap", description="soap preconditions each layer; adamw is the usual one."
    )
    epochs: int = Field(200, ge=1, description="Passes over the training frames.")
    batch_frames: int = Field(4, ge=1, description="Frames of one step.")
    learning_rate: float = Field(5e-3, gt=0, description="Highest learning rate.")
    final_rate: float = Field(0.01, gt=0, le=1, description="Last learning rate / highest one.")
    warmup: float = Field(0.05, ge=0, lt=1, description="Share of steps with a rising rate.")
    weight_decay: float = Field(0.1, ge=0, description="Decoupled weight decay.")
    average: float = Field(0.999, ge=0, lt=1, description="Decay of the running mean of weights.")
    whitening_floor: float = Field(
        1.0, gt=0, description="Smallest spread that whitening blows up to 1."
    )
    validate_epochs: int = Field(5, ge=1, description="Epochs between validations.")
    precision: Literal["single", "double"] = Field(
        "single",
        description="Arithmetic of networks and of the kernel's products; sums stay double.",
    )
    seed: int = Field(0, ge=0, description="Seed of weights and of the order of frames.")
    members: int = Field(
        1, ge=1, le=16, description="Networks trained apart, from other seeds: a committee."
    )
    threads: int = Field(1, ge=1, le=64, description="Threads.")
    start_from: str | None = Field(
        None, description="Output folder of an earlier training whose weights to start from."
    )


class Recipe(Table):
    """Everything that determines a potential, apart from the labels."""

    data: DataTable
    potential: PotentialTable
    symmetry: SymmetryTable = SymmetryTable.model_validate({})
    loss: LossTable = LossTable.model_validate({})
    fit: FitTable = FitTable.model_validate({})
    commands: tuple[str, ...] = Field(
        (), description="Commands that made the potential, told in its card."
    )

    def rows(self) -> tuple[tuple[AnyRow, ...], ...]:
        """Return the symmetry functions of each element, elements by atomic number."""
        symmetry, elements = self.symmetry, self.potential.elements
        if symmetry.rows is not None:
            return _within(parse_rows(symmetry.rows, elements), symmetry.cutoff_A)
        radial = default_radial(symmetry.cutoff_A)
        if symmetry.radial is not None:
            radial = tuple(RadialFunction(*row) for row in symmetry.radial)
        if symmetry.spectrum is not None:
            spectrum = symmetry.spectrum.spectrum_set(symmetry.cutoff_A)
            return make_spectrum_rows(elements, symmetry.cutoff_A, spectrum, radial)
        angular = default_angular(symmetry.cutoff_A)
        if symmetry.angular is not None:
            angular = tuple(AngularFunction(*row) for row in symmetry.angular)
        return make_rows(elements, symmetry.cutoff_A, radial, angular)


def _within(
    rows: tuple[tuple[AnyRow, ...], ...], cutoff_A: float
) -> tuple[tuple[AnyRow, ...], ...]:
    """Return `rows`, refused where the longest cutoff isn't that of the recipe."""
    longest = max(row.cutoff_A for each in rows for row in each)
    if longest != cutoff_A:
        raise InputError(
            f"symmetry.cutoff_A is {cutoff_A} Å, but the longest cutoff of symmetry.rows is "
            f"{longest} Å: make them equal."
        )
    return rows


def read_recipe(path: Path, changes: Mapping[str, Mapping[str, Any]] | None = None) -> Recipe:
    """Read and check a recipe.

    Parameters
    ----------
    changes
        Keys that replace the file's, by table.

    Raises
    ------
    InputError
        When the file is missing, isn't TOML, or a key is unknown or out of bounds.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for table, keys in (changes or {}).items():
            content[table] = {**content.get(table, {}), **keys}
        _read_rows(content.get("symmetry"), path.parent)
        return Recipe.model_validate(content)
    except FileNotFoundError as error:
        raise InputError(f"There is no recipe '{path}'; check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' isn't TOML: {error}; correct that line.") from error
    except ValidationError as error:
        raise InputError(f"'{path}': {_first_fault(error)}") from error


def _read_rows(symmetry: Any, folder: Path) -> None:
    """Put the lines of the file that ``symmetry.rows`` names in its place."""
    if not isinstance(symmetry, dict) or not isinstance(symmetry.get("rows"), str):
        return
    file = folder / symmetry["rows"]
    if not file.is_file():
        raise InputError(
            f"symmetry.rows: there is no '{symmetry['rows']}' beside the recipe; "
            "'sinterface symmetry' writes such files."
        )
    symmetry["rows"] = file.read_text(encoding="utf-8").splitlines()


def _first_fault(error: ValidationError) -> str:
    faults = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    fault = faults[0]
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] != "extra_forbidden":
        return f"{place}: {fault['msg']}, got {fault['input']!r}."
    table: Any = Recipe
    for part in fault["loc"][:-1]:
        table = SpectrumTable if part == "spectrum" else table.model_fields[str(part)].annotation
    known = list(table.model_fields)
    hint = nearest_name(str(fault["loc"][-1]), known)
    return f"unknown key '{place}'.{hint} Known here: {', '.join(known)}."
