"""Steps that build: crystal, doped crystal, amorphous cell, grain boundary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sinterface.progress import Progress, ProgressCallback
from sinterface.study.graph import Place
from sinterface.study.steps.keeping import STRUCTURE_NAME, keep_structure

if TYPE_CHECKING:
    from sinterface.structures.opening import Opened
    from sinterface.structures.substitution import Doped

GRAINS: Final = "grains"
"""Dopants in both grains of a bicrystal, none at its boundaries."""


def crystal(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Build a crystal; partly occupied sites are filled over the whole supercell."""
    from sinterface.structures.crystals import crystal_with_parent
    from sinterface.structures.oxidation import neutral_states
    from sinterface.structures.structure_certificate import certify_structure
    from sinterface.structures.substitution import formula_units

    s = place.settings
    progress(Progress(0.0, 1.0, "placing"))
    supercell = tuple(s["supercell"])
    atoms, parent = crystal_with_parent(
        place.extras["crystal"], place.seed, draws=s["draws"], supercell=supercell
    )
    source = {"crystal": s["crystal"], "supercell": list(supercell), "draws": s["draws"]}
    certificate = certify_structure(
        atoms, "crystal", source, seed=place.seed, parents=[parent],
        states=neutral_states(atoms, f"The crystal '{s['crystal']}'"),
        details={"formula_units": formula_units(atoms)},
    )  # fmt: skip
    return keep_structure(place, atoms, certificate)


def dope(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Put dopants on a site, charge-balanced."""
    from sinterface.structures.opening import open_structure
    from sinterface.structures.structure_certificate import certify_structure
    from sinterface.structures.substitution import formula_units, parse_rule, substitute

    s = place.settings
    progress(Progress(0.0, 1.0, "doping"))
    opened = open_structure(str(place.before[0].directory / STRUCTURE_NAME), seed=place.seed)
    units = opened.certificate.get("details", {}).get("formula_units")
    units = units or formula_units(opened.atoms)
    count = s["count"] if "count" in s else max(1, round(s["x"] * units))
    if s.get("within") == GRAINS:
        doped = _in_grains(opened, s, count, place.seed)
    else:
        doped = substitute(
            opened.atoms, parse_rule(s["rule"]), count, mode=s["mode"], states=opened.states,
            seed=place.seed,
        )  # fmt: skip
    details = {
        "dopants": count,
        "removed": doped.removed,
        "added": doped.added,
        "nearest_dopants_A": doped.nearest_dopants_A
        if math.isfinite(doped.nearest_dopants_A)
        else None,
    }
    details |= {"formula_units": units, "x": count / units}
    certificate = certify_structure(
        doped.atoms, "doped crystal", dict(s), seed=place.seed, states=doped.states,
        parents=opened.parents, details=details, regions=_regions(opened.atoms),
    )  # fmt: skip
    return keep_structure(place, doped.atoms, certificate)


def _in_grains(opened: Opened, s: Mapping[str, Any], count: int, seed: int) -> Doped:
    """Put dopants into both grains of a bicrystal, half into each."""
    from dataclasses import replace

    from sinterface.structures.substitution import parse_rule, substitute
    from sinterface.structures.within import parse_within

    shares = (count - count // 2, count // 2)
    doped, atoms, states = None, opened.atoms, opened.states
    removed: dict[str, int] = {}
    for grain, share in enumerate(shares, 1):
        if share == 0:
            continue
        doped = substitute(
            atoms, parse_rule(s["rule"]), share, mode=s["mode"],
            within=parse_within(f"region grain {grain}"), states=states, seed=seed + 7 * grain,
        )  # fmt: skip
        atoms, states = doped.atoms, doped.states
        removed = {
            k: removed.get(k, 0) + doped.removed.get(k, 0) for k in {*removed, *doped.removed}
        }
    assert doped is not None
    return replace(doped, removed=removed)


def amorphous(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Melt and quench the composition of the crystal before."""
    from sinterface.dynamics.melt_quench import Quench, melt_quench
    from sinterface.potential.model import load_potential
    from sinterface.structures.compositions import mixture_of
    from sinterface.structures.opening import open_structure
    from sinterface.structures.structure_certificate import certify_structure, density
    from sinterface.structures.substitution import formula_units

    s = place.settings
    opened = open_structure(str(place.before[0].directory / STRUCTURE_NAME), seed=place.seed)
    found = melt_quench(
        mixture_of(opened.atoms), load_potential(place.extras["potential"]), Quench(**s["quench"]),
        seed=place.seed, timestep_fs=s["timestep_fs"], threads=place.extras.get("threads", 1),
        progress=progress,
    )  # fmt: skip
    details = found.figures() | {
        "crystal_density_g_per_cm3": density(opened.atoms),
        "formula_units": formula_units(opened.atoms),
    }
    certificate = certify_structure(
        found.atoms, "amorphous", dict(s), seed=place.seed, parents=opened.parents, details=details
    )
    figures = {"density_error_g_per_cm3": found.density_error}
    figures["crystal_density_g_per_cm3"] = details["crystal_density_g_per_cm3"]
    return keep_structure(place, found.atoms, certificate) | figures


def boundary(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Build a grain boundary: the shift searched, its energy from anneals where asked for."""
    from sinterface.dynamics.boundary_energy import AnnealSettings
    from sinterface.dynamics.grain_boundary import build_grain_boundary
    from sinterface.potential.model import load_potential

    s = place.settings
    anneals = AnnealSettings(**s["anneals"]) if s["anneals"]["n_runs"] else None
    found = build_grain_boundary(
        place.extras["crystal"], axis=tuple(s["axis"]), sigma=s["sigma"], plane=tuple(s["plane"]),
        thickness_A=s["thickness_A"], seed=place.seed,
        potential=load_potential(place.extras["potential"]) if s["search"] else None,
        anneals=anneals, processes=place.extras.get("threads", 1),
        record=place.directory / STRUCTURE_NAME, progress=progress,
    )  # fmt: skip
    summary = keep_structure(place, found.atoms, found.certificate)
    details = found.certificate.details
    kept = ("energy_J_per_m2", "annealed_energy", "excess_volume_A3_per_A2", "boundary")
    return summary | {key: details[key] for key in kept if key in details}


def interface(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Build an interface of any two crystals; relaxed where a potential drives."""
    from sinterface.dynamics.interface_making import make_interface
    from sinterface.potential.model import load_potential

    s = place.settings
    potential = place.extras.get("potential")
    made = make_interface(
        place.extras["electrolyte"], place.extras["electrode"],
        potential=load_potential(potential) if potential else None, seed=place.seed,
        threads=place.extras.get("threads", 1), progress=progress, size=s["size"],
        max_strain=s["max_strain"], electrolyte_plane=tuple(s["electrolyte_plane"]),
        electrode_plane=tuple(s["electrode_plane"]),
        temperature_K=s.get("lattice_temperature_K"),
    )  # fmt: skip
    return keep_structure(place, made.atoms, made.certificate)


def _regions(atoms: Any) -> list[str]:
    """Return the names of a structure's regions."""
    from sinterface.structures.formats import NAMES_KEY

    if "region" not in atoms.arrays:
        return ["all"]
    names = [name for name in str(atoms.info.get(NAMES_KEY, "")).split(",") if name]
    n_regions = int(atoms.arrays["region"].max()) + 1
    return names if len(names) >= n_regions else [f"region {k}" for k in range(n_regions)]
