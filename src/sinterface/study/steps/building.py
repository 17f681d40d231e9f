"""Steps that build: crystal, doped crystal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sinterface.progress import Progress, ProgressCallback
from sinterface.study.graph import Place
from sinterface.study.steps.keeping import STRUCTURE_NAME, keep_structure


def crystal(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Build a crystal; partly occupied sites are filled over the whole supercell."""
    from sinterface.structures.crystals import crystal_with_parent
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
        details={"formula_units": formula_units(atoms)},
    )  # fmt: skip
    return keep_structure(place, atoms, certificate)


def dope(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Put dopants on a site, charge-balanced."""
    from sinterface.structures.opening import open_structure
    from sinterface.structures.structure_certificate import certify_structure
    from sinterface.structures.substitution import parse_rule, substitute
    from sinterface.structures.within import parse_within

    s = place.settings
    progress(Progress(0.0, 1.0, "doping"))
    opened = open_structure(str(place.before[0].directory / STRUCTURE_NAME), seed=place.seed)
    doped = substitute(
        opened.atoms, parse_rule(s["rule"]), s["count"], mode=s["mode"],
        within=parse_within(s["within"]) if s.get("within") else None,
        states=opened.states, seed=place.seed,
    )  # fmt: skip
    units = opened.certificate.get("details", {}).get("formula_units")
    details = {
        "dopants": doped.n_dopants,
        "removed": doped.removed,
        "added": doped.added,
        "nearest_dopants_A": doped.nearest_dopants_A
        if math.isfinite(doped.nearest_dopants_A)
        else None,
    }
    details |= {"formula_units": units, "x": doped.n_dopants / units} if units else {}
    certificate = certify_structure(
        doped.atoms, "doped crystal", dict(s), seed=place.seed, states=doped.states,
        parents=opened.parents, details=details, regions=_regions(opened.atoms),
    )  # fmt: skip
    return keep_structure(place, doped.atoms, certificate)


def _regions(atoms: Any) -> list[str]:
    """Return the names of a structure's regions."""
    from sinterface.structures.formats import NAMES_KEY

    if "region" not in atoms.arrays:
        return ["all"]
    names = [name for name in str(atoms.info.get(NAMES_KEY, "")).split(",") if name]
    n_regions = int(atoms.arrays["region"].max()) + 1
    return names if len(names) >= n_regions else [f"region {k}" for k in range(n_regions)]
