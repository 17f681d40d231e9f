"""The study file: one table a stage, each key declared once (meaning, default, bounds)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sinterface.dynamics.requirements import FrameCounts, count_frames
from sinterface.errors import InputError, nearest_name
from sinterface.plugins import ANALYSES, found_plugins


def _tuple_from_list(value: Any) -> Any:
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ValueError("write three integers, like [1, 0, 4]")
    return tuple(value)


def _not_zero(plane: tuple[int, int, int]) -> tuple[int, int, int]:
    if plane == (0, 0, 0):
        raise ValueError("no plane has the indices 0 0 0")
    return plane


Plane = Annotated[
    tuple[int, int, int], BeforeValidator(_tuple_from_list), AfterValidator(_not_zero)
]


OBSERVABLES: Final = (
    "profiles", "rdf", "vibrations", "diffusion", "density", "sites", "polyhedra", "clusters",
    "boundaries", "phases",
)  # fmt: skip
"""Analyses of ``sinterface analyze all``, by name; other packages may add some."""


def _observables(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        raise ValueError('write a list of analyses, like ["rdf", "sites"], or []')
    known = [*OBSERVABLES, *found_plugins(ANALYSES)]
    for name in value:
        if name not in known:
            hint = nearest_name(str(name), known)
            raise ValueError(f"there is no analysis {name!r}; there are {', '.join(known)}.{hint}")
    return tuple(value)


Observables = Annotated[tuple[str, ...], BeforeValidator(_observables)]


class Table(BaseModel):
    """A table of the study file: can't be changed, refuses unknown keys and wrong types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


StudyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
TimeStep = Annotated[float, Field(gt=0, le=10, description="Time step, femtoseconds.")]


class StudyTable(Table):
    """What the study is called and how often it is repeated."""

    name: StudyName = Field(
        examples=["my-interface"],
        description="Name of the study (letters, digits, . _ -); results go to runs/<name>/.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=10**9,
        description="Seed of all random choices; replica r uses seed + r.",
    )
    replicas: int = Field(
        default=3,
        ge=1,
        le=100,
        description="Independent builds and runs; error bars need at least three.",
    )
    controls: bool = Field(
        default=True,
        description="Also run each bulk crystal at the same strain and temperature; without "
        "these controls no figure counts as resolved.",
    )


class PotentialTable(Table):
    """The interatomic potential that moves the atoms."""

    name: str = Field(
        default="llzo-lco",
        min_length=1,
        description="A shipped potential's name, or a directory (relative to this file) "
        "in n2p2's layout.",
    )


class InterfaceTable(Table):
    """Which two crystals meet, and how."""

    electrolyte: str = Field(
        default="llzo",
        min_length=1,
        description='The electrolyte: "llzo", "llzo-tetragonal", or a CIF file (relative to this '
        "file).",
    )
    electrode: str = Field(
        default="lco",
        min_length=1,
        description='The electrode: "lco", or a CIF file (relative to this file).',
    )
    electrolyte_plane: Plane = Field(
        default=(0, 0, 1), description="Miller indices of the electrolyte's plane at the interface."
    )
    electrode_plane: Plane = Field(
        default=(1, 0, 4), description="Miller indices of the electrode's plane at the interface."
    )
    size: Literal["tiny", "small", "large"] = Field(
        default="small",
        description="tiny (trying the machinery), small (hundreds of atoms), "
        "large (> 17,000 atoms, edges of 5 nm, mismatch < 2.5 %).",
    )
    li_excess_difference_per_nm2: float = Field(
        default=3.0,
        ge=0,
        le=50,
        description="Li excess of the Li-sufficient side over the Li-deficient one, per nm2.",
    )
    max_strain: float = Field(
        default=0.03,
        gt=0,
        le=0.2,
        description="Largest strain of an edge to bring the crystals to one cell; 0.03 is 3 %.",
    )
    strain_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="The electrolyte's share of that strain: 0, the electrode carries all, to 1.",
    )
    lattice_temperature_K: float = Field(
        default=0.0,
        ge=0,
        le=10_000,
        description="Give each crystal the mean lattice of its bulk at this temperature (a short "
        "run of 3 ps), kelvin; 0: the published lattices.",
    )


class RelaxTable(Table):
    """Relaxation of the built interface: positions, and the cell's normal to zero stress."""

    force_tolerance_eV_per_A: float = Field(
        default=0.1, gt=0, le=10, description="Stop when no force is larger, eV/Angstrom."
    )
    stress_tolerance_GPa: float = Field(
        default=0.1, gt=0, le=10, description="Stop when the normal stress is smaller, GPa."
    )
    max_steps: int = Field(
        default=2000, ge=1, le=100_000, description="Most steps of the relaxation."
    )


class DynamicsTable(Table):
    """Molecular dynamics at constant temperature and volume."""

    temperature_K: float = Field(
        default=1500.0, gt=0, le=10_000, description="Temperature, kelvin."
    )
    duration_ps: float = Field(
        default=100.0,
        gt=0,
        description="Length of the run that is analysed, picoseconds; whole frames.",
    )
    equilibration_ps: float = Field(
        default=1.0, ge=0, description="Heating before it, not analysed, picoseconds; whole frames."
    )
    timestep_fs: TimeStep = 1.0
    frame_interval_ps: float = Field(
        default=0.1, gt=0, description="Time between two stored frames, picoseconds; whole steps."
    )
    checkpoint_interval_ps: float = Field(
        default=1.0,
        gt=0,
        description="Time between two checkpoints, from which a killed run goes on, picoseconds; "
        "whole frames.",
    )
    precision: Literal["mixed", "double"] = Field(
        default="mixed",
        description="Arithmetic of the forces: mixed is twice as fast, double for tests.",
    )
    max_extrapolations_per_atom: int = Field(
        default=0,
        ge=0,
        description="Stop a run where an atom has more symmetry functions outside the range that "
        "training saw; 0 only reports them. May be raised for a run that stopped.",
    )
    max_force_deviation_eV_per_A: float = Field(
        default=0.0,
        ge=0,
        description="Stop a run where a committee's members deviate more on an atom's force, "
        "eV/Angstrom; 0 only reports it. Needs a committee.",
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Threads; 0 takes all cores. Doesn't change what is done.",
    )

    @model_validator(mode="after")
    def _frames_fit(self) -> Self:
        try:
            self.counts()
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    def counts(self) -> FrameCounts:
        """Return steps and frames of a run, as the dynamics counts them."""
        return count_frames(
            timestep_fs=self.timestep_fs,
            frame_interval_ps=self.frame_interval_ps,
            checkpoint_interval_ps=self.checkpoint_interval_ps,
            duration_ps=self.duration_ps,
            equilibration_ps=self.equilibration_ps,
        )


class AnalysisTable(Table):
    """What is measured along the trajectories."""

    max_frames: int = Field(
        default=400,
        ge=10,
        le=100_000,
        description="Most frames read of each run, at a regular stride.",
    )
    observables: Observables = Field(
        default=OBSERVABLES,
        description="Further analyses of the report, those that apply; [] for none.",
    )


class ReportTable(Table):
    """The report."""

    title: str = Field(
        default="", max_length=200, description="Title; empty: made from the study's name."
    )


class Study(Table):
    """A whole study file."""

    study: StudyTable
    potential: PotentialTable = PotentialTable()
    interface: InterfaceTable = InterfaceTable()
    relax: RelaxTable = RelaxTable()
    dynamics: DynamicsTable = DynamicsTable()
    analysis: AnalysisTable = AnalysisTable()
    report: ReportTable = ReportTable()
