"""A symmetric tilt boundary from a crystal's name: built, its shift searched, its energy found."""

from __future__ import annotations

import json
import time
import warnings
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.dynamics.boundary_energy import (
    AnnealSettings,
    BoundaryEnergy,
    annealed_energy,
)
from sinterface.dynamics.boundary_search import (
    FORCE_TOLERANCE_EV_PER_A,
    CalculatorFactory,
    Search,
    SearchSettings,
    Tried,
    rank_placements,
    relax_bicrystal,
    search_placements,
)
from sinterface.dynamics.relax import relax
from sinterface.dynamics.requirements import check_elements, named_potential
from sinterface.errors import InputError
from sinterface.files import atomic_path
from sinterface.progress import ProgressCallback
from sinterface.structures.bicrystal import (
    REGIONS,
    Bicrystal,
    inequivalence_A,
    join,
    orthogonal_cell,
)
from sinterface.structures.coincidence import Indices, Tilt, symmetric_tilt
from sinterface.structures.crystals import crystal_with_parent
from sinterface.structures.grain import OrientedCrystal, orient, require_cubic
from sinterface.structures.oxidation import neutral_states
from sinterface.structures.structure_certificate import (
    Parent,
    StructureCertificate,
    certify_structure,
)

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator

    from sinterface.potential.model import Potential

SEARCH_THICKNESS_A = 12.0
EDGE_STEPS = 300


@dataclass(frozen=True)
class GrainBoundary:
    """A built boundary.

    Attributes
    ----------
    atoms
        The bicrystal in its orthogonal cell (axis along x, normal along z), with the arrays
        "region" (grain 1, grain 2, boundary) and "side" (grain of each atom).
    certificate
        Its figures.
    search
        What the search of the rigid shift found; None without a potential.
    energy
        Energy after annealing; None unless asked for.
    """

    atoms: Atoms
    certificate: StructureCertificate
    search: Search | None = None
    energy: BoundaryEnergy | None = None


def build_grain_boundary(
    crystal: str = "llzo",
    *,
    axis: Indices,
    sigma: int,
    plane: Indices,
    thickness_A: float | None = None,
    repeat: tuple[int, int] | None = None,
    seed: int = 0,
    cutoff_A: float = 6.0,
    potential: Potential | None = None,
    search: SearchSettings | None = None,
    anneals: AnnealSettings | None = None,
    processes: int = 1,
    record: Path | None = None,
    progress: ProgressCallback | None = None,
) -> GrainBoundary:
    """Build a symmetric tilt boundary of a cubic crystal, two equal ones in an orthogonal cell.

    Without a potential, the boundary is the placement of least excess volume. With one, the
    crystal's edge is brought to zero pressure, the placement of least energy searched (in the
    boundary's smallest cell and thin grains), and the bicrystal relaxed.

    Parameters
    ----------
    crystal
        Name or CIF file, see `crystals.load_crystal`.
    axis, sigma, plane
        Tilt axis, Σ and boundary plane, in the crystal's own cell.
    thickness_A
        Least thickness of a grain, in whole lattice planes; whole periods of at least 20 Å when
        not given.
    repeat
        Copies of the smallest orthogonal cell along the axis and across it; as many as the cutoff
        needs when not given.
    seed
        Of the Li arrangement.
    cutoff_A
        Cutoff of the potential that will run the cell; that of `potential` when it is given.
    potential
        For search, relaxation and energy.
    search, anneals
        How thorough the search is; how the boundary's energy is found (not at all when None).
    processes
        Processes of the search; threads of the anneals.
    record
        Path whose stem names the files that keep search and anneals, so that they go on after a
        stop: ``<stem>.search.jsonl``, ``<stem>.relaxed.npz``, ``<stem>.anneals.json``.
    progress
        Told within each stage.

    Raises
    ------
    InputError
        For a Σ or plane that doesn't exist (those that do are named), a crystal that isn't cubic
        or neutral, a cell too thin for the cutoff, an element that the potential lacks.
    """
    if anneals is not None and potential is None:
        raise InputError("The energy of a boundary needs the search; leave out --no-search.")
    tilt = symmetric_tilt(axis, sigma, plane)
    if potential is not None:
        cutoff_A = potential.cutoff_A
    loaded, parent = crystal_with_parent(crystal, seed)
    require_cubic(loaded)
    states = neutral_states(loaded, f"The crystal '{crystal}'")
    source: dict[str, Any] = {
        "crystal": crystal, "axis": list(tilt.axis), "sigma": tilt.sigma, "plane": list(tilt.plane),
    }  # fmt: skip
    start = time.perf_counter()
    site = _Site(orient(loaded, tilt), thickness_A, repeat, cutoff_A, seed)
    if potential is None:
        bicrystal = site.first(search or SearchSettings())
        atoms = orthogonal_cell(bicrystal, site.repeat)
        details = site.details(bicrystal, atoms) | {"build_s": time.perf_counter() - start}
        return _finished(atoms, parent, source, seed, details, states)
    check_elements(loaded, potential.elements)
    source |= named_potential(potential)
    factory = partial(_mixed_calculator, str(potential.directory))
    edge_A, bulk_eV = relaxed_edge(loaded, factory())
    start = time.perf_counter()
    site = _Site(orient(scaled(loaded, edge_A), tilt), thickness_A, repeat, cutoff_A, seed)
    built_s = time.perf_counter() - start
    start = time.perf_counter()
    found = search_placements(
        site.crystal, site.thin, factory, bulk_eV, settings=search, seed=seed, processes=processes,
        record=_beside(record, ".search.jsonl"), progress=progress,
    )  # fmt: skip
    bicrystal = join(site.crystal, site.n_planes, found.best.placement, seed)
    search_s = time.perf_counter() - start
    steps = (search or SearchSettings()).relaxation_steps
    relaxed, small = _relaxed(bicrystal, factory, bulk_eV, steps, _beside(record, ".relaxed.npz"))
    atoms = orthogonal_cell(bicrystal, site.repeat, relaxed=small)
    details = site.details(bicrystal, atoms) | _search_details(found, relaxed, edge_A)
    details |= {"build_s": built_s, "search_s": search_s}
    energy = None
    if anneals is not None:
        energy = annealed_energy(
            partial(_bicrystal, crystal, tilt, edge_A, seed, site.thin, found.best),
            partial(_bulk, crystal, tilt, edge_A, seed, site.thin),
            potential, settings=anneals, threads=processes, identity=_identity(found, edge_A),
            record=_beside(record, ".anneals.json"), progress=progress,
        )  # fmt: skip
        details["annealed_energy"] = energy.to_dict()
    return _finished(atoms, parent, source, seed, details, states, found, energy)


