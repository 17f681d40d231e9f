"""Peak memory and CPU time of every analysis on a long run of a large interface.

    python benchmarks/analysis_memory.py make DIR [--structure FILE] [--frames 10000]
    python benchmarks/analysis_memory.py run DIR [--only NAME] [--stride NAME=N] [--publish]

`make` writes a run (H5MD, 2 GB) of an interface of some 17,000 atoms: every atom vibrates about
its place with a frequency of its own (100–700 cm⁻¹), Li also walks, with a memory of 0.2 ps, so
that the spectrum ends. `run` calls ``sinterface analyze NAME`` in a process of its own and adds
its peak memory and CPU time to ``DIR/memory.json``; `--publish` puts the table into
docs/analysis.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

PAGE = Path(__file__).resolve().parents[1] / "docs" / "analysis.md"
BEGIN, END = "<!-- begin analysis memory -->", "<!-- end analysis memory -->"

INTERVAL_PS = 0.016
AMPLITUDE_A = 0.06
MEMORY_PS = 0.2
LI_SPEED_A_PER_PS = 2.0

COMMANDS: dict[str, tuple[str, ...]] = {
    "profiles": (),
    "rdf": (),
    "vibrations": (),
    "diffusion": (),
    "density": ("--element", "Li"),
    "sites": ("--element", "Li", "--element", "Co"),
    "polyhedra": ("--center", "Zr"),
    "clusters": ("--element", "Co", "--cutoff-A", "3.5"),
    "phases": (),
    "boundaries": (),
}
"""Analyses and the options that they want."""


def make(folder: Path, structure: Path | None, n_frames: int) -> None:
    """Write the run."""
    from sinterface.dynamics.h5md import Frame, SegmentWriter

    atoms = _structure(structure)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    n = len(atoms)
    start = np.asarray(atoms.positions)
    turns = rng.uniform(3.0, 21.0, (n, 3)) * INTERVAL_PS  # THz times ps
    phase = np.exp(2j * np.pi * rng.random((n, 3))).astype(np.complex64)
    turn = np.exp(2j * np.pi * turns).astype(np.complex64)
    lithium = np.flatnonzero(atoms.numbers == 3)
    walked, speed = np.zeros((len(lithium), 3)), rng.normal(size=(len(lithium), 3))
    keep = np.exp(-INTERVAL_PS / MEMORY_PS)
    cell = np.asarray(atoms.cell.array)
    region = np.asarray(atoms.arrays["region"], dtype=np.int8)
    with SegmentWriter(
        folder / "segment-000.h5", atoms.numbers, atoms.get_masses(), region, {}
    ) as writer:
        for index in range(n_frames):
            phase *= turn
            if index % 1000 == 0:
                phase /= np.abs(phase)
            place = start + AMPLITUDE_A * phase.real
            kick = rng.standard_normal(speed.shape, dtype=np.float32)
            speed = keep * speed + np.sqrt(1.0 - keep**2) * kick
            walked += LI_SPEED_A_PER_PS * INTERVAL_PS * speed
            place[lithium] += walked
            writer.append(
                Frame(
                    step=8 * index, time_ps=index * INTERVAL_PS, positions=place, cell=cell,
                    temperature_K=1500.0, potential_energy_eV=-6.9 * n,
                    pressure_GPa=np.zeros((3, 3)),
                )
            )  # fmt: skip


def _structure(path: Path | None):
    if path is not None:
        from ase.io import read

        return read(path)
    from sinterface.dynamics.interface_making import make_interface

    return make_interface(
        potential=None, relaxed=False, size="large", electrolyte_plane=(0, 0, 1),
        electrode_plane=(1, 0, 4),
    ).atoms  # fmt: skip


def measure(folder: Path, name: str, stride: int) -> dict[str, float | int | str]:
    """Run one analysis in a process of its own; return its peak memory and CPU time."""
    program = [sys.executable, "-m", "sinterface.cli", "analyze", name, str(folder)]
    options = [*COMMANDS[name], "--json", *(["--stride", str(stride)] if stride > 1 else [])]
    if name == "boundaries":
        label_bicrystal(folder)
    with (folder / f"{name}.out").open("wb") as out:
        child = subprocess.Popen([*program, *options], stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "stride": stride,
        "peak_GB": used.ru_maxrss / 1024.0**2,
        "cpu_s": used.ru_utime + used.ru_stime,
        "exit": child.returncode,
    }


def label_bicrystal(folder: Path) -> None:
    """Call the regions grain 1, grain 2 and boundary, as in a bicrystal (in place)."""
    import h5py

    with h5py.File(folder / "segment-000.h5", "r+") as file:
        group = file["particles/all"]
        place = group["position/value"][0] @ np.linalg.inv(group["box/edges/value"][0])
        height = float(np.linalg.norm(group["box/edges/value"][0][2]))
        depth = place[:, 2] % 1.0
        near = np.minimum(depth % 0.5, 0.5 - depth % 0.5) * height < 5.0
        group["region"][:] = np.where(near, 2, depth > 0.5)


def table(folder: Path) -> str:
    """What was measured as a Markdown table."""
    import h5py

    found = json.loads((folder / "memory.json").read_text())
    with h5py.File(folder / "segment-000.h5", "r") as file:
        n_frames, n_atoms, _ = file["particles/all/position/value"].shape
    lines = [
        f"{n_atoms:,} atoms × {n_frames:,} frames:",
        "",
        "| analysis | frames given | peak memory (GB) | CPU (s) |",
        "|---|---|---|---|",
    ]
    for name in COMMANDS:
        if name in found:
            one = found[name]
            given = "all" if one["stride"] == 1 else f"every {one['stride']}th"
            lines.append(f"| {name} | {given} | {one['peak_GB']:.2f} | {one['cpu_s']:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Make the run, or measure on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["make", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--structure", type=Path)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--only", action="append", choices=list(COMMANDS))
    parser.add_argument("--stride", action="append", default=[], metavar="NAME=N")
    parser.add_argument("--publish", action="store_true", help="put the table into the docs")
    chosen = parser.parse_args()
    if chosen.what == "make":
        make(chosen.folder, chosen.structure, chosen.frames)
        return
    strides = {name: int(n) for name, n in (one.split("=") for one in chosen.stride)}
    record = chosen.folder / "memory.json"
    for name in chosen.only or COMMANDS:
        one = measure(chosen.folder, name, strides.get(name, 1))
        found = json.loads(record.read_text()) if record.is_file() else {}
        record.write_text(json.dumps(found | {name: one}, indent=1) + "\n")
        print(name, one, flush=True)
    text = table(chosen.folder)
    print(text)
    if chosen.publish:
        page = PAGE.read_text(encoding="utf-8")
        block = f"{BEGIN}\n{text}\n{END}"
        page = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, page, flags=re.S)
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
