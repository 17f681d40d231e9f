"""The analyses that ``sinterface analyze all`` runs, and what a run offers them.

To add one: write a module with ``compute(run) -> Outcome`` (and ``reason(run) -> str``, empty
when it applies, else why not) and add its line to `SUITE`; from another package, name the module
as an entry point of the group ``sinterface.analyses``.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sinterface.analysis.stream import Frames, Selection, open_frames
from sinterface.errors import InputError
from sinterface.plugins import ANALYSES, found_plugins
from sinterface.progress import ProgressCallback
from sinterface.report.run_groups import group_runs

if TYPE_CHECKING:
    from sinterface.report.outcome import Outcome


@dataclasses.dataclass(frozen=True)
class Run:
    """A run as the analyses see it.

    Attributes
    ----------
    path
        What was given: a study's run directory, a dynamics directory, a trajectory file.
    replicas
        The trajectories of independent builds (one or more).
    controls
        Bulk control runs by name (``"electrolyte"``, ``"electrode"``); empty without them.
    structures
        Starting structure of each replica, where there is one (extxyz).
    selection
        Frames used, frame interval.
    progress
        Called with the state of a computation; None for silence.
    """

    path: Path
    replicas: tuple[Path, ...]
    controls: dict[str, Path]
    structures: tuple[Path, ...]
    selection: Selection
    progress: ProgressCallback | None = None

    @contextmanager
    def open(self, *, velocities: bool = False, min_frames: int = 2) -> Iterator[list[Frames]]:
        """Open all replicas, closed at the end of the block."""
        with ExitStack() as stack:
            yield [
                stack.enter_context(
                    open_frames(path, self.selection, velocities=velocities, min_frames=min_frames)
                )
                for path in self.replicas
            ]


def thinned(run: Run, most_frames: int) -> Run:
    """Return a run of which at most so many frames are read, at a regular stride.

    For analyses whose neighbouring frames tell the same, and that take long over each.
    """
    from sinterface.analysis.still import open_structure

    with open_structure(run.replicas[0], run.selection) as frames:
        step = max(1, -(-frames.n_frames // most_frames))
    chosen = dataclasses.replace(run.selection, stride=run.selection.stride * step)
    return dataclasses.replace(run, selection=chosen)


@dataclasses.dataclass(frozen=True)
class Analysis:
    """One entry of the suite.

    Attributes
    ----------
    name
        Name of the command and of the results' folder.
    title
        Heading in the report.
    module
        Module with ``compute(run) -> Outcome`` and ``reason(run) -> str``; imported when used.
    """

    name: str
    title: str
    module: str

    @property
    def short(self) -> str:
        """Name as a heading in a page's navigation."""
        return "RDF" if self.name == "rdf" else self.name.capitalize()

    def reason(self, run: Run) -> str:
        """Return why this analysis doesn't apply to a run; empty when it does."""
        return str(importlib.import_module(self.module).reason(run))

    def compute(self, run: Run) -> Outcome:
        """Analyse a run."""
        outcome: Outcome = importlib.import_module(self.module).compute(run)
        return outcome


SUITE: tuple[Analysis, ...] = (
    Analysis(
        "profiles",
        "Profiles, interdiffusion and segregation",
        "sinterface.report.analysis_profiles",
    ),
    Analysis("rdf", "Pair distributions", "sinterface.report.analysis_rdf"),
    Analysis("vibrations", "Vibrational spectra", "sinterface.report.analysis_vibrations"),
    Analysis("diffusion", "Diffusion", "sinterface.report.analysis_diffusion"),
    Analysis("arrhenius", "Activation energies", "sinterface.report.analysis_activation"),
    Analysis("density", "Probability density", "sinterface.report.analysis_density"),
    Analysis("sites", "Sites, residence times and jumps", "sinterface.report.analysis_sites"),
    Analysis("polyhedra", "Coordination polyhedra", "sinterface.report.analysis_polyhedra"),
    Analysis("clusters", "Clusters of Co", "sinterface.report.analysis_clusters"),
    Analysis("boundaries", "Grain boundaries", "sinterface.report.analysis_boundaries"),
    Analysis("phases", "Phases told apart by surroundings", "sinterface.report.analysis_phases"),
)
"""In the order of the report."""


def all_analyses() -> tuple[Analysis, ...]:
    """Return the suite, and behind it what other installed packages add."""
    own = {one.name for one in SUITE}
    added = sorted(found_plugins(ANALYSES).items())
    return SUITE + tuple(
        Analysis(name, name.replace("-", " ").capitalize(), module)
        for name, module in added
        if name not in own
    )


def find_run(
    path: Path, selection: Selection | None = None, progress: ProgressCallback | None = None
) -> Run:
    """Return the trajectories behind a path.

    Parameters
    ----------
    path
        A study's run directory (its newest ``dynamics-*`` folder of each replica and control),
        the folder of a set of simulations of one system, a dynamics directory, or a trajectory
        file.
    selection, progress
        See `Run`.

    Raises
    ------
    InputError
        When there is no trajectory, or runs of several systems.
    """
    found = find_runs(path, selection, progress)
    if len(found) > 1:
        names = list(found)
        message = (
            f"'{path}' holds runs of {len(found)} systems ({', '.join(names[:6])}"
            f"{', ...' if len(names) > 6 else ''}); give the folders of one of them, such as "
            f"{path / names[0]}*, or take 'sinterface analyze all' for each of them."
        )
        raise InputError(message)
    return next(iter(found.values()))


def find_runs(
    path: Path, selection: Selection | None = None, progress: ProgressCallback | None = None
) -> dict[str, Run]:
    """Return the trajectories behind a path, those of one system together, by its name.

    A trajectory, and a study of one interface, have the empty name.

    Parameters
    ----------
    path
        As for `find_run`; a set of simulations may be of several systems.
    selection, progress
        See `Run`.

    Raises
    ------
    InputError
        When there is no trajectory.
    """
    chosen = selection or Selection()
    if not path.exists():
        raise InputError(f"There is no run '{path}'; give a run directory or a trajectory.")
    folders = _dynamics_folders(path) if path.is_dir() else {}
    if not folders:
        return _set_of_runs(path, chosen, progress)
    replicas = tuple(folders[name] for name in sorted(folders) if name.isdigit())
    controls = {name: folders[name] for name in folders if not name.isdigit()}
    return {"": Run(path, replicas, controls, _structures(path, folders), chosen, progress)}


def _set_of_runs(
    path: Path, chosen: Selection, progress: ProgressCallback | None
) -> dict[str, Run]:
    alone = path.is_file() or any(path.glob("segment-*.h5"))
    groups = {} if alone else group_runs(path)
    if not groups:
        return {"": Run(path, (path,), {}, (), chosen, progress)}
    return {name: Run(path, folders, {}, (), chosen, progress) for name, folders in groups.items()}


def _dynamics_folders(path: Path) -> dict[str, Path]:
    """Return the newest folder of each part, such as ``{"1": dynamics-1-8672e2df}``."""
    newest: dict[str, Path] = {}
    found = [one for one in path.glob("dynamics-*-*") if any(one.glob("segment-*.h5"))]
    for folder in sorted(found, key=lambda one: one.stat().st_mtime):
        newest[folder.name.removeprefix("dynamics-").rsplit("-", 1)[0]] = folder
    return newest


def _structures(path: Path, folders: dict[str, Path]) -> tuple[Path, ...]:
    parts = sorted(name for name in folders if name.isdigit())
    found = [sorted(path.glob(f"build-{part}-*/*.extxyz")) for part in parts]
    return tuple(one[-1] for one in found if one)