def bicrystal_size(
    crystal: Atoms,
    axis: Indices,
    sigma: int,
    plane: Indices,
    thickness_A: float | None = None,
    cutoff_A: float = 6.0,
) -> int:
    """Return the atoms of a bicrystal as `build_grain_boundary` joins it, none taken out yet.

    Raises
    ------
    InputError
        As `build_grain_boundary`.
    """
    require_cubic(crystal)
    tilt = symmetric_tilt(axis, sigma, plane)
    site = _Site(orient(crystal, tilt), thickness_A, None, cutoff_A, 0)
    copies = site.repeat[0] * site.repeat[1]
    return 2 * site.n_planes * copies * len(site.crystal.layer.symbols)


class _Site:
    """An oriented crystal and the size of the cell that is made of it."""

    def __init__(
        self,
        crystal: OrientedCrystal,
        thickness_A: float | None,
        repeat: tuple[int, int] | None,
        cutoff_A: float,
        seed: int,
    ) -> None:
        self.crystal, self.seed = crystal, seed
        self.repeat = crystal.repeats_for(repeat, cutoff_A)
        self.n_planes = crystal.planes_for(thickness_A, cutoff_A)
        thin = crystal.planes_for(max(SEARCH_THICKNESS_A, 1.9 * cutoff_A), cutoff_A)
        self.thin = min(self.n_planes, thin)

    def first(self, settings: SearchSettings) -> Bicrystal:
        """Return the placement of least excess volume in which Li finds room."""
        for placement in rank_placements(self.crystal, self.thin, settings):
            try:
                return join(self.crystal, self.n_planes, placement, self.seed)
            except InputError:
                continue
        raise InputError("No shift leaves room for Li at the boundary; allow more to be removed.")

    def details(self, bicrystal: Bicrystal, atoms: Atoms) -> dict[str, Any]:
        """Return the certificate's figures of this kind of structure."""
        tilt, placement = self.crystal.tilt, bicrystal.placement
        area = abs(float(np.linalg.det(atoms.cell.array[:2, :2])))
        layer = self.crystal.layer
        volume = abs(float(np.linalg.det(layer.cell))) / len(layer.symbols)
        return {
            "boundary": tilt.name,
            "misorientation_degrees": round(tilt.angle_degrees, 3),
            "second_grain": second_grain(self.crystal),
            "boundary_area_A2": area,
            "grain_thickness_A": self.n_planes * layer.height_A,
            "excess_volume_A3_per_A2": float(atoms.get_volume() - len(atoms) * volume)
            / (2.0 * area),
            "rigid_shift_A": list(placement.shift_A),
            "cut_A": placement.cut_A,
            "formula_units_removed_per_boundary": placement.removed
            * round(area / bicrystal.area_A2),
            "boundaries_differ_by_A": inequivalence_A(atoms, bicrystal),
        }


def second_grain(crystal: OrientedCrystal) -> str:
    """Return "mirror" when the crystal's framework has an inversion centre, else "rotation".

    The second grain is always made by the two-fold rotation about the boundary's normal, which
    keeps the handedness of any crystal; of a centrosymmetric one it is the mirror image as well.
    """
    import spglib

    layer = crystal.layer
    fixed = ~np.isin(np.array(layer.symbols), list(crystal.mobile))
    numbers = np.unique(np.array(layer.symbols)[fixed], return_inverse=True)[1]
    fractional = (layer.positions @ np.linalg.inv(layer.cell))[fixed]
    cell = (layer.cell.tolist(), fractional.tolist(), numbers.tolist())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # spglib's own, about its errors
        found = spglib.get_symmetry(cell, symprec=0.05)
    rotations = [] if found is None else found["rotations"]
    inverted = any(np.array_equal(rotation, -np.eye(3)) for rotation in rotations)
    return "mirror" if inverted else "rotation"


