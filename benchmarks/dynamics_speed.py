"""What a step costs beyond its forces, an interface against the bare kernel, two ranks against one.

    python benchmarks/dynamics_speed.py [--publish] [--output dynamics_speed.json] [--quick]

Runs of two lengths are timed and subtracted, so that starting up plays no part; everything that
`sinterface simulate` does is in the difference: integration, neighbour lists, thermostat, a frame
every 100 steps, a checkpoint every 1,000.

- beyond forces: the pair style `zero`, atoms in free flight at 30 K (a new neighbour list about
  every 60 steps, as in a hot crystal), CPU time of the process;
- interface: flat LCO on LLZO, 17,040 atoms, the shipped potential in mixed precision, CPU time,
  against the bare kernel on the same atoms with a list of its cutoff;
- ranks: `mpiexec` with 1 and 2 ranks, wall time: it means something on two idle cores only, so the
  load average stands beside it.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from sinterface import load_potential, provenance
from sinterface.dynamics.ensembles import Phase
from sinterface.dynamics.interaction import Interaction
from sinterface.dynamics.simulation import simulate
from sinterface.files import write_text
from sinterface.structures.crystals import cubic_llzo, layered_lco

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "dynamics.md"
RESULTS = Path(__file__).with_name("dynamics_speed.json")
FRAME_STEPS, CHECKPOINT_STEPS = 100, 1000
GOALS = {"beyond_17280_ms": 4.0, "beyond_192_ms": 0.1, "interface": 0.85, "ranks": 1.7}
ZERO = Interaction(
    commands=("pair_style zero 6.0", "pair_coeff * *"),
    elements=("Li", "O", "Co", "Zr", "La"),
    cutoff_A=6.0,
    identity="zero",
)


def run_steps(atoms: Atoms, interaction: Any, n_steps: int, temperature_K: float) -> float:
    """Run so many steps in a folder of their own; return CPU seconds of this process."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        move(atoms, interaction, folder, n_steps, temperature_K)
        return time.process_time() - begun


def move(atoms: Atoms, moved_by: Any, folder: str, n_steps: int, temperature_K: float) -> None:
    """Run NVT with a frame every 100 steps and a checkpoint every 1,000, or once at the end."""
    frame_steps = min(FRAME_STEPS, n_steps)
    checkpoint_steps = CHECKPOINT_STEPS if n_steps >= FRAME_STEPS else frame_steps
    simulate(
        atoms,
        moved_by,
        folder,
        [Phase("production", n_steps / 1000, temperature_K)],
        frame_interval_ps=frame_steps / 1000,
        checkpoint_interval_ps=checkpoint_steps / 1000,
    )


def seconds_a_step(time_of: Callable[[int], float], short: int, rounds: int) -> list[float]:
    """Return the times of a step, one a round, from runs of `short` and three times as many."""
    return [(time_of(3 * short) - time_of(short)) / (2 * short) for _ in range(rounds)]


def spread(values: list[float], scale: float = 1.0) -> dict[str, float]:
    """Return median, least and most."""
    return {
        "median": statistics.median(values) * scale,
        "least": min(values) * scale,
        "most": max(values) * scale,
    }


def beyond_forces(repeat: tuple[int, int, int], short: int, rounds: int) -> dict[str, Any]:
    """Measure what a step costs without forces, in ms."""
    atoms = cubic_llzo(seed=1, repeat=repeat)
    times = seconds_a_step(lambda n: run_steps(atoms, ZERO, n, 30.0), short, rounds)
    return {"n_atoms": len(atoms), "ms": spread(times, 1e3)}


