"""What the analysis of an interface's runs returns, and how it is kept."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Self

from sinterface.analysis.diffusion import MeanSquaredDisplacement
from sinterface.analysis.profiles import Profiles
from sinterface.analysis.rdf import PartialRDFs
from sinterface.analysis.records import Record
from sinterface.analysis.statistics import Measure
from sinterface.analysis.survival import FrameworkSurvival
from sinterface.errors import InputError
from sinterface.files import write_text


@dataclasses.dataclass(frozen=True)
class SideDegradation(Record):
    """The degradation of one boundary.

    Attributes
    ----------
    side
        ``"li_deficient"`` (lower boundary) or ``"li_sufficient"`` (upper boundary).
    plane_A
        Relaxed outermost Co plane on the axis of `Profiles.z_A` (mean over replicas), in Å.
    n_layer_co
        Co atoms of the CoO6 layer, mean over replicas.
    width
        Interdiffusion width σ, in Å, of Co/(Co + La + Zr) across the boundary (`edge_width`).
    width_la, width_zr
        The same with Co/(Co + La) and Co/(Co + Zr).
    interdiffused
        Co atoms more than 4 Å beyond the plane and detached from the slab, count.
    interdiffused_per_nm2
        The same per nm² of this boundary.
    layer_csm
        Continuous shape measure of the CoO6 layer nearest to the boundary (the first plane with
        six O about its Co) against the octahedron, 0 = undistorted, 16.74 = trigonal prism.
    layer_coordination
        O within the Co–O bond cutoff of those Co.
    resolved, reason
        Those of the side's figures as a whole; each `Measure` has its own as well.
    """

    side: str
    plane_A: float
    n_layer_co: float
    width: Measure
    width_la: Measure
    width_zr: Measure
    interdiffused: Measure
    interdiffused_per_nm2: Measure
    layer_csm: Measure
    layer_coordination: Measure
    resolved: bool
    reason: str


@dataclasses.dataclass(frozen=True)
class InterfaceAnalysis(Record):
    """All that the runs of one interface say.

    Attributes
    ----------
    n_replicas
        Independent builds.
    n_controls
        Bulk runs given as controls.
    n_atoms, n_frames
        Atoms of a cell; frames read, all replicas together.
    duration_ps, frame_interval_ps
        Of the shortest replica; spacing of the frames that were read.
    temperature_K, temperature_std_K
        Mean over frames and replicas, and standard deviation over frames.
    area_nm2
        Area of one boundary (mean over replicas).
    sides
        The Li-deficient (lower) side, then the Li-sufficient (upper) side.
    inside_csm, inside_coordination
        The same disorder figures for the Co in the inside of the slab.
    bulk_csm, bulk_coordination
        The same of all Co of the bulk electrode that was run as control; None without one. One
        run: never resolved.
    profiles, rdfs, msd
        Element profiles, partial RDFs, mean squared displacements.
    survival
        Plateau test of La and Zr in the electrolyte's inside, Co in the electrode's, and of the
        controls.
    definitions
        Each figure's definition in words, with the cutoffs used.
    warnings
        What a reader must know before believing a figure.
    """

    n_replicas: int
    n_controls: int
    n_atoms: int
    n_frames: int
    duration_ps: float
    frame_interval_ps: float
    temperature_K: float
    temperature_std_K: float
    area_nm2: float
    sides: tuple[SideDegradation, SideDegradation]
    inside_csm: Measure
    inside_coordination: Measure
    profiles: Profiles
    rdfs: PartialRDFs
    msd: MeanSquaredDisplacement
    survival: tuple[FrameworkSurvival, ...]
    definitions: dict[str, str]
    warnings: tuple[str, ...]
    bulk_csm: Measure | None = None
    bulk_coordination: Measure | None = None

    def write(self, directory: Path | str) -> tuple[Path, ...]:
        """Write ``analysis.json`` and the CSV files into `directory`; return their paths.

        The JSON file comes last, so that where it exists all others do.
        """
        from sinterface.analysis.tables import write_tables

        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        tables = write_tables(self, folder)
        path = folder / "analysis.json"
        write_text(path, json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n")
        return (path, *tables)

    @classmethod
    def read(cls, directory: Path | str) -> Self:
        """Return the analysis that `write` left in `directory`.

        Raises
        ------
        InputError
            When there is no readable ``analysis.json``.
        """
        path = Path(directory) / "analysis.json"
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"No readable analysis in '{path}' ({error}); run the analysis again."
            raise InputError(message) from error
