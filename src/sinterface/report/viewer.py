"""The rotatable view of a report: cells packed as short integers and 3Dmol.js, both embedded.

3Dmol.js (Rego and Koes 2015) lies in `vendor/3dmol` with its licence, so that a report opens
without any network.
"""

from __future__ import annotations

import base64
from importlib.resources import files
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from sinterface.report.palette import element_color, sphere_radius
from sinterface.report.snapshot import wrapped_positions

LARGEST_COORDINATE = 32767


def script() -> str:
    """Return the source of 3Dmol.js, to stand inside a `<script>` element."""
    return _vendored("3Dmol-min.js").replace("</script", r"<\/script")


def licence() -> str:
    """Return the licence text of 3Dmol.js (BSD, three clauses)."""
    return _vendored("LICENSE")


def scene(frames: dict[str, Atoms], *, boundaries_A: tuple[float, ...]) -> dict[str, Any]:
    """Return what the page needs to draw some states of one cell, ready for JSON.

    Parameters
    ----------
    frames
        States by their label ("before", "after"); the same atoms in the same order.
    boundaries_A
        Positions along z of the planes to draw, in Å.

    Returns
    -------
    dict
        `frames`: label → positions as base64 of little-endian int16 in units of `step_A`;
        `symbols`, `kinds` (index of the symbol of each atom, base64 of uint8), `colors`,
        `radii_A`, `cell` (rows, Å), `boundaries_A`.
    """
    first = next(iter(frames.values()))
    symbols = sorted({chemical_symbols[number] for number in first.numbers})
    kinds = np.array([symbols.index(chemical_symbols[number]) for number in first.numbers])
    positions = {label: wrapped_positions(atoms) for label, atoms in frames.items()}
    largest = max(float(np.abs(rows).max()) for rows in positions.values())
    step = max(0.01, 1.001 * largest / LARGEST_COORDINATE)
    return {
        "frames": {label: _packed(rows / step, "<i2") for label, rows in positions.items()},
        "step_A": step,
        "symbols": symbols,
        "kinds": _packed(kinds, "<u1"),
        "colors": [element_color(symbol) for symbol in symbols],
        "radii_A": [sphere_radius(symbol) for symbol in symbols],
        "cell": np.round(np.asarray(first.cell), 3).tolist(),
        "boundaries_A": [round(value, 3) for value in boundaries_A],
    }


def unpack(packed: str, step_A: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the positions in Å, shape (n_atoms, 3), that `scene` packed."""
    integers = np.frombuffer(base64.b64decode(packed), dtype="<i2")
    return integers.reshape(-1, 3).astype(np.float64) * step_A


def _packed(values: np.ndarray[Any, Any], dtype: str) -> str:
    return base64.b64encode(np.round(values).astype(dtype).tobytes()).decode("ascii")


def _vendored(name: str) -> str:
    folder = files("sinterface.report") / "vendor" / "3dmol"
    return (folder / name).read_text(encoding="utf-8")
