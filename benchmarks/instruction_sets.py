"""Speed of the engine on each instruction set of this machine, interleaved, CPU time.

    python benchmarks/instruction_sets.py [--rounds 5]

Prints medians of atom-steps/s (energies and forces of LLZO, 1,536 atoms, one thread) as a table.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

KERNELS = ("avx512", "avx2", "portable")
POTENTIALS = ("llzo-lco", "llzo-lco-n2p2")
REPEATS = 3


def measure() -> dict[str, float]:
    """Return atom-steps/s of each potential and precision with the kernel of this process."""
    import numpy as np

    from sinterface.potential.model import load_potential
    from sinterface.structures.crystals import cubic_llzo

    atoms = cubic_llzo(0) * (2, 2, 2)
    atoms.positions += np.random.default_rng(0).normal(0, 0.05, atoms.positions.shape)
    found = {}
    for name in POTENTIALS:
        potential = load_potential(name)
        pairs = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
        for precision in ("mixed", "double"):

            def step(precision: str = precision) -> None:
                potential.evaluate(  # noqa: B023
                    atoms.numbers, atoms.positions, pairs,  # noqa: B023
                    precision=precision, committee="none",
                )  # fmt: skip

            step()
            started = time.process_time()
            for _ in range(REPEATS):
                step()
            spent = time.process_time() - started
            found[f"{name}, {precision}"] = REPEATS * len(atoms) / spent
    return found


def main() -> None:
    """Measure in processes of their own, in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measure()))
        return
    speeds: dict[str, dict[str, list[float]]] = {}
    for _ in range(chosen.rounds):
        for kernel in KERNELS:
            told = subprocess.run(
                [sys.executable, __file__, "--measure"], check=True, capture_output=True, text=True,
                env=os.environ | {"SINTERFACE_KERNEL": kernel, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
            for name, speed in json.loads(told.stdout).items():
                speeds.setdefault(name, {}).setdefault(kernel, []).append(speed)
    print("| potential | " + " | ".join(KERNELS) + " |")
    print("|---|" + "---:|" * len(KERNELS))
    for name, one in speeds.items():
        medians = [statistics.median(one[kernel]) for kernel in KERNELS]
        print(f"| {name} | " + " | ".join(f"{speed:,.0f}" for speed in medians) + " |")


if __name__ == "__main__":
    main()
