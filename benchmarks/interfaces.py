"""Build and relax LLZO(001) on four planes of LCO, small and large; print a table of them.

Usage: ``python benchmarks/interfaces.py DIRECTORY``. Cells that are there already are read; with
``--page`` after it, the table is put into docs/interfaces.md too.
Seconds by the wall and CPU seconds are of the whole command, Python's start, certificate and
picture included; memory is its largest.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "interfaces.md"
MARK = "<!-- interfaces -->\n"
PLANES = ((1, 0, 4), (1, 0, 0), (1, 1, 0), (0, 0, 3))
HEADINGS = (
    "LCO plane", "size", "atoms", "edges (Å)", "strain an edge (%)", "Γ of A, B (Li/nm²)",
    "wall, CPU (s)", "of it build, relax (CPU s)",
    "memory (GB)", "energy (eV/atom)", "atoms lost", "remaining stress xx, yy, zz (GPa)",
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
        measured = json.dumps(run(command), indent=1)
        output.with_name(output.stem + ".measured.json").write_text(measured, "utf-8")
    measured = output.with_name(output.stem + ".measured.json")
    figures = json.loads(certificate.read_text("utf-8"))
    return figures | {"measured": json.loads(measured.read_text("utf-8"))}


def run(command: list[str]) -> dict[str, float]:
    """Run a command; return its seconds and its largest memory in GB."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(child.returncode)
    seconds = time.perf_counter() - start
    cpu = used.ru_utime + used.ru_stime
    return {"wall_s": seconds, "cpu_s": cpu, "memory_GB": used.ru_maxrss * 1024 / 1e9}


def row(plane: tuple[int, int, int], size: str, figures: dict) -> list[str]:
    """Return a line of the table."""
    details, contacts = figures["details"], figures["contacts"]
    energetics, seconds = details["energetics"], details["cpu_seconds"]
    measured = figures["measured"]
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
        f"{measured['wall_s']:.0f}, {measured['cpu_s']:.0f}",
        f"{seconds['build']:.0f}, {seconds['relax']:.0f}",
        f"{measured['memory_GB']:.2f}",
        f"{energetics['energy_eV_per_atom']:.4f}",
        f"{energetics['atoms_lost']}",
        ", ".join(f"{stress[axis]:+.2f}" for axis in ("xx", "yy", "zz")),
        ", ".join(f"{contacts[pair]['shortest_A']:.2f}" for pair in ("Li-O", "Co-O", "O-O")),
        counted("inside"),
        counted("surface"),
    ]


def main() -> None:
    """Build what is missing and print the table."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    print(*lines, sep="\n")
    for size, plane in itertools.product(("small", "large"), PLANES):
        figures = build(plane, size, directory)
        lines.append("| " + " | ".join(row(plane, size, figures)) + " |")
        print(lines[-1], flush=True)
    if "--page" in sys.argv:
        before, _, after = PAGE.read_text("utf-8").split(MARK)
        PAGE.write_text(MARK.join((before, "\n".join(lines) + "\n", after)), "utf-8")


if __name__ == "__main__":
    main()
