"""An interface from two names to a relaxed cell and its certificate."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from sinterface.dynamics.preparation import AtRest, bring_to_rest, crystal_at, measured
from sinterface.dynamics.requirements import named_potential
from sinterface.errors import InputError
from sinterface.structures.certificate import Certificate, recertify
from sinterface.structures.crystals import crystal_with_parent
from sinterface.structures.interface import ROLES, Interface, build_interface, load_pair
from sinterface.structures.oxidation import charges_of
from sinterface.structures.structure_certificate import (
    Parent,
    StructureCertificate,
    certify_structure,
)

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.potential.model import Potential
    from sinterface.progress import ProgressCallback


@dataclass(frozen=True)
class MadeInterface:
    """An interface cell, how it was built, and the certificate of its final atoms.

    Attributes
    ----------
    atoms
        The structure with its arrays "region" (0 electrolyte, 1 electrode) and "side" (0 A, the
        Li-deficient boundary; 1 B, the Li-sufficient one).
    built
        The interface before its relaxation.
    certificate
        Figures of `atoms`.
    """

    atoms: Atoms
    built: Interface
    certificate: StructureCertificate


def make_interface(
    electrolyte: str = "llzo",
    electrode: str = "lco",
    *,
    potential: Potential | None = None,
    temperature_K: float | None = None,
    relaxed: bool = True,
    seed: int = 0,
    threads: int = 1,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> MadeInterface:
    """Build an interface, relax its atoms and normal, and certify it.

    Parameters
    ----------
    electrolyte, electrode
        Names or CIF files.
    potential
        Chooses shift and gaps by energy and relaxes. Without one, or with one that lacks an
        element, the cell is built by geometry and left as built, and the certificate says so.
    temperature_K
        Temperature whose mean lattice each crystal gets, from a short NPT run of its bulk; the
        crystals' published lattices when not given.
    relaxed
        Whether atoms and normal are relaxed.
    seed, threads, progress
        Seed of all that is drawn; threads of the potential; told of each step.
    options
        Of `structures.interface.build_interface`.

    Raises
    ------
    InputError
        As `build_interface`; also for a temperature without a potential.
    """
    clock = _Clock()
    names = (electrolyte, electrode)
    loaded = [crystal_with_parent(name, seed) for name in names]
    for (crystal, _), name in zip(loaded, names, strict=True):
        crystal.info["name"] = name
    crystals = load_pair(loaded[0][0], loaded[1][0], seed)
    parents = loaded[0][1], loaded[1][1]
    missing = _missing(crystals, potential)
    warnings = [] if potential is None or not missing else [_unknown(potential, missing)]
    usable = None if missing else potential
    if temperature_K is not None:
        crystals = warmed(
            crystals, usable, temperature_K, seed=seed, threads=threads, progress=progress
        )
    calculator = None if usable is None else usable.calculator(threads=threads)
    if usable is not None:
        options.setdefault("cutoff_A", usable.cutoff_A)
    clock.lap("lattices")
    built = build_interface(
        *crystals, seed=seed, calculator=calculator, progress=progress, **options
    )
    clock.lap("build")
    rest = None
    if usable is not None:
        rest = (
            bring_to_rest(built.atoms, usable, threads=threads, progress=progress)
            if relaxed
            else measured(built.atoms, usable, threads)
        )
    clock.lap("relax")
    lattice = {
        "temperature_K": temperature_K,
        **{
            f"{role}_edges_A": [round(float(edge), 4) for edge in crystal.cell.lengths()]
            for role, crystal in zip(ROLES, crystals, strict=True)
        },
    }
    details = {
        "lattices": lattice,
        "energetics": _energetics(rest, relaxed, len(built.atoms)),
        "seconds": clock.wall,
        "cpu_seconds": clock.cpu,
    }
    atoms = built.atoms if rest is None else rest.atoms
    certificate = _certificate(
        atoms, built, parents, details, warnings + _unconverged(rest, relaxed)
    )
    if usable is not None:
        source = certificate.source | named_potential(usable)
        certificate = replace(certificate, source=source)
    return MadeInterface(atoms, built, certificate)


class _Clock:
    """Seconds of each step: by the wall, and of all threads' work."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self._last = time.perf_counter(), time.process_time()

    def lap(self, name: str) -> None:
        """End the step `name`."""
        now = time.perf_counter(), time.process_time()
        self.wall[name] = round(now[0] - self._last[0], 2)
        self.cpu[name] = round(now[1] - self._last[1], 2)
        self._last = now


