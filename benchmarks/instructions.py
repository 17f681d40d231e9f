"""Count the floating-point operations that the compiled kernel executes, padding included.

    python benchmarks/instructions.py [--precisions double mixed] [--cells 2] [--publish]

Needs valgrind (callgrind counts each instruction) and objdump (says which are floating-point ones).
Printed beside what the method needs (`operations.py`): the rest is padding and work done twice.
Takes minutes, for valgrind is slow; `--publish` then `python benchmarks/publish.py` puts it into
docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import operations
from systems import full_set, llzo

import sinterface
from sinterface import provenance
from sinterface.files import write_text
from sinterface.kernels import _core

RESULTS = Path(__file__).with_name("instructions.json")

WIDTHS = {"zmm": 64, "ymm": 32, "xmm": 16}
FUSED = re.compile(r"^vfn?m(add|sub|addsub|subadd)\d*(ps|pd|ss|sd)$")
SINGLE = re.compile(r"^v?(add|sub|mul|div|sqrt|max|min)(ps|pd|ss|sd)$")


def operations_of(mnemonic: str, operands: str) -> int:
    """Return the floating-point operations of one instruction."""
    match = FUSED.match(mnemonic) or SINGLE.match(mnemonic)
    if match is None:
        return 0
    kind = match.group(match.re.groups)
    each = 2 if match.re is FUSED else 1
    if kind in ("ss", "sd"):
        return each
    width = max((size for name, size in WIDTHS.items() if name in operands), default=16)
    return each * width // (4 if kind == "ps" else 8)


def disassembly(module: Path) -> dict[int, int]:
    """Return the floating-point operations of each instruction of a library, by address."""
    command = ["objdump", "-d", "--no-show-raw-insn", str(module)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)", line)
        if match:
            each = operations_of(match.group(2), match.group(3))
            if each:
                found[int(match.group(1), 16)] = each
    return found


def executed(profile: Path, module: Path) -> Counter[int]:
    """Return how often each instruction of `module` ran, by address, from callgrind's file."""
    counts: Counter[int] = Counter()
    inside = skip = False
    for line in profile.read_text().splitlines():
        if line.startswith("ob="):
            inside = line.endswith(module.name)
        elif line.startswith("calls="):
            skip = True  # the next line is the cost of what was called
        elif inside and line.startswith("0x"):
            fields = line.split()
            if not skip and len(fields) > 2:
                counts[int(fields[0], 16)] += int(fields[2])
            skip = False
        elif line.startswith("0x"):
            skip = False
    return counts


def evaluate(directory: str, precision: str, cells: int) -> None:
    """Run the kernel once; this is what valgrind watches."""
    potential = sinterface.load_potential(directory)
    atoms = llzo((1, 1, cells))
    neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
    potential.evaluate(atoms.numbers, atoms.positions, neighbors, precision=precision)


def watched(module: Path, precision: str, cells: int) -> dict[str, float]:
    """Let valgrind watch a run; return operations an atom: executed, needed, their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        directory, profile = full_set(folder, "wide"), folder / "profile"
        watch = ("valgrind", "--tool=callgrind", "--dump-instr=yes", "--compress-pos=no")
        files = ("--compress-strings=no", f"--callgrind-out-file={profile}")
        job = ("--watched", str(directory), "--precisions", precision, "--cells", str(cells))
        subprocess.run([*watch, *files, sys.executable, __file__, *job], check=True)
        counts = executed(profile, module)
        potential = sinterface.load_potential(directory)
    table = disassembly(module)
    done = sum(table.get(address, 0) * times for address, times in counts.items())
    atoms = llzo((1, 1, cells))
    neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
    species = potential.species(atoms.get_chemical_symbols())
    needed = operations.count(potential, species, neighbors, precision).total
    n = len(atoms)
    return {
        "atoms": n,
        "executed": done / n,
        "needed": needed / n,
        "needed_of_executed": needed / done,
    }


def main() -> None:
    """Watch a run in each precision, and compare it with what the method needs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--precisions", nargs="+", default=["double", "mixed"])
    parser.add_argument("--cells", type=int, default=2, help="of 192 atoms")
    parser.add_argument("--publish", action="store_true", help="write instructions.json too")
    parser.add_argument("--watched", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.watched:
        return evaluate(options.watched, options.precisions[0], options.cells)
    module = Path(_core.__file__)
    found = {each: watched(module, each, options.cells) for each in options.precisions}
    print(json.dumps(found, indent=1))
    if options.publish:
        record = {"made": provenance.now(), "source": provenance.source_state(), "wide": found}
        write_text(RESULTS, json.dumps(record, indent=1) + "\n")
    return None


if __name__ == "__main__":
    main()
