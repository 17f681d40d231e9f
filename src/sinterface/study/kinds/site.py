"""What the plan of a study may ask: its settings, the potential, the size of a crystal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.errors import InputError
from sinterface.provenance import digest, file_digest
from sinterface.study.graph import Cost, Stage
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.potential.model import Potential


@dataclass(frozen=True)
class Site:
    """A study file, read and checked, for one scale.

    Attributes
    ----------
    path
        Absolute path of the file; names in it are relative to its folder.
    kind
        Its kind.
    scale
        Which of its sizes; empty where the file has none.
    settings
        The checked settings, a model of its kind.
    changes
        Values that were replaced by ``--set``.
    """

    path: Path
    kind: str
    scale: str
    settings: Any
    changes: tuple[str, ...] = ()

    @property
    def seed(self) -> int:
        """Seed of the study."""
        return int(self.settings.study.seed)

    def resolve(self, name: str) -> Path:
        """Return the path that a name in the file stands for."""
        return self.path.parent / Path(name).expanduser()

    @cached_property
    def driver(self) -> dict[str, Any]:
        """What moves the atoms, for the stages' `extras`."""
        table = self.settings.potential
        if table.calculator:
            return {"calculator": table.calculator}
        directory = self.resolve(table.name)
        return {"potential": str(directory) if directory.is_dir() else table.name}

    @cached_property
    def potential(self) -> Potential | None:
        """The potential; None where a calculator drives."""
        if "calculator" in self.driver:
            return None
        from sinterface.potential.model import load_potential

        return load_potential(self.driver["potential"])

    @cached_property
    def identity(self) -> dict[str, str]:
        """Hash of what moves the atoms, for the stages' `inputs`."""
        if self.potential is not None:
            return {"potential": self.potential.fingerprint}
        from sinterface.reference.calculators import open_reference

        reference = open_reference(self.driver["calculator"])
        return {"calculator": f"{reference.name} {reference.version} {reference.settings_hash}"}

    @property
    def extras(self) -> dict[str, Any]:
        """What a run of dynamics is told besides its settings."""
        resources = self.settings.resources
        told = {"threads": resources.threads, "ranks": resources.ranks}
        return {**self.driver, **told, "mpiexec": resources.mpiexec}

    def one_process_a_run(self) -> None:
        """Raise InputError where MPI ranks are asked for, of a kind whose stages take none."""
        if self.settings.resources.ranks > 1:
            raise InputError(
                f"Stages of '{self.kind}' run in one process each, with [resources] threads; "
                "leave out ranks, which transport, amorphous and grain-boundaries studies take."
            )

    def crystal_name(self, name: str) -> str:
        """Return a crystal's name, or the absolute path of its CIF."""
        from sinterface.structures.crystals import NAMES

        return name.lower() if name.lower() in NAMES else str(self.resolve(name).resolve())

    def crystal_input(self, name: str) -> dict[str, str]:
        """Return the hash of a crystal's CIF, or of its name."""
        found = Path(self.crystal_name(name))
        return {"crystal": file_digest(found) if found.is_file() else digest(str(found))}

    def crystal_extras(self, name: str) -> dict[str, str]:
        """Where a crystal is found, for the stages' `extras`."""
        return {"crystal": self.crystal_name(name)}

    def check_elements(self, elements: set[str]) -> None:
        """Raise InputError when the potential lacks one."""
        if self.potential is None:
            return
        lacking = sorted(elements - set(self.potential.elements))
        if lacking:
            raise InputError(
                f"The potential '{self.settings.potential.name}' doesn't know "
                f"{', '.join(lacking)}, which the study holds; name another potential, or a "
                "calculator such as 'chgnet' in [potential]."
            )

    def load(self, name: str) -> Atoms:
        """Return a crystal's cell, loaded once."""
        kept: dict[str, Any] = self.__dict__.setdefault("_crystals", {})
        found = self.crystal_name(name)
        if found not in kept:
            from sinterface.structures.crystals import load_crystal

            kept[found] = load_crystal(found)
        crystal: Atoms = kept[found]
        return crystal

    def steps(self, duration_ps: float) -> int:
        """Return the time steps of a duration."""
        return round(duration_ps * FS_PER_PS / float(self.settings.dynamics.timestep_fs))

    def frames(self, duration_ps: float) -> int:
        """Return the frames kept of a duration."""
        return round(duration_ps / float(self.settings.dynamics.frame_interval_ps)) + 1

    def run_cost(self, n_atoms: int, kept_ps: float, before_ps: float = 0.0) -> Cost:
        """Return the cost of a run of dynamics."""
        steps, cores = self.steps(kept_ps + before_ps), self.settings.resources
        threads = cores.threads * cores.ranks
        return Cost(n_atoms, steps, self.frames(kept_ps), 2.0, threads)

    def reading_cost(self, n_atoms: int, n_runs: int, kept_ps: float, us: float = 2.0) -> Cost:
        """Return the cost of an analysis: microseconds for each atom of each frame read."""
        frames = min(self.frames(kept_ps), self.settings.dynamics.max_frames)
        return Cost(other_s=1.0 + 1e-6 * us * n_atoms * frames * n_runs)

    def run_settings(self, phases: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """Return the settings of a stage of dynamics."""
        table = self.settings.dynamics
        return {
            "phases": phases,
            "timestep_fs": table.timestep_fs,
            "frame_interval_ps": table.frame_interval_ps,
            "checkpoint_interval_ps": table.checkpoint_interval_ps,
            **more,
        }

    def head(self) -> Mapping[str, Any]:
        """Return name, kind, scale and title for the results."""
        study = self.settings.study
        title = study.title or study.name.replace("-", " ")
        return {"study": study.name, "kind": self.kind, "scale": self.scale, "title": title}


def finish(site: Site, parts: list[Stage], settings: Mapping[str, Any]) -> tuple[Stage, ...]:
    """Return the last two stages of a study: all results in one place, and the report."""
    told = {**site.head(), "values": dict(settings)}
    together = Stage("results", "aggregate", told, site.seed, {}, tuple(parts), {}, Cost(other_s=5))
    report = Stage(
        "report", "report", site.head(), site.seed, {}, (together,), site.driver, Cost(other_s=5)
    )
    return (report,)
