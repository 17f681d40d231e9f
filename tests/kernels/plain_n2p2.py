"""n2p2's files and mathematics once more, from the description of its formats alone.

It shares nothing with the engine, its reader included: rows are parsed, sorted, summed and scaled
here in plain Python, lengths are converted as n2p2 does. Slow; for clusters and tiny cells.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from sinterface.kernels.reference import pairs_within

RADIAL, ANGULAR = (2, 12, 20, 23), (3, 9, 13, 21, 22, 24, 25)
NARROW, WEIGHTED = (3, 13, 21, 24), (12, 13, 23, 24, 25)


@dataclass
class Function:
    kind: int
    neighbors: tuple[int, ...]  # ascending atomic numbers
    p: dict[str, float]
    subtype: str = ""

    @property
    def key(self) -> tuple:
        p, z = self.p, self.neighbors
        if self.kind >= 20:
            head = (self.kind, self.subtype, *z, p["rc"], p["rl"])
            return (*head, p["left"], p["right"]) if self.kind in ANGULAR else head
        head = (self.kind, p["rc"], p["eta"], p["rs"])
        return (*head, p["zeta"], p["lambda"], *z) if self.kind in ANGULAR else (*head, *z)


class PlainN2p2:
    def __init__(self, folder: Path):
        self.folder = folder
        self.lines = []
        for line in (folder / "input.nn").read_text().splitlines():
            words = line.split("#")[0].split("!")[0].split()
            if words:
                self.lines.append(words)
        self.numbers = sorted(atomic_numbers[name] for name in self.values("elements"))
        self.length = float(self.values("conv_length", ["1"])[0])
        self.functions: dict[int, list[Function]] = {z: [] for z in self.numbers}
        for words in self.lines:
            if words[0] == "symfunction_short":
                self.functions[atomic_numbers[words[1]]].append(self.function(words[2:]))
        for rows in self.functions.values():
            rows.sort(key=lambda row: row.key)
        self.cutoff = max(f.p["rc"] for rows in self.functions.values() for f in rows)

    def has(self, key: str) -> bool:
        return any(words[0] == key for words in self.lines)

    def values(self, key: str, default: list[str] | None = None) -> list[str]:
        return next((words[1:] for words in self.lines if words[0] == key), default)

    def function(self, words: list[str]) -> Function:
        kind, rest = int(words[0]), words[1:]
        n = 0 if kind in WEIGHTED else 1 if kind in RADIAL else 2
        neighbors = tuple(sorted(atomic_numbers[name] for name in rest[:n]))
        rest = rest[n:]
        if kind >= 20:
            names = ["rl", "rc"] + (["left", "right"] if kind in ANGULAR else [])
            p = {name: float(word) for name, word in zip(names, rest, strict=False)}
            p = {k: v * self.length if k in ("rl", "rc") else v for k, v in p.items()}
            return Function(kind, neighbors, p, rest[len(names)])
        orders = {
            2: "eta rs rc", 12: "eta rs rc", 13: "eta rs lambda zeta rc",
            3: "eta lambda zeta rc rs", 9: "eta lambda zeta rc rs",
        }  # fmt: skip
        p = {"rs": 0.0} | {
            name: float(word) for name, word in zip(orders[kind].split(), rest, strict=False)
        }
        p["eta"] /= self.length**2
        p["rs"] *= self.length
        p["rc"] *= self.length
        return Function(kind, neighbors, p)

    def cut(self, r: float, rc: float) -> float:
        words = self.values("cutoff_type")
        kind, alpha = int(words[0]), float(words[1]) if len(words) > 1 else 0.0
        if r >= rc:
            return 0.0
        if kind == 2:
            return np.tanh(1 - r / rc) ** 3
        if kind == 3:
            return (np.tanh(1 - r / rc) / np.tanh(1)) ** 3
        x = (r - alpha * rc) / (rc - alpha * rc)
        return 1.0 if x < 0 else core(kind, x)

    def radial(self, f: Function, r: float) -> float:
        if f.kind >= 20:
            return window(f.subtype, f.p["rl"], f.p["rc"], r)
        return np.exp(-f.p["eta"] * (r - f.p["rs"]) ** 2) * self.cut(r, f.p["rc"])

    def angular(self, f: Function, cosine: float) -> float:
        if f.kind >= 20:
            angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
            return window(f.subtype[:2], f.p["left"], f.p["right"], angle)
        zeta = f.p["zeta"]
        return 2 ** (1 - zeta) * max(1 + f.p["lambda"] * cosine, 0.0) ** zeta

    def value(self, f: Function, around: list[tuple[int, np.ndarray]]) -> float:
        total = 0.0
        for group in itertools.combinations(around, 1 if f.kind in RADIAL else 2):
            found = tuple(sorted(z for z, _ in group))
            if f.kind not in WEIGHTED and found != f.neighbors:
                continue
            term = float(np.prod(found)) if f.kind in WEIGHTED else 1.0
            vectors = [vector for _, vector in group]
            for vector in vectors:
                term *= self.radial(f, np.linalg.norm(vector))
            if f.kind in ANGULAR:
                a, b = vectors
                term *= self.angular(f, a @ b / np.linalg.norm(a) / np.linalg.norm(b))
                if f.kind in NARROW:
                    term *= self.radial(f, np.linalg.norm(a - b))
            total += term
        return total

    def symmetry_functions(self, positions, numbers, cell, pbc) -> list[np.ndarray]:
        scale = self.length
        around: list[list] = [[] for _ in positions]
        for i, j, vector in pairs_within(positions * scale, cell * scale, pbc, self.cutoff):
            around[i].append((numbers[j], vector))
        return [
            np.array([self.value(f, near) for f in self.functions[z]])
            for z, near in zip(numbers, around, strict=True)
        ]

    def scaled(self, z: int, g: np.ndarray) -> np.ndarray:
        table = {}
        for line in (self.folder / "scaling.data").read_text().splitlines():
            words = line.split()
            if len(words) >= 5 and not line.startswith("#"):
                table[int(words[0]), int(words[1])] = [float(word) for word in words[2:]]
        rows = [table[self.numbers.index(z) + 1, k + 1] for k in range(len(g))]
        low, high, mean = (np.array([row[k] for row in rows]) for k in range(3))
        start = float(self.values("scale_min_short", ["0"])[0])
        width = float(self.values("scale_max_short", ["1"])[0]) - start
        scale, center = self.has("scale_symmetry_functions"), self.has("center_symmetry_functions")
        if scale:
            return start + width * (g - (mean if center else low)) / (high - low)
        if center:
            return g - mean
        if self.has("scale_symmetry_functions_sigma"):
            return start + width * (g - mean) / np.array([row[3] for row in rows])
        return g

    def network(self, z: int, x: np.ndarray) -> float:
        nodes = [int(word) for word in self.values("global_nodes_short")]
        letters = self.values("global_activation_short")
        text = (self.folder / f"weights.{z:03d}.data").read_text().splitlines()
        numbers = iter([float(line.split()[0]) for line in text if line and line[0] != "#"])
        for outputs, letter in zip([*nodes, 1], letters, strict=True):
            weights = [[next(numbers) for _ in range(outputs)] for _ in x]
            total = x @ np.array(weights) + [next(numbers) for _ in range(outputs)]
            x = activation(letter, total / (len(x) if self.has("normalize_nodes") else 1))
        assert next(numbers, None) is None
        return float(x[0])

    def energies(self, positions, numbers, cell, pbc) -> np.ndarray:
        unit = float(self.values("conv_energy", ["1"])[0])
        shift = float(self.values("mean_energy", ["0"])[0])
        alone = {atomic_numbers[w[1]]: float(w[2]) for w in self.lines if w[0] == "atom_energy"}
        values = self.symmetry_functions(positions, numbers, cell, pbc)
        return np.array(
            [
                self.network(z, self.scaled(z, g)) / unit + shift + alone.get(z, 0.0)
                for z, g in zip(numbers, values, strict=True)
            ]
        )


def core(kind: int, x: float) -> float:
    smooth = {
        5: lambda t: 1 - 3 * t**2 + 2 * t**3,
        6: lambda t: 1 - 10 * t**3 + 15 * t**4 - 6 * t**5,
        7: lambda t: 1 - 35 * t**4 + 84 * t**5 - 70 * t**6 + 20 * t**7,
        8: lambda t: 1 - 126 * t**5 + 420 * t**6 - 540 * t**7 + 315 * t**8 - 70 * t**9,
        4: lambda t: np.exp(1 - 1 / (1 - t * t)),
        1: lambda t: (np.cos(np.pi * t) + 1) / 2,
        0: lambda t: t**0,
    }
    return float(smooth[kind](x))


def window(subtype: str, left: float, right: float, u: float) -> float:
    x = abs(u - (left + right) / 2) / ((right - left) / 2)
    if x >= 1:
        return 0.0
    if subtype.endswith("a"):
        x = (2 - x) * x
    return core(4 if subtype[0] == "e" else 4 + int(subtype[1]), x)


def activation(letter: str, x: np.ndarray) -> np.ndarray:
    forms = {
        "l": lambda t: t,
        "t": np.tanh,
        "s": lambda t: 1 / (1 + np.exp(-t)),
        "p": lambda t: np.log(1 + np.exp(t)),
        "r": lambda t: np.where(t > 0, t, 0),
        "g": lambda t: np.exp(-t * t / 2),
        "c": np.cos,
        "S": lambda t: 1 - 1 / (1 + np.exp(-t)),
        "e": lambda t: np.exp(-t),
        "h": lambda t: t * t,
    }
    return forms[letter](x)
