"""GPAW in plane waves with a Hubbard U, set up from typed options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sinterface.reference.dft_inputs import kpoint_grid, with_moments
from sinterface.reference.settings import GpawSettings

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator


def gpaw_calculator(atoms: Atoms, settings: GpawSettings, directory: Path) -> Calculator:
    """Return a new GPAW calculator for `atoms` that writes its log to ``directory/gpaw.txt``.

    It raises by itself when the SCF hasn't converged within the iterations. Moments of the
    elements are set on `atoms` where it has none.

    Source: Mortensen et al., J. Chem. Phys. 160, 092503 (2024).
    """
    from gpaw import GPAW, PW, FermiDirac

    atoms.set_initial_magnetic_moments(with_moments(atoms, settings).get_initial_magnetic_moments())
    directory.mkdir(parents=True, exist_ok=True)
    convergence: dict[str, Any] = {
        "energy": settings.energy_tolerance_eV,
        "density": settings.density_tolerance,
    }
    if settings.forces_tolerance_eV_per_A is not None:
        convergence["forces"] = settings.forces_tolerance_eV_per_A
    calculator = GPAW(
        mode=PW(settings.cutoff_eV),
        xc=settings.functional,
        kpts={"size": kpoint_grid(atoms, settings.kpoint_spacing_per_A), "gamma": True},
        setups={symbol: f":d,{u}" for symbol, u in settings.hubbard_U_eV.items() if u},
        spinpol=settings.spin_polarised,
        occupations=FermiDirac(settings.smearing_eV),
        convergence=convergence,
        maxiter=settings.max_iterations,
        txt=str(directory / "gpaw.txt"),
    )
    return cast("Calculator", calculator)
