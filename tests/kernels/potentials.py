"""Random potentials in n2p2's layout, written as text for the tests."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from numpy.random import Generator

NUMBERS = {"Li": 3, "O": 8, "Co": 27}
ELEMENTS = tuple(NUMBERS)


def radial_rows(cutoff: float = 4.0) -> list[str]:
    return [
        f"{a} {eta} {shift} {cutoff}" for a in ELEMENTS for eta, shift in ((0.05, 0.0), (0.9, 1.5))
    ]


def angular_rows(zetas: tuple[float, ...] = (1, 2, 4), cutoff: float = 4.0) -> list[str]:
    rows = []
    for k, a in enumerate(ELEMENTS):
        for b in ELEMENTS[k:]:
            for lam in (-1, 1):
                rows += [f"{a} {b} 0.01 {lam} {zeta} {cutoff}" for zeta in zetas]
            rows.append(f"{a} {b} 0.1 1 1 {cutoff} 0.3")
    return rows


def rows_of_type(kind: int) -> list[str]:
    """Symmetry-function lines of one type, without the central element."""
    if kind == 2:
        return [f"2 {row}" for row in radial_rows()]
    if kind in (3, 9):
        return [f"{kind} {row}" for row in angular_rows()]
    if kind == 12:
        return ["12 0.05 0.0 4.0", "12 0.4 1.0 3.5"]
    if kind == 13:
        return ["13 0.01 0.2 1 1 4.0", "13 0.01 0.0 -1 2 4.0", "13 0.05 0.0 1 2.5 3.5"]
    return compact_rows(kind)


def compact_rows(kind: int, subtypes: tuple[str, ...] = ("p2", "p3a", "e")) -> list[str]:
    """Lines of a compact type: windows from the origin, off it, and reaching beyond it."""
    radii = ("-4.0 4.0", "0.5 3.7", "1.0 4.0")
    angles = ("0 180", "60 130", "-90 90", "100 260")
    pairs = [f"{a} {b} " for k, a in enumerate(ELEMENTS) for b in ELEMENTS[k:]]
    names = {20: [f"{a} " for a in ELEMENTS], 21: pairs, 22: pairs}.get(kind, [""])
    if kind in (20, 23):
        return [f"{kind} {n}{r} {s}" for n in names for r in radii for s in subtypes]
    windows = [f"{radii[k % 3]} {a} {subtypes[k % len(subtypes)]}" for k, a in enumerate(angles)]
    return [f"{kind} {n}{w}" for n in names for w in windows]


def spectrum_rows(cutoff: float = 4.0) -> list[str]:
    """Lines of the power spectrum without the central element: any degree, channel and pair."""
    channels = ("0.05 0.0", "0.9 1.5", "0.4 2.5")
    pairs = [(a, b) for k, a in enumerate(ELEMENTS) for b in ELEMENTS[k:]]
    return [
        f"{b} {a} {degree} {channels[(k + degree) % 3]} {channels[degree % 2]} {cutoff}"
        for k, (a, b) in enumerate(pairs)
        for degree in (0, 1, 2, 3, 4, 8)
    ]


def write_random(
    directory: Path,
    rng: Generator,
    rows: list[str],
    *,
    cutoff_type: str = "2 0.0",
    activations: str = "t t l",
    scaling: tuple[str, ...] = ("scale_symmetry_functions", "center_symmetry_functions"),
    extra: tuple[str, ...] = (),
    nodes: tuple[int, ...] = (7, 5),
    spectrum: tuple[str, ...] = (),
) -> Path:
    """Write a potential of three elements with random weights; every element has `rows`."""
    directory.mkdir(parents=True, exist_ok=True)
    lines = [
        f"number_of_elements {len(ELEMENTS)}",
        "elements Co Li O",
        *(f"atom_energy {name} {-0.1 * z}" for name, z in NUMBERS.items()),
        f"cutoff_type {cutoff_type}",
        *scaling,
        f"global_hidden_layers_short {len(nodes)}",
        "global_nodes_short " + " ".join(map(str, nodes)),
        f"global_activation_short {activations}",
        *extra,
    ]
    lines += [f"symfunction_short {name} {row}" for name in ELEMENTS for row in rows]
    (directory / "input.nn").write_text("\n".join(lines) + "\n")
    if spectrum:
        lines = [f"spectrum {name} {row}\n" for name in ELEMENTS for row in spectrum]
        (directory / "extension.nn").write_text("".join(lines))
    n_rows = len(rows) + len(spectrum)
    table = []
    for e in range(len(ELEMENTS)):
        for k in range(n_rows):
            low, mean, high, sigma = np.sort(rng.uniform(0.05, 1.5, 4))
            table.append(f"{e + 1} {k + 1} {low:.16e} {high:.16e} {mean:.16e} {sigma:.16e}")
    (directory / "scaling.data").write_text("# random\n" + "\n".join(table) + "\n")
    sizes = (n_rows, *nodes, 1)
    count = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    for z in NUMBERS.values():
        weights = rng.uniform(-0.6, 0.6, count)
        text = "".join(f"{w:.16e} a {k + 1}\n" for k, w in enumerate(weights))
        (directory / f"weights.{z:03d}.data").write_text("# random\n" + text)
    return directory
