"""Probability density of the ions: table, curves, pictures, cube and CHGCAR."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sinterface.analysis.density import MIN_FRAMES, SMOOTHING_A, SPACING_A, Density
from sinterface.analysis.density import probability_density as measure_density
from sinterface.analysis.stream import open_frames
from sinterface.errors import InputError
from sinterface.report.isosurface import isosurface_figure
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.style import freeze_layout, style
from sinterface.report.suite import Run

TITLE = "Probability density"
IONS = ("Li", "Co")
SHOWN_SHARE = 0.8
"""Level of the isosurface, as a share of the one at which the pathway connects."""

ENCLOSED = 0.9


def reason(run: Run) -> str:
    """Return why there is no density to draw; empty when there is."""
    with open_frames(run.replicas[0], run.selection) as frames:
        if not set(IONS) & set(frames.elements):
            return f"there is neither {' nor '.join(IONS)}"
        if frames.n_frames < MIN_FRAMES:
            return f"{frames.n_frames} frames, {MIN_FRAMES} are needed"
    return ""


def compute(run: Run) -> Outcome:
    """Return the density of Li, and of Co where there is any."""
    with open_frames(run.replicas[0], run.selection) as frames:
        present = [element for element in IONS if element in frames.elements]
    return outcome(tuple(measure(run, element) for element in present))


def measure(
    run: Run,
    element: str,
    *,
    spacing_A: float = SPACING_A,
    smoothing_A: float = SMOOTHING_A,
    fold: tuple[int, int, int] = (1, 1, 1),
) -> Density:
    """Return the density of all replicas together; see `analysis.density`."""
    with run.open() as frames:
        return measure_density(
            frames,
            element,
            spacing_A=spacing_A,
            smoothing_A=smoothing_A,
            fold=fold,
            progress=run.progress,
        )


def outcome(found: tuple[Density, ...], level_per_A3: float | None = None) -> Outcome:
    """Return the outcome of one or more elements; grids go to files only."""
    extras: dict[str, Callable[[Path], None]] = {}
    for one in found:
        extras[f"{one.element}.cube"] = partial(write_cube, one)
        extras[f"{one.element}.CHGCAR"] = partial(write_chgcar, one)
    data = {one.element: _plain(one) for one in found}
    return Outcome(
        name="density",
        title=f"{TITLE} and the level at which it connects through the cell",
        data=next(iter(data.values())) if len(found) == 1 else data,
        rows=tuple(row for one in found for row in _rows(one)),
        curves=tuple(_curve(one) for one in found),
        drawings=tuple(drawing for one in found for drawing in _drawings(one, level_per_A3)),
        notes=tuple(note for one in found for note in _notes(one)),
        extras=extras,
    )


def _plain(one: Density) -> dict[str, Any]:
    data = one.to_dict()
    for name in ("density_per_A3", "framework_symbols", "framework_fractional"):
        del data[name]
    return data | {"grid": list(one.density_per_A3.shape)}


def _rows(one: Density) -> list[dict[str, str]]:
    rows = []
    way = one.pathway
    for axis, name in enumerate("abc"):
        level, std = way.threshold_per_A3[axis], way.threshold_std_per_A3[axis]
        barrier, error = way.barrier_eV[axis], way.barrier_std_eV[axis]
        known = way.resolved[axis]
        rows.append(
            {
                "element": one.element,
                "along": name,
                "connects at (1/Å³)": f"{level:.3g} ± {std:.1g}" if known else "not resolved",
                "of the highest": f"{100 * level / way.highest_per_A3:.2g} %" if known else "",
                "barrier (eV)": f"{barrier:.3f} ± {error:.3f}" if known else f"≥ {barrier:.2f}",
                "dimensions": str(way.dimensions) if known else "",
            }
        )
    return rows


def _runs(one: Density) -> str:
    return f" of {one.n_replicas} runs" if one.n_replicas > 1 else ""


def _notes(one: Density) -> list[str]:
    heat = f"{one.temperature_K:.0f} K" if np.isfinite(one.temperature_K) else "unknown temperature"
    notes = [
        f"{one.element}: {one.n_frames} frames{_runs(one)}, {heat}; each position counts as a "
        f"Gaussian of {one.smoothing_A:g} Å; ± is the standard error between four parts of the "
        "run; the barrier is kT ln(highest density / density at which the pathway connects)"
    ]
    if one.n_left_out:
        notes.append(
            f"{one.element}: of {one.n_replicas + one.n_left_out} replicas {one.n_left_out} have "
            "their framework elsewhere and can't be laid over the first: they are left out"
        )
    if not all(one.pathway.resolved):
        notes.append(
            f"{one.element}: a bottleneck was visited fewer than three times, so that its barrier "
            "is a lower bound: a longer run is needed"
        )
    return notes


def _curve(one: Density) -> Curves:
    order = np.sort(one.density_per_A3.ravel())[::-1]
    steps = np.unique(np.geomspace(1, len(order), 200).astype(int)) - 1
    enclosed = np.cumsum(order) / order.sum()
    columns = {
        "level_per_A3": order[steps],
        "volume_share": (steps + 1) / len(order),
        "enclosed_share": enclosed[steps],
    }
    return Curves(f"density-levels-{one.element}", columns)


def shown_level(one: Density) -> tuple[float, str]:
    """Return the level of the isosurface, and what it means in words."""
    way = one.pathway
    if all(way.resolved):
        level = SHOWN_SHARE * float(way.threshold_per_A3.min())
        return level, "just below the level at which the pathway connects along all axes"
    order = np.sort(one.density_per_A3.ravel())[::-1]
    inside = int(np.searchsorted(np.cumsum(order) / order.sum(), ENCLOSED))
    return float(order[min(inside, len(order) - 1)]), f"enclosing {100 * ENCLOSED:.0f} % of it"


def _drawings(one: Density, level_per_A3: float | None) -> list[Drawing]:
    level, words = shown_level(one)
    if level_per_A3 is not None:
        highest = one.pathway.highest_per_A3
        if not 0.0 < level_per_A3 < highest:
            raise InputError(
                f"The isosurface's level must lie between 0 and the highest density, "
                f"{highest:.3g} per Å³; got {level_per_A3:g}."
            )
        level, words = level_per_A3, "as asked for"
    surface = isosurface_figure(
        one.density_per_A3, one.cell, level, one.framework_symbols, one.framework_fractional
    )
    return [
        Drawing(
            f"density-{one.element}",
            surface,
            f"Isosurface of the probability density of {one.element} at {level:.3g} per Å³, "
            f"{words}; the framework at its mean positions.",
        ),
        Drawing(
            f"density-slices-{one.element}",
            _slices(one),
            f"Density of {one.element} averaged along each cell vector, in 1/Å³.",
        ),
    ]


def _slices(one: Density) -> Figure:
    lengths = np.linalg.norm(one.cell, axis=1)
    with style():
        figure = Figure(figsize=(7.4, 2.6), layout="constrained")
        axes = figure.subplots(1, 3)
        for along, axis in enumerate(axes):
            across = [k for k in range(3) if k != along]
            mean = one.density_per_A3.mean(axis=along)
            extent = (0.0, float(lengths[across[0]]), 0.0, float(lengths[across[1]]))
            picture = axis.imshow(
                mean.T, origin="lower", extent=extent, cmap="cividis", vmin=0.0,
                interpolation="bilinear",
            )  # fmt: skip
            axis.set_xlabel(f"{'abc'[across[0]]} (Å)")
            axis.set_ylabel(f"{'abc'[across[1]]} (Å)")
            axis.set_title(f"mean along {'abc'[along]}", fontsize=8.5)
            bar = figure.colorbar(picture, ax=axis, shrink=0.8)
            if along == 2:
                bar.set_label("density (1/Å³)")
        freeze_layout(figure)
    return figure


def write_cube(one: Density, path: Path) -> None:
    """Write a Gaussian cube file (grid in bohr, density in 1/bohr³ as its readers expect)."""
    from ase.io.cube import write_cube as write
    from ase.units import Bohr

    with path.open("w", encoding="utf-8") as handle:
        write(handle, _framework(one), data=one.density_per_A3 * Bohr**3)


def write_chgcar(one: Density, path: Path) -> None:
    """Write VASP's CHGCAR (density times volume, as VASP keeps it)."""
    from pymatgen.io.ase import AseAtomsAdaptor
    from pymatgen.io.vasp.inputs import Poscar
    from pymatgen.io.vasp.outputs import Chgcar

    poscar = Poscar(AseAtomsAdaptor.get_structure(_framework(one)).get_sorted_structure())
    volume = float(abs(np.linalg.det(one.cell)))
    Chgcar(poscar, {"total": one.density_per_A3 * volume}).write_file(str(path))


def _framework(one: Density) -> Any:
    from ase import Atoms

    return Atoms(
        one.framework_symbols.tolist(),
        scaled_positions=one.framework_fractional % 1.0,
        cell=one.cell,
        pbc=True,
    )
