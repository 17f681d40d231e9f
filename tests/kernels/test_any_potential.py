"""Potentials drawn at random over all that n2p2's files can say, against an independent reading."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from ase.data import atomic_numbers, chemical_symbols
from kernels.plain_n2p2 import PlainN2p2
from numpy.random import Generator

import sinterface

NAMES = ("H", "Li", "C", "O", "Al", "Co", "Zr", "La", "Pt")
KINDS = (2, 3, 9, 12, 13, 20, 21, 22, 23, 24, 25)
SUBTYPES = ("p1", "p2", "p3", "p4", "p1a", "p2a", "p3a", "p4a", "e")
SCALINGS = (
    (),
    ("scale_symmetry_functions",),
    ("center_symmetry_functions",),
    ("scale_symmetry_functions", "center_symmetry_functions"),
    ("scale_symmetry_functions_sigma",),
    ("scale_symmetry_functions_sigma", "scale_symmetry_functions"),
    ("scale_symmetry_functions_sigma", "center_symmetry_functions"),
)


def number(rng: Generator, value: float) -> str:
    """One of the ways to write a number."""
    forms = [f"{value!r}", f"{value:.8f}", f"{value:+.10E}", f"{value:g}"]
    return str(rng.choice([form for form in forms if float(form) == value]))


def row(rng: Generator, kind: int, names: tuple[str, ...]) -> str:
    def pick(*values: float) -> str:
        return number(rng, float(rng.choice(values)))

    neighbors = {2: 1, 20: 1, 3: 2, 9: 2, 21: 2, 22: 2}.get(kind, 0)
    words = [str(kind), *rng.choice(names, neighbors)]
    cutoff = pick(2.5, 3.0, 4.0)
    if kind >= 20:
        words += [str(rng.choice([f"-{cutoff.lstrip('+')}", "0.0", "0.7"])), cutoff]
        if kind not in (20, 23):
            words += str(rng.choice(["0 180", "40.0 140.0", "-80 80", "90 270"])).split()
        return " ".join([*words, str(rng.choice(SUBTYPES))])
    eta, shift = pick(0.003, 0.05, 0.4, 0.01), pick(0.0, 0.4, 1.5)
    lambda_, zeta = pick(-1, 1, 0.5, -0.25), pick(1, 2, 3, 4, 6, 8, 9, 16, 1.5, 0.7)
    if kind in (2, 12):
        return " ".join([*words, eta, shift, cutoff])
    if kind == 13:
        return " ".join([*words, eta, shift, lambda_, zeta, cutoff])
    tail = [shift] if rng.random() < 0.4 else []
    return " ".join([*words, eta, lambda_, zeta, cutoff, *tail])


def write_any(folder: Path, rng: Generator) -> tuple[str, ...]:
    """Write ``input.nn`` in any order and layout; return the elements."""
    names = tuple(rng.choice(NAMES, rng.integers(1, 9), replace=False))
    hidden = int(rng.integers(1, 4))
    nodes = rng.integers(1, 9, hidden)
    letters = rng.choice(list("ltsprgcSeh"), hidden + 1)
    alpha = "" if rng.random() < 0.3 else f" {rng.choice([0.0, 0.25, 0.6])}"
    lines = [
        f"number_of_elements {len(names)}",
        f"cutoff_type {rng.integers(0, 9)}{alpha}",
        f"global_hidden_layers_short {hidden}",
        f"global_nodes_short {' '.join(map(str, nodes))}",
        f"global_activation_short {' '.join(letters)}",
        *SCALINGS[rng.integers(len(SCALINGS))],
        "use_short_forces",
        "epochs 10 ! of training alone",
        "nnp_type 2G-HDNNP",
    ]
    if rng.random() < 0.5:
        lines += ["scale_min_short -0.75", "scale_max_short 1.5"]
    if rng.random() < 0.3:
        lines += ["normalize_nodes"]
    if rng.random() < 0.5:
        lines += ["mean_energy -2.5E+00", "conv_energy 3.7", "conv_length 1.8897261328"]
    lines += [f"atom_energy {name} {-0.3 * k}" for k, name in enumerate(names) if k % 3 != 2]
    for name in names:
        for kind in rng.choice(KINDS, rng.integers(3, 10)):
            lines.append(f"symfunction_short {name} {row(rng, int(kind), names)}")
    lines = [f"elements {' '.join(names)}", *rng.permutation(lines)]
    text = ""
    for line in lines:
        gap = str(rng.choice([" ", "   ", "\t", " \t "]))
        tail = str(rng.choice(["", "", " # comment 1 2", "! comment", "  "]))
        end = str(rng.choice(["\n", "\n", "\r\n", "\n\n", "\n# symfunction_short X\n"]))
        text += str(rng.choice(["", " ", "\t"])) + gap.join(line.split()) + tail + end
    (folder / "input.nn").write_bytes(text.encode())
    return names


def write_tables(folder: Path, rng: Generator, plain: PlainN2p2, values: dict) -> None:
    """Scaling around the functions' own values, and weights for the networks of ``input.nn``."""
    nodes = [int(word) for word in plain.values("global_nodes_short")]
    with_sigma = plain.has("scale_symmetry_functions_sigma") or rng.random() < 0.5
    lines = ["# header", "#"]
    for e, z in enumerate(plain.numbers):
        n = len(plain.functions[z])
        found = values.get(z, np.zeros((1, n)))
        for k in range(n):
            mean = found[:, k].mean()
            spread = max(0.3, np.ptp(found[:, k])) * (1 + rng.random(3))
            words = [mean - spread[0], mean + spread[1], mean, spread[2]][: 4 if with_sigma else 3]
            lines.append(f"{e + 1:10d} {k + 1:10d} " + " ".join(f"{w:24.16E}" for w in words))
        sizes = (n, *nodes, 1)
        count = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
        numbers = rng.uniform(-1, 1, count) / np.sqrt(max(n, 3))
        size = np.maximum(1, np.abs(found).max(axis=0))  # keep unscaled sums over Z in bounds
        numbers[: n * nodes[0]] /= np.repeat(size, nodes[0])
        tail = " a 1 2 3" if rng.random() < 0.5 else ""
        text = "# weights\n" + "".join(f"{w:24.16E}{tail}\n" for w in numbers)
        (folder / f"weights.{z:03d}.data").write_text(text)
    lines.append("   -0.5  0.1  0.02  0.3")  # n2p2's statistics of energies
    (folder / "scaling.data").write_text("\n".join(lines) + "\n")


