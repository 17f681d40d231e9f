"""Recipes: TOML files that say which structures are sampled and labelled, and how."""

from __future__ import annotations

import hashlib
import tomllib
from itertools import product, zip_longest
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sinterface.errors import InputError, nearest_name

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Start(_Table):
    """Structure that a trajectory starts from."""

    builder: Literal["llzo", "lco", "mixture", "doped-llzo"] = Field(
        description="llzo and lco are crystals, mixture a random cell, doped-llzo holds Co"
    )
    repeat: tuple[Count, Count, Count] = Field((1, 1, 1), description="copies of a crystal cell")
    lithium_removed: float = Field(0.0, ge=0, lt=1, description="share of Li taken out of lco")
    antisites: float = Field(0.0, ge=0, le=0.5, description="share of Co swapped with Li in lco")
    units: dict[str, int] = Field({}, description="formula units of a mixture")
    site: Literal["Li", "La", "Zr"] | None = Field(None, description="element that Co replaces")
    dopants: int = Field(0, ge=0, description="Co atoms in the doped cell")

    @model_validator(mode="after")
    def _complete(self) -> Start:
        if (self.builder == "mixture") != bool(self.units):
            raise ValueError("a mixture, and only a mixture, needs units")
        if (self.builder == "doped-llzo") != bool(self.site and self.dopants):
            raise ValueError("doped-llzo, and only doped-llzo, needs site and dopants")
        if self.lithium_removed and self.builder != "lco":
            raise ValueError("lithium_removed is for lco only, whose Co takes up the charge")
        if self.antisites and self.builder != "lco":
            raise ValueError("antisites are for lco only")
        return self


class Sample(_Table):
    """One family of short trajectories, every step of which one calculator drives."""

    system: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9-]*$", description="name of family")
    start: Start
    temperatures_K: list[Positive] = Field(min_length=1)
    volume_scales: list[Positive] = Field([1.0], min_length=1, description="of the start's volume")
    strain: float = Field(0.0, ge=0, le=0.2, description="largest random strain component")
    rattle_A: float = Field(0.0, ge=0, description="standard deviation of the first displacement")
    relax_steps: int = Field(0, ge=0, description="steps downhill before the dynamics")
    settle_steps: int = Field(0, ge=0, description="steps of dynamics before the kept ones")
    steps: Count = Field(description="steps of dynamics")
    keep_every: Count = Field(8, description="steps from one kept frame to the next")
    replicas: Count = Field(1, description="trajectories of each temperature and volume")


class Dynamics(_Table):
    """How the trajectories are run."""

    timestep_fs: Positive = 2.0
    relaxation_time_fs: Positive = 40.0
    max_force_eV_per_A: Positive = 50.0
    min_distance_A: Positive = 0.9


class Recipe(_Table):
    """What is labelled, by which reference."""

    name: str = Field(min_length=1)
    reference: str = "chgnet"
    reference_options: dict[str, Any] = {}
    seed: int = 0
    dynamics: Dynamics = Dynamics()
    sample: list[Sample] = Field(min_length=1)


class Trajectory(_Table):
    """One trajectory of a recipe: everything that decides its frames."""

    system: str
    start: Start
    temperature_K: float
    volume_scale: float
    strain: float
    rattle_A: float
    relax_steps: int
    steps: int
    keep_every: int
    dynamics: Dynamics
    seed: int
    settle_steps: int = 0

    @property
    def key(self) -> str:
        """Name from the system, the temperature and the hash of all settings.

        Settings left at their default don't count, so that a new setting keeps old names.
        """
        settings = self.model_dump_json(exclude_defaults=True)
        digest = hashlib.sha256(settings.encode()).hexdigest()[:10]
        return f"{self.system}-{self.temperature_K:.0f}K-{digest}"

    @property
    def family(self) -> str:
        """Name shared by strained copies of one start; empty for a trajectory that moves on.

        A copy is a trajectory of at most two kept frames. The crystal of LCO is the same for every
        seed, other starts are drawn by it.
        """
        if self.steps // self.keep_every > 2 or self.relax_steps:
            return ""
        fixed = self.start.builder == "lco" and not self.start.lithium_removed
        drawn = self.start.model_dump_json() + ("" if fixed else str(self.seed))
        return f"{self.system}-copies-{hashlib.sha256(drawn.encode()).hexdigest()[:10]}"


def read_recipe(path: Path | str) -> Recipe:
    """Read a recipe.

    Raises
    ------
    InputError
        When the file is missing, isn't TOML, or has an unknown or unfit key.
    """
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"There is no recipe '{path}'; check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"Recipe '{path}' isn't valid TOML: {error}; correct it.") from error
    try:
        return Recipe.model_validate(table)
    except ValidationError as error:
        raise InputError(f"Recipe '{path}': {_explain(error)}") from error


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        models = (Recipe, Sample, Start, Dynamics)
        known = [name for model in models for name in model.model_fields]
        return f"unknown key '{place}'.{nearest_name(str(first['loc'][-1]), known)}"
    return f"'{place}' is unfit ({first['msg']}), got {first.get('input')!r}."


def trajectories(recipe: Recipe) -> list[Trajectory]:
    """Return every trajectory, ordered so that an early stop leaves all systems covered.

    The first trajectory of each sample comes before the second of any. Seeds count up within a
    sample from the recipe's seed, so adding samples or replicas at the end of a list changes
    none of the others.
    """
    families = [_family(sample, recipe) for sample in recipe.sample]
    rounds = zip_longest(*families)
    found = [trajectory for one in rounds for trajectory in one if trajectory is not None]
    if len({trajectory.key for trajectory in found}) < len(found):
        raise InputError(f"Recipe '{recipe.name}' lists one sample twice; remove the copy.")
    return found


def _family(sample: Sample, recipe: Recipe) -> list[Trajectory]:
    points = product(range(sample.replicas), sample.volume_scales, sample.temperatures_K)
    shared = sample.model_dump(
        include={
            *("system", "strain", "rattle_A", "relax_steps"),
            *("settle_steps", "steps", "keep_every"),
        }
    )
    return [
        Trajectory(
            **shared,
            start=sample.start,
            temperature_K=temperature,
            volume_scale=volume,
            dynamics=recipe.dynamics,
            seed=1000 * recipe.seed + index,
        )
        for index, (_, volume, temperature) in enumerate(points)
    ]