def relaxed_edge(crystal: Atoms, calculator: Calculator) -> tuple[float, float]:
    """Return a cubic crystal's edge in Å at zero pressure, and its energy an atom in eV at rest."""
    free = relax(
        crystal, calculator, cell="full", force_tolerance_eV_per_A=FORCE_TOLERANCE_EV_PER_A,
        max_steps=EDGE_STEPS,
    )  # fmt: skip
    edge = float(free.atoms.get_volume() ** (1.0 / 3.0))
    cube = relax(
        scaled(free.atoms, edge), calculator, cell="none",
        force_tolerance_eV_per_A=FORCE_TOLERANCE_EV_PER_A, max_steps=EDGE_STEPS,
    )  # fmt: skip
    return edge, cube.energy_eV / len(crystal)


def available_cores() -> int:
    """Return the cores that this process may use."""
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scaled(crystal: Atoms, edge_A: float) -> Atoms:
    """Return a copy of a cubic crystal with another edge."""
    copy: Atoms = crystal.copy()
    copy.set_cell(np.eye(3) * edge_A, scale_atoms=True)
    return copy


def _relaxed(
    bicrystal: Bicrystal,
    factory: CalculatorFactory,
    bulk_eV: float,
    max_steps: int,
    record: Path | None,
) -> tuple[Tried, Atoms]:
    """Relax the bicrystal, or read what an earlier call left in `record`."""
    start = bicrystal.atoms
    identity = repr((asdict(bicrystal.placement), round(bulk_eV, 6), max_steps))
    if record is not None and record.is_file():
        with np.load(record) as kept:
            same = (
                str(kept["identity"]) == identity and kept["start"].shape == start.positions.shape
            )
            if same and np.allclose(kept["start"], start.positions, atol=1e-6):
                atoms = start.copy()
                atoms.set_cell(kept["cell"])
                atoms.positions[:] = kept["positions"]
                figures = json.loads(str(kept["figures"]))
                return Tried(placement=bicrystal.placement, **figures), atoms
    tried, atoms = relax_bicrystal(bicrystal, factory(), bulk_eV, max_steps)
    if record is not None:
        figures = {name: value for name, value in asdict(tried).items() if name != "placement"}
        with atomic_path(record) as temporary, temporary.open("wb") as stream:
            np.savez(
                stream, identity=identity, start=start.positions, positions=atoms.positions,
                cell=atoms.cell.array, figures=json.dumps(figures),
            )  # fmt: skip
    return tried, atoms


def _mixed_calculator(directory: str) -> Calculator:
    from sinterface.potential.calculator import SinterfaceCalculator
    from sinterface.potential.model import load_potential

    return SinterfaceCalculator(load_potential(directory), precision="mixed", committee="none")


def _oriented(crystal: str, tilt: Tilt, edge_A: float, seed: int) -> OrientedCrystal:
    return orient(scaled(crystal_with_parent(crystal, seed)[0], edge_A), tilt)


def _bicrystal(
    crystal: str, tilt: Tilt, edge_A: float, seed: int, n_planes: int, best: Tried, run: int
) -> Atoms:
    oriented = _oriented(crystal, tilt, edge_A, seed + run)
    return join(oriented, n_planes, best.placement, seed + run).atoms


def _bulk(crystal: str, tilt: Tilt, edge_A: float, seed: int, n_planes: int, run: int) -> Atoms:
    return _oriented(crystal, tilt, edge_A, seed + run).bulk(n_planes)


def _search_details(found: Search, relaxed: Tried, edge_A: float) -> dict[str, Any]:
    return {
        "crystal_edge_A": edge_A,
        "placements": found.n_placements,
        "placements_screened": len(found.screened),
        "placements_relaxed": len(found.relaxed),
        "energy_J_per_m2": relaxed.excess_energy_J_per_m2,
        "largest_force_eV_per_A": relaxed.residual_force_eV_per_A,
    }


def _identity(found: Search, edge_A: float) -> str:
    return repr((asdict(found.best.placement), round(edge_A, 4)))


def _beside(record: Path | None, ending: str) -> Path | None:
    return None if record is None else record.with_name(record.stem + ending)


def _finished(
    atoms: Atoms,
    parent: Parent,
    source: dict[str, Any],
    seed: int,
    details: dict[str, Any],
    states: dict[str, float],
    search: Search | None = None,
    energy: BoundaryEnergy | None = None,
) -> GrainBoundary:
    certificate = certify_structure(
        atoms, "grain boundary", source, seed=seed, states=states, regions=REGIONS,
        parents=(parent,), details=details,
    )  # fmt: skip
    return GrainBoundary(atoms, certificate, search, energy)
