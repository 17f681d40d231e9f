"""The degradation figures of one run, frame by frame: detached Co, CoO6 disorder, widths."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sinterface.analysis.boundaries import CoPlanes, edge_width, find_planes, planes_inwards
from sinterface.analysis.clusters import CO_O_BOND_A, bridged_to
from sinterface.analysis.frames import ELECTRODE, ELECTROLYTE, FloatArray, Track
from sinterface.analysis.neighbors import Neighbors, find_neighbors
from sinterface.analysis.polyhedra import octahedral_shape_measure
from sinterface.errors import InputError

BEYOND_A = 4.0
"""Distance beyond the relaxed outermost Co plane from which a detached Co has interdiffused."""

SHELL_A = 4.0
"""Range in which the six nearest O of a Co are looked for; without six there is no measure."""

REACH_A = 12.0
"""Range of the fit on each side of a boundary, at most to the middle of either slab."""

N_BLOCKS = 4
"""Blocks of frames in a window for the error of a width."""

GROUPS = ("lower", "upper", "inside")
SIDES = ("lower", "upper")


@dataclasses.dataclass(frozen=True)
class Series:
    """Frame-by-frame figures of one run.

    Attributes
    ----------
    planes
        The relaxed outermost Co planes.
    groups
        Which Co belong to the CoO6 layer at the lower and the upper boundary and to the inside,
        shape (n_co,) each.
    interdiffused
        Interdiffused Co beyond the lower and the upper boundary, shape (n_frames,) each.
    csm, coordination
        Mean shape measure and O neighbours of the Co of each group, shape (n_frames,) each.
    """

    planes: CoPlanes
    groups: dict[str, NDArray[np.bool_]]
    interdiffused: dict[str, FloatArray]
    csm: dict[str, FloatArray]
    coordination: dict[str, FloatArray]


def electrode_cobalt(track: Track) -> NDArray[np.int64]:
    """Return the indices of the Co built into the electrode.

    Raises
    ------
    InputError
        When there is none.
    """
    found = np.flatnonzero((track.symbols == "Co") & (track.region == ELECTRODE))
    if len(found) == 0:
        message = (
            "The electrode region holds no Co, got "
            f"{', '.join(sorted(set(track.symbols[track.region == ELECTRODE]))) or 'no atoms'}; "
            "the degradation figures are defined for a LiCoO2 electrode."
        )
        raise InputError(message)
    return found.astype(np.int64)


def follow_cobalt(track: Track) -> Series:
    """Count detached Co and measure the CoO6 octahedra in every frame of a run.

    A Co has interdiffused when it is more than `BEYOND_A` beyond the relaxed outermost Co plane
    of either side and no path of Co–O–Co bonds (Co–O up to `CO_O_BOND_A`) leads back to a Co
    that lies between the planes. It counts for the side to which it has moved in unwrapped
    coordinates. The CoO6 layer of a side is the Co plane nearest to it of which at least half
    have six O or more in the relaxed structure (Co in the outermost plane of a (104) slab have
    five); its Co and those of the inside are followed wherever they go.
    """
    cobalt = electrode_cobalt(track)
    oxygen = np.flatnonzero(track.symbols == "O")
    if len(oxygen) == 0:
        message = "The run holds no O; the figures are defined for oxides. Give an oxide interface."
        raise InputError(message)
    start = track.heights(track.reference[cobalt], 0)
    planes = find_planes(start)
    oxygens = track.reference[oxygen]
    found = find_neighbors(oxygens, track.reference[cobalt], track.cell[0], CO_O_BOND_A)
    coordination = np.bincount(found.query, minlength=len(cobalt))
    groups = {
        "lower": _whole_layer(start, coordination, planes.lower, upper=False),
        "upper": _whole_layer(start, coordination, planes.upper, upper=True),
        "inside": planes.inside,
    }
    heights = track.heights(track.positions[:, cobalt])
    heights = heights - track.heights(track.drift(ELECTRODE)[:, None])
    empty = ({name: np.zeros(track.n_frames) for name in GROUPS} for _ in range(3))
    series = Series(planes, groups, *empty)
    for frame in range(track.n_frames):
        found = find_neighbors(
            track.positions[frame, oxygen],
            track.positions[frame, cobalt],
            track.cell[frame],
            SHELL_A,
        )
        away = detached(heights[frame], found, planes, track.length_A, len(oxygen))
        above = heights[frame] > 0.5 * (planes.lower_A + planes.upper_A)
        series.interdiffused["lower"][frame] = np.count_nonzero(away & ~above)
        series.interdiffused["upper"][frame] = np.count_nonzero(away & above)
        _measure_octahedra(series, found, frame, len(cobalt))
    return series


def follow_bulk(track: Track) -> tuple[FloatArray, FloatArray]:
    """Return shape measure and coordination of all Co of a bulk run, shape (n_frames,) each."""
    cobalt, oxygen = electrode_cobalt(track), np.flatnonzero(track.symbols == "O")
    none, every = np.zeros(len(cobalt), dtype=bool), np.ones(len(cobalt), dtype=bool)
    groups = {"lower": none, "upper": none, "inside": every}
    empty = ({name: np.zeros(track.n_frames) for name in GROUPS} for _ in range(3))
    series = Series(CoPlanes(0.0, 0.0, none, none, every), groups, *empty)
    for frame in range(track.n_frames):
        positions = track.positions[frame]
        found = find_neighbors(positions[oxygen], positions[cobalt], track.cell[frame], SHELL_A)
        _measure_octahedra(series, found, frame, len(cobalt))
    return series.csm["inside"], series.coordination["inside"]


def detached(
    heights_A: FloatArray,
    bonds: Neighbors,
    planes: CoPlanes,
    length_A: float,
    n_oxygen: int,
) -> NDArray[np.bool_]:
    """Return which Co of one frame have interdiffused, shape (n_co,).

    Parameters
    ----------
    heights_A
        Heights of the Co relative to the electrode's framework, in Å, wrapped or not.
    bonds
        O neighbours of the Co.
    planes
        The relaxed outermost Co planes.
    length_A
        Period along the normal.
    n_oxygen
        Number of O.
    """
    wrapped = (heights_A - planes.lower_A) % length_A + planes.lower_A
    beyond = np.minimum(wrapped - planes.upper_A, planes.lower_A + length_A - wrapped)
    bonded = bonds.distances <= CO_O_BOND_A
    attached = bridged_to(beyond <= 0.0, bonds.query[bonded], bonds.point[bonded], n_oxygen)
    return np.asarray((beyond > BEYOND_A) & ~attached)


def _whole_layer(
    heights_A: FloatArray,
    coordination: NDArray[np.int64],
    outermost: NDArray[np.bool_],
    *,
    upper: bool,
) -> NDArray[np.bool_]:
    """Return the plane nearest to a boundary with six O about its Co, or the outermost one."""
    for members in planes_inwards(heights_A, upper=upper):
        if np.mean(coordination[members] >= 6) >= 0.5:
            return members
    return outermost


def _measure_octahedra(series: Series, found: Neighbors, frame: int, n_cobalt: int) -> None:
    """Enter the mean shape measure and coordination of each group of Co."""
    bonded = found.query[found.distances <= CO_O_BOND_A]
    coordination = np.bincount(bonded, minlength=n_cobalt).astype(np.float64)
    first = np.searchsorted(found.query, np.arange(n_cobalt))
    whole = np.flatnonzero(np.bincount(found.query, minlength=n_cobalt) >= 6)
    shape = np.full(n_cobalt, np.nan)
    rows = first[whole][:, None] + np.arange(6)
    shape[whole] = octahedral_shape_measure(found.vectors[rows])
    for name in GROUPS:
        members = series.groups[name]
        known = members & np.isfinite(shape)
        series.csm[name][frame] = shape[known].mean() if known.any() else np.nan
        series.coordination[name][frame] = coordination[members].mean() if members.any() else np.nan


def edge_widths(
    track: Track,
    planes: CoPlanes,
    side: str,
    window: NDArray[np.int64],
    n_windows: int,
    partners: tuple[str, ...],
    spacing_A: float,
) -> tuple[FloatArray, FloatArray]:
    """Return the interdiffusion width of one boundary in each window of time and its error.

    The error is that between blocks of frames in a window; NaN for a single frame.

    Parameters
    ----------
    track, planes
        The run and its relaxed outermost Co planes.
    side
        ``"lower"`` or ``"upper"``.
    window, n_windows
        Window of each frame, number of windows.
    partners
        Electrolyte cations against which the share of Co is taken.
    spacing_A
        Distance between the Co planes, by which the profile is broadened.
    """
    cations = np.flatnonzero(
        ((track.symbols == "Co") & (track.region == ELECTRODE))
        | (np.isin(track.symbols, partners) & (track.region == ELECTROLYTE))
    )
    length = track.length_A
    heights = track.heights(track.positions[:, cations])
    heights = heights - track.heights(track.drift(ELECTRODE)[:, None])
    plane = planes.upper_A if side == "upper" else planes.lower_A
    sign = 1.0 if side == "upper" else -1.0
    depth = sign * ((heights - plane + 0.5 * length) % length - 0.5 * length)
    slab = planes.upper_A - planes.lower_A
    reach = (-min(REACH_A, 0.5 * slab), min(REACH_A, 0.5 * (length - slab)))
    is_co = np.broadcast_to(track.symbols[cations] == "Co", depth.shape)
    widths, errors = np.full(n_windows, np.nan), np.full(n_windows, np.nan)
    for index in range(n_windows):
        frames = np.flatnonzero(window == index)
        blocks = np.array_split(frames, min(N_BLOCKS, len(frames)))
        whole, *parts = (
            edge_width(depth[chosen], is_co[chosen], spacing_A=spacing_A, range_A=reach)
            for chosen in (frames, *blocks)
        )
        widths[index] = whole
        if len(parts) > 1:
            errors[index] = np.std(parts, ddof=1) / np.sqrt(len(parts))
    return widths, errors