def flat_interface(cells: tuple[int, int, int], copies: tuple[int, int]) -> Atoms:
    """Return LCO, c along z and strained to fit, on LLZO: for timing only."""
    llzo = cubic_llzo(seed=1, repeat=cells)
    hexagonal = layered_lco()
    a, b, c = hexagonal.cell.array
    two = hexagonal.repeat((1, 2, 1))
    box = Atoms(two.numbers, two.positions, cell=[a, a + 2 * b, c], pbc=True)
    box.wrap()
    lco = box.repeat((*copies, 1))
    thickness = lco.cell.array[2, 2]
    edges = llzo.cell.lengths()
    lco.set_cell(np.diag([edges[0], edges[1], thickness]), scale_atoms=True)
    lco.positions[:, 2] += edges[2] + 2.0
    whole = llzo + lco
    whole.set_cell(np.diag([edges[0], edges[1], edges[2] + thickness + 4.0]))
    whole.set_pbc(True)
    return whole


def interface(effort: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Measure the interface's steps beside the kernel's own evaluations of the same atoms."""
    potential = load_potential("llzo-lco")
    atoms = flat_interface(effort["cells"], effort["copies"])
    atoms.rattle(0.02, seed=1)
    neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
    steps, kernel = [], []
    for _ in range(rounds):
        begun = time.process_time()
        potential.evaluate(atoms.numbers, atoms.positions, neighbors, precision="mixed")
        kernel.append(time.process_time() - begun)
        steps += seconds_a_step(
            lambda n: run_steps(atoms, potential, n, 1500.0), effort["interface_steps"], 1
        )
    ratio = statistics.median(kernel) / statistics.median(steps)
    return {
        "n_atoms": len(atoms),
        "step_ms": spread(steps, 1e3),
        "kernel_ms": spread(kernel, 1e3),
        "ratio": ratio,
    }


def ranks(effort: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Measure one rank and two, taking turns; wall time of a step in ms."""
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for n, times in found.items():
            times.append(_under_mpi(n, effort))
    one, two = (statistics.median(times) for times in found.values())
    return {
        "n_atoms": 192 * int(np.prod(effort["ranks_cells"])),
        "one_ms": spread(found[1], 1e3),
        "two_ms": spread(found[2], 1e3),
        "ratio": one / two,
    }


def _under_mpi(n: int, effort: dict[str, Any]) -> float:
    launcher = next(
        Path(str(file.locate())) for file in metadata.files("mpich") or [] if file.name == "mpiexec"
    )
    with tempfile.TemporaryDirectory() as folder:
        words = [*effort["ranks_cells"], effort["ranks_steps"], folder]
        command = [str(launcher), "-n", str(n), sys.executable, __file__, "--rank"]
        done = subprocess.run(
            [*command, *map(str, words)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"mpiexec failed:\n{done.stderr[-2000:]}")
        return max(float(path.read_text()) for path in Path(folder).glob("*.seconds"))


def as_rank(words: list[str]) -> None:
    """Be one rank: write the wall seconds of a step into the folder that is the last word."""
    *cells, short = map(int, words[:-1])
    atoms = cubic_llzo(seed=1, repeat=(cells[0], cells[1], cells[2]))
    potential = load_potential("llzo-lco")

    def wall(n_steps: int) -> float:
        begun = time.perf_counter()
        move(atoms, potential, f"{words[-1]}/{n_steps}", n_steps, 1500.0)
        return time.perf_counter() - begun

    Path(words[-1], f"{os.getpid()}.seconds").write_text(repr(seconds_a_step(wall, short, 1)[0]))


EFFORTS: dict[str, dict[str, Any]] = {
    "default": {
        "rounds": 5, "large": (3, 5, 6), "large_steps": 300, "small_steps": 20_000,
        "cells": (4, 4, 4), "copies": (18, 11), "interface_steps": 10,
        "ranks_cells": (3, 5, 6), "ranks_steps": 20,
    },
    "quick": {
        "rounds": 1, "large": (1, 1, 1), "large_steps": 100, "small_steps": 100,
        "cells": (1, 1, 1), "copies": (5, 3), "interface_steps": 5,
        "ranks_cells": (1, 1, 1), "ranks_steps": 5,
    },
}  # fmt: skip


def measure(effort: dict[str, Any]) -> dict[str, Any]:
    """Measure all lines."""
    rounds = effort["rounds"]
    before = os.getloadavg()[0]
    record: dict[str, Any] = {
        "beyond_large": beyond_forces(effort["large"], effort["large_steps"], rounds),
        "beyond_small": beyond_forces((1, 1, 1), effort["small_steps"], rounds),
        "interface": interface(effort, rounds),
        "ranks": ranks(effort, min(rounds, 3)),
    }
    record["circumstances"] = {
        "date": provenance.now(),
        "host": provenance.host(),
        "versions": provenance.versions(),
        "load_before": before,
        "load_after": os.getloadavg()[0],
        "rounds": rounds,
        "kernel": load_potential("llzo-lco").kernel,
    }
    return record


def table(record: dict[str, Any]) -> str:
    """Return the lines as Markdown."""
    large, small = record["beyond_large"], record["beyond_small"]
    flat, mpi = record["interface"], record["ranks"]
    lines = ["| what | measured | range of rounds | goal |", "|---|---:|---:|---:|"]
    for part, goal in ((large, GOALS["beyond_17280_ms"]), (small, GOALS["beyond_192_ms"])):
        ms = part["ms"]
        lines.append(
            f"| a step beyond its forces, {part['n_atoms']:,} atoms | {ms['median']:.3g} ms | "
            f"{ms['least']:.3g}–{ms['most']:.3g} | ≤ {goal:g} ms |"
        )
    step, kernel = flat["step_ms"], flat["kernel_ms"]
    lines.append(
        f"| bare kernel over a step of an interface, {flat['n_atoms']:,} atoms | "
        f"{flat['ratio']:.2f} ({kernel['median']:.1f} / {step['median']:.1f} ms) | "
        f"{kernel['least'] / step['most']:.2f}–{kernel['most'] / step['least']:.2f} | "
        f"≥ {GOALS['interface']} |"
    )
    one, two = mpi["one_ms"], mpi["two_ms"]
    lines.append(
        f"| two ranks of MPI over one, {mpi['n_atoms']:,} atoms | {mpi['ratio']:.2f} "
        f"({one['median']:.1f} / {two['median']:.1f} ms) | "
        f"{one['least'] / two['most']:.2f}–{one['most'] / two['least']:.2f} | "
        f"≥ {GOALS['ranks']} |"
    )
    about = record["circumstances"]
    lines += [
        "",
        f"`python benchmarks/dynamics_speed.py --publish` on {about['date'][:10]}, "
        f"{about['host']['cores']} cores of {about['host']['cpu']}, {about['kernel']} kernel, "
        f"{about['rounds']} rounds; load average {about['load_before']:.2f} before and "
        f"{about['load_after']:.2f} after.",
    ]
    return "\n".join(lines) + "\n"


def publish(record: dict[str, Any]) -> None:
    """Put the table into the docs, between its marks."""
    text = PAGE.read_text(encoding="utf-8")
    pattern = r"(<!-- begin dynamics speed -->\n).*?(<!-- end dynamics speed -->)"
    body = table(record)
    write_text(PAGE, re.sub(pattern, lambda m: m[1] + body + m[2], text, flags=re.DOTALL))


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny cells: does it run at all?")
    parser.add_argument("--publish", action="store_true", help="write the table into the docs")
    parser.add_argument("--output", type=Path, default=None)
    parser.add_argument("--rank", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rank:
        as_rank(arguments.rank)
        return
    record = measure(EFFORTS["quick" if arguments.quick else "default"])
    output = arguments.output or (RESULTS if arguments.publish else Path("dynamics_speed.json"))
    write_text(output, json.dumps(record, indent=1) + "\n")
    if arguments.publish:
        publish(record)
    print(table(record))


if __name__ == "__main__":
    main()
