"""Build and relax LLZO(001) on four planes of LCO, small and large; print a table of them.

Usage: ``python benchmarks/interfaces.py DIRECTORY``. Cells that are there already are read.
"""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
from pathlib import Path

PLANES = ((1, 0, 4), (1, 0, 0), (1, 1, 0), (0, 0, 3))
HEADINGS = (
    "LCO plane", "size", "atoms", "edges (Å)", "strain an edge (%)", "Γ of A, B (Li/nm²)",
    "build, relax (CPU s)", "energy (eV/atom)", "remaining stress xx, yy, zz (GPa)",
    "shortest Li-O, Co-O, O-O (Å)", "Co, Zr inside", "Co, Zr at the surface",
)  # fmt: skip


def build(plane: tuple[int, int, int], size: str, directory: Path) -> dict:
    """Return the certificate of one interface, built by the command line where it isn't there."""
    output = directory / f"llzo-lco-{''.join(map(str, plane))}-{size}.extxyz"
    certificate = output.with_name(output.stem + ".certificate.json")
    if not certificate.is_file():
        command = [
            sys.executable, "-m", "sinterface.cli", "build", "interface", "llzo", "lco",
            "--electrolyte-plane", "0", "0", "1", "--electrode-plane", *map(str, plane),
            "--size", size, "-o", str(output),
        ]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"{output.name}: at most {used.ru_maxrss / 1e6:.2f} GB so far", file=sys.stderr)
    return json.loads(certificate.read_text("utf-8"))


def row(plane: tuple[int, int, int], size: str, figures: dict) -> list[str]:
    """Return a line of the table."""
    details, contacts = figures["details"], figures["contacts"]
    energetics, seconds = details["energetics"], details["cpu_seconds"]
    stress = energetics["stress_GPa"]

    def counted(place: str) -> str:
        found = {kind: figures["coordination"][kind][place] for kind in ("Co", "Zr")}
        return ", ".join(
            f"{kind} " + " ".join(f"{n}:{count}" for n, count in numbers.items())
            for kind, numbers in found.items()
        )

    return [
        f"({''.join(map(str, plane))})",
        size,
        f"{figures['n_atoms']:,}",
        " × ".join(f"{edge:.2f}" for edge in figures["edges_A"]),
        ", ".join(f"{strain:+.2f}" for strain in figures["strain_percent"]["electrode"]),
        ", ".join(
            f"{details[side]['li_excess_per_nm2']:+.2f}"
            for side in ("li_deficient", "li_sufficient")
        ),
        f"{seconds['build']:.0f}, {seconds['relax']:.0f}",
        f"{energetics['energy_eV_per_atom']:.4f}",
        ", ".join(f"{stress[axis]:+.2f}" for axis in ("xx", "yy", "zz")),
        ", ".join(f"{contacts[pair]['shortest_A']:.2f}" for pair in ("Li-O", "Co-O", "O-O")),
        counted("inside"),
        counted("surface"),
    ]


def main() -> None:
    """Build what is missing and print the table."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    print("| " + " | ".join(HEADINGS) + " |")
    print("|" + "---|" * len(HEADINGS))
    for size, plane in itertools.product(("small", "large"), PLANES):
        figures = build(plane, size, directory)
        print("| " + " | ".join(row(plane, size, figures)) + " |", flush=True)


if __name__ == "__main__":
    main()
