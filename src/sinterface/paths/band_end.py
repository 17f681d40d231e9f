"""What a band at rest tells: all images judged once more, and its record written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.files import write_text
from sinterface.paths.band_state import BandState
from sinterface.paths.energies import Energies
from sinterface.paths.hop import Hop, moved_atoms
from sinterface.paths.result import (
    BAND_NAME,
    RESULT_NAME,
    MinimumEnergyPath,
    band_curve,
    find_bottleneck,
    minima_between,
    write_images,
)

if TYPE_CHECKING:
    from ase import Atoms

NO_BARRIER_EV = 0.01


def finish_band(
    hop: Hop,
    energies: Energies,
    state: BandState,
    images: list[Atoms],
    directory: Path,
    tolerance: float,
) -> None:
    """Evaluate all images once more and write what the path tells into its directory."""
    outside = []
    members = []
    for image in images:
        counts, member = energies.judge(image)
        outside += [counts] if counts is not None else []
        members += [member] if member is not None else []
    write_images(images, directory / BAND_NAME)
    way, heights, curve_x, curve_y = band_curve(images)
    saddle = int(heights.argmax())
    std = float(np.std(members[saddle] - members[0])) if members else None
    moving = _moving(hop, images)
    converged = state.residual_eV_per_A <= tolerance
    path = MinimumEnergyPath(
        directory=directory,
        name=hop.name,
        title=hop.title,
        charge=hop.charge,
        details=hop.details,
        formula=hop.initial.get_chemical_formula(),
        n_atoms=len(hop.initial),
        ion=hop.initial.get_chemical_symbols()[int(moving[0])],
        moving=tuple(int(k) for k in moving),
        forward_eV=float(heights[saddle] - heights[0]),
        reverse_eV=float(heights[saddle] - heights[-1]),
        committee_std_eV=std,
        distances_A=tuple(way.tolist()),
        energies_eV=tuple(heights.tolist()),
        curve_A=tuple(curve_x.tolist()),
        curve_eV=tuple(curve_y.tolist()),
        saddle=saddle,
        notes=notes_of(heights, saddle, converged),
        minima=minima_between(heights),
        bottleneck=find_bottleneck(images, moving, way),
        converged=converged,
        steps=state.steps,
        residual_eV_per_A=state.residual_eV_per_A,
        climbed=state.climbing,
        atoms_outside_training=tuple(outside),
        potential=energies.name,
        wall_s=state.wall_s,
    )
    write_text(directory / RESULT_NAME, json.dumps(path.to_dict(), indent=1) + "\n")


def _moving(hop: Hop, images: list[Atoms]) -> NDArray[np.int64]:
    """Return the atoms that move, the hopping ion first."""
    ion = hop.moving[:1]
    others = moved_atoms(images[0], images[-1])
    return np.concatenate([ion, others[others != ion[0]]])


def notes_of(heights: NDArray[np.float64], saddle: int, converged: bool) -> tuple[str, ...]:
    """Say what a reader should know before taking the barriers for barriers."""
    found = []
    last = len(heights) - 1
    for end, name in ((0, "first"), (last, "last")):
        if heights[saddle] - heights[end] < NO_BARRIER_EV:
            found.append(
                f"nothing higher lies beside the {name} end point: it is hardly a minimum of its "
                "own, and its barrier none"
            )
    for side, name, end in ((heights[: saddle + 1], "first", 0), (heights[saddle:], "last", -1)):
        low = float(side.min())
        if heights[end] - low > NO_BARRIER_EV:
            found.append(
                f"a minimum {heights[end] - low:.2f} eV below the {name} end point lies between it "
                f"and the saddle point, which is {heights[saddle] - low:.2f} eV higher"
            )
    if not converged:
        found.append("the band hasn't come to rest: more steps are needed")
    return tuple(found)
