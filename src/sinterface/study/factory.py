"""A potential made from nothing by one file: its rounds of labels and its trainings, in order."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sinterface.errors import InputError, nearest_name
from sinterface.progress import Progress, ProgressCallback

KINDS = ("label", "explore", "train")
CARD_NAME = "potential.toml"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Table):
    """One step: exactly one of its three kinds, and what it makes."""

    make: str = Field(min_length=1, description="file of labels, or folder of a potential")
    label: str | None = Field(None, description="recipe whose trajectories the reference drives")
    explore: str | None = Field(None, description="recipe whose trajectories a potential drives")
    train: str | None = Field(None, description="recipe of a training")
    potential: str | None = Field(None, description="of explore: folder, or shipped name")
    gate_eV_per_A: float = Field(0.0, ge=0, description="of explore: least committee deviation")
    select: int = Field(0, ge=0, description="of explore: frames kept by farthest points; 0 all")
    known: tuple[str, ...] = Field((), description="of explore: labels to select away from")
    members: int | None = Field(None, ge=1, le=16, description="of train: committee")

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"a step needs exactly one of {', '.join(KINDS)}")
        if (self.explore is not None) != (self.potential is not None):
            raise ValueError("explore, and only explore, needs a potential")
        if self.members is not None and self.train is None:
            raise ValueError("members are for train only")
        return self

    @property
    def kind(self) -> str:
        """``label``, ``explore`` or ``train``."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


class Factory(_Table):
    """All steps, in the order of their making."""

    name: str = Field(min_length=1)
    step: tuple[Step, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Made:
    """What `make` did with a step.

    Attributes
    ----------
    kind, path
        Kind of the step and what it makes.
    skipped
        Whether it was there already.
    """

    kind: str
    path: Path
    skipped: bool


def read_factory(path: Path) -> Factory:
    """Read a factory's file.

    Raises
    ------
    InputError
        When it is missing, isn't TOML, or has an unknown or unfit key.
    """
    try:
        return Factory.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise InputError(f"There is no file '{path}'; check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' isn't TOML: {error}; correct that line.") from error
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        hint = ""
        if fault["type"] == "extra_forbidden":
            known = [*Factory.model_fields, *Step.model_fields]
            hint = nearest_name(str(fault["loc"][-1]), known)
        raise InputError(f"'{path}', {place or 'top'}: {fault['msg']}.{hint}") from error


def is_made(step: Step, folder: Path) -> bool:
    """Return whether what a step makes is there: its file, or its potential's card."""
    path = folder / step.make
    return (path / CARD_NAME).exists() if step.train is not None else path.is_file()


def make(
    path: Path,
    *,
    workers: int = 2,
    progress: ProgressCallback | None = None,
    listener: Callable[[Made], None] | None = None,
) -> list[Made]:
    """Do every step of a factory's file whose result isn't there, in order.

    Paths are relative to the file. Each step resumes by itself after a kill.

    Raises
    ------
    InputError
        For a fault in the file or in a recipe it names.
    """
    factory, folder = read_factory(path), path.parent
    done = []
    for number, step in enumerate(factory.step, start=1):
        made = Made(step.kind, folder / step.make, is_made(step, folder))
        if not made.skipped:
            made.path.parent.mkdir(parents=True, exist_ok=True)
            prefix = f"{number}/{len(factory.step)} {step.kind}: "
            _ACTIONS[step.kind](step, folder, workers, _prefixed(prefix, progress))
        done.append(made)
        if listener is not None:
            listener(made)
    return done


def _prefixed(prefix: str, progress: ProgressCallback | None) -> ProgressCallback | None:
    if progress is None:
        return None
    tell = progress

    def show(state: Progress) -> None:
        tell(replace(state, message=prefix + state.message))

    return show


def _label(step: Step, folder: Path, workers: int, progress: ProgressCallback | None) -> None:
    from sinterface.reference.labelling import label_file

    assert step.label is not None
    label_file(folder / step.label, folder / step.make, workers=workers, progress=progress)


def _explore(step: Step, folder: Path, workers: int, progress: ProgressCallback | None) -> None:
    from sinterface.reference.exploration import Choice, explore
    from sinterface.reference.labelling import label_file
    from sinterface.reference.recipe import read_recipe
    from sinterface.reference.settings import read_settings

    assert step.explore is not None
    assert step.potential is not None
    recipe = read_recipe(folder / step.explore)
    target = folder / step.make
    explored = target.with_name(f"explored-{target.name}")
    local = folder / step.potential
    known = tuple(folder / name for name in step.known)
    explore(
        recipe, local if local.is_dir() else step.potential, explored,
        Choice(step.gate_eV_per_A, step.select, known), workers=workers, progress=progress,
    )  # fmt: skip
    settings = read_settings(recipe.reference, recipe.reference_options)
    label_file(explored, target, workers=workers, reference=settings, progress=progress)


def _train(step: Step, folder: Path, _: int, progress: ProgressCallback | None) -> None:
    try:
        from sinterface.training.pipeline import train_potential
    except ModuleNotFoundError as error:
        raise InputError(
            f"Training needs {error.name}; install it with: pip install 'sinterface[train]'."
        ) from error
    assert step.train is not None
    changes = {"fit": {"members": step.members}} if step.members is not None else None
    train_potential(folder / step.train, folder / step.make, progress, changes)


_ACTIONS: dict[str, Callable[[Step, Path, int, ProgressCallback | None], None]] = {
    "label": _label,
    "explore": _explore,
    "train": _train,
}