def _missing(crystals: tuple[Atoms, Atoms], potential: Potential | None) -> list[str]:
    """Return the elements that a potential lacks; all without one."""
    elements = sorted({symbol for crystal in crystals for symbol in set(crystal.symbols)})
    return [e for e in elements if potential is None or e not in potential.elements]


def _unknown(potential: Potential, missing: list[str]) -> str:
    return (
        f"The potential '{potential.directory.name}' doesn't know {', '.join(missing)}: shift and "
        "gaps are by geometry, and nothing is relaxed."
    )


def warmed(
    crystals: tuple[Atoms, Atoms],
    potential: Potential | None,
    temperature_K: float,
    *,
    seed: int = 0,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> tuple[Atoms, Atoms]:
    """Return both crystals with the mean lattice that the bulk of each has at a temperature.

    Raises
    ------
    InputError
        Without a potential, or for a temperature ≤ 0.
    RunError
        When a crystal doesn't stand the temperature.
    """
    if potential is None:
        raise InputError(
            "The lattices at a temperature need a potential that knows every element; give one, or "
            "leave the temperature away."
        )
    first, second = (
        crystal_at(crystal, potential, temperature_K, seed=seed, threads=threads, progress=progress)
        for crystal in crystals
    )
    return first, second


def _energetics(rest: AtRest | None, relaxed: bool, n_built: int) -> dict[str, Any]:
    if rest is None:
        return {"relaxed": False}
    return {
        "relaxed": relaxed,
        "energy_eV_per_atom": rest.energy_eV / len(rest.atoms),
        "stress_GPa": dict(zip(("xx", "yy", "zz", "yz", "xz", "xy"), rest.stress_GPa, strict=True)),
        "largest_force_eV_per_A": rest.largest_force_eV_per_A,
        "atoms_lost": n_built - len(rest.atoms),
    }


def _unconverged(rest: AtRest | None, relaxed: bool) -> list[str]:
    if rest is None or not relaxed or rest.converged:
        return []
    return [f"A normal stress of {rest.stress_GPa[2]:.2f} GPa remains after the relaxation."]


def _certificate(
    atoms: Atoms,
    built: Interface,
    parents: tuple[Parent, Parent],
    details: dict[str, Any],
    warnings: list[str],
) -> StructureCertificate:
    """Return the certificate of the final atoms; the interface's own figures are its details."""
    figures = recertify(built.certificate, atoms)
    symbols, charges = atoms.get_chemical_symbols(), charges_of(atoms)
    states = {
        kind: float(charges[[symbol == kind for symbol in symbols]].mean()) for kind in set(symbols)
    }
    general = certify_structure(
        atoms,
        "interface",
        figures.source,
        seed=figures.source["seed"],
        states=states,
        regions=ROLES,
        strain_percent={
            "electrolyte": figures.electrolyte_strain_percent,
            "electrode": figures.mismatch_percent,
        },
        parents=parents,
        warnings=(*figures.warnings, *warnings),
        details=_interface_details(figures, built.certificate) | details,
    )
    return replace(general, coordination=figures.coordination)


def _interface_details(figures: Certificate, as_built: Certificate) -> dict[str, Any]:
    """Return what only an interface has."""
    return {
        "mobile_ion": figures.mobile_ion,
        "li_deficient": asdict(figures.li_deficient),
        "li_sufficient": asdict(figures.li_sufficient),
        "li_excess_difference_per_nm2": figures.li_excess_difference_per_nm2,
        "gaps_as_built_A": [as_built.li_deficient.gap_A, as_built.li_sufficient.gap_A],
        "shortest_as_built_A": as_built.shortest_A,
        "angle_change_degrees": {
            "electrolyte": figures.electrolyte_angle_change_degrees,
            "electrode": figures.angle_change_degrees,
        },
        "terminations": figures.terminations,
        "dividing": asdict(figures.dividing),
    }
