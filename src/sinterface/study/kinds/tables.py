"""Tables that the study files of several kinds share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from sinterface.study.config import PotentialTable, StudyName, Table, TimeStep
from sinterface.study.resources import ResourcesTable


def as_tuple(value: Any) -> Any:
    """Return a list as a tuple, anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def several(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return values of which there is at least one, none of them twice."""
    if not values:
        raise ValueError("give at least one value")
    if len(set(values)) < len(values):
        raise ValueError("each value once")
    return values


Positive = Annotated[float, Field(gt=0)]
Temperatures = Annotated[
    tuple[Annotated[float, Field(gt=0, le=10_000)], ...],
    BeforeValidator(as_tuple),
    AfterValidator(several),
]
Contents = Annotated[
    tuple[Annotated[float, Field(ge=0, le=10)], ...],
    BeforeValidator(as_tuple),
    AfterValidator(several),
]
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple), AfterValidator(several)]
Copies = Annotated[
    tuple[
        Annotated[int, Field(ge=1, le=100)],
        Annotated[int, Field(ge=1, le=100)],
        Annotated[int, Field(ge=1, le=100)],
    ],
    BeforeValidator(as_tuple),
]
Indices = Annotated[tuple[int, int, int], BeforeValidator(as_tuple)]


class HeadTable(Table):
    """What the study is called and what kind it is."""

    name: StudyName = Field(
        examples=["my-study"],
        description="Name of the study (letters, digits, . _ -); results go to "
        "runs/<name>-<scale>/.",
    )
    kind: str = Field(description="What is studied.")
    title: str = Field(default="", max_length=200, description="Title; empty: made from the name.")
    seed: int = Field(
        default=1,
        ge=0,
        le=10**8,
        description="Seed of all random choices; replica r begins with seed + r.",
    )


class DriverTable(PotentialTable):
    """What moves the atoms."""

    calculator: str = Field(
        default="",
        description="An ASE calculator instead, such as chgnet or ase:module.Class; empty: the "
        "potential.",
    )


class RunTable(Table):
    """How molecular dynamics is run."""

    timestep_fs: TimeStep = 1.0
    frame_interval_ps: float = Field(
        default=0.1, gt=0, description="Time between two stored frames, picoseconds."
    )
    checkpoint_interval_ps: float = Field(
        default=10.0,
        gt=0,
        description="Time between two checkpoints, from which a killed run goes on, picoseconds.",
    )
    max_frames: int = Field(
        default=2000,
        ge=10,
        le=1_000_000,
        description="Most frames that an analysis reads of each run, at a regular stride.",
    )


class GeneralStudy(Table):
    """What every kind of study file holds."""

    study: HeadTable
    potential: DriverTable = DriverTable()
    dynamics: RunTable = RunTable()
    resources: ResourcesTable = ResourcesTable()