def structure(rng: Generator, names: tuple[str, ...]):
    """Seven atoms of some of the elements, not closer than 1 Å: a crystal or a cluster."""
    cell = np.array([[4.6, 0, 0], [0.9, 4.4, 0], [-0.7, 1.1, 4.9]])
    points: list[np.ndarray] = []
    while len(points) < 6:
        new = rng.random(3) @ cell
        images = [
            new - p + np.array(s) @ cell
            for p in points
            for s in itertools.product((-1, 0, 1), repeat=3)
        ]
        if all(np.linalg.norm(v) > 1.0 for v in images):
            points.append(new)
    present = names[: max(1, len(names) - 1)]  # one element never occurs
    numbers = [atomic_numbers[name] for name in rng.choice(present, len(points))]
    periodic = bool(rng.integers(2))
    return np.array(points), numbers, cell if periodic else np.zeros((3, 3)), (periodic,) * 3


@pytest.mark.parametrize("seed", range(24))
def test_engine_equals_independent_reading(tmp_path, seed):
    rng = np.random.default_rng(1000 + seed)
    names = write_any(tmp_path, rng)
    positions, numbers, cell, pbc = structure(rng, names)
    plain = PlainN2p2(tmp_path)
    values = plain.symmetry_functions(positions, numbers, cell, pbc)
    by_element = {
        z: np.array([v for v, n in zip(values, numbers, strict=True) if n == z])
        for z in set(numbers)
    }
    write_tables(tmp_path, rng, plain, by_element)
    potential = sinterface.load_potential(tmp_path)
    assert potential.elements == tuple(chemical_symbols[z] for z in plain.numbers)

    def evaluate(points):
        return potential.evaluate(numbers, points, potential.neighbors(points, cell, pbc))

    found = evaluate(positions)
    expected = plain.energies(positions, numbers, cell, pbc)
    np.testing.assert_allclose(found.energies, expected, rtol=1e-10, atol=1e-12)
    move = rng.normal(size=positions.shape)
    step = 1e-5
    slope = sum(
        w * evaluate(positions + k * step * move).energy
        for k, w in ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
    )
    scale = np.abs(found.forces).max() + 1
    assert -np.sum(found.forces * move) == pytest.approx(slope / step, abs=3e-6 * scale)
