"""Stands in for pw.x, VASP and CP2K: reads their inputs, prints EMT's results in their formats.

python fake_codes.py espresso|vasp|cp2k|cp2k-old [unconverged]
"""

# ruff: noqa: T201
from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.emt import EMT
from ase.io import read
from ase.units import Bohr, GPa, Hartree, Ry


def main(code: str, converged: bool) -> None:
    atoms = {"espresso": _read_pwi, "vasp": _read_poscar}.get(code, _read_cp2k)()
    atoms.calc = EMT()
    {"espresso": _tell_espresso, "vasp": _tell_vasp}.get(code, _tell_cp2k)(atoms, code, converged)


def _read_pwi() -> Atoms:
    return read("espresso.pwi", format="espresso-in")


def _read_poscar() -> Atoms:
    assert "PAW" in Path("POTCAR").read_text()
    return read("POSCAR", format="vasp")


def _read_cp2k() -> Atoms:
    text = Path("cp2k.inp").read_text()
    assert "RUN_TYPE ENERGY_FORCE" in text
    cell = [re.search(rf"^\s+{axis} (.+)$", text, re.M).group(1).split() for axis in "ABC"]
    coord = re.search(r"&COORD(.*?)&END", text, re.S).group(1).split()
    rows = np.array(coord).reshape(-1, 4)
    return Atoms(rows[:, 0], rows[:, 1:].astype(float), cell=np.array(cell, float), pbc=True)


def _tell_espresso(atoms: Atoms, code: str, converged: bool) -> None:
    alat, stress = atoms.cell.lengths()[0], atoms.get_stress(voigt=False) * Bohr**3 / Ry
    print(f"     Program PWSCF v.7.2 starts\n\n     lattice parameter (alat)  = {alat / Bohr} a.u.")
    print(f"     number of atoms/cell      = {len(atoms)}\n     bravais-lattice index = 0")
    print(f"     celldm(1)= {alat / Bohr:.9f} celldm(2)= 0.0 celldm(3)= 0.0")
    print("     crystal axes: (cart. coord. in units of alat)")
    for i, row in enumerate(atoms.cell[:] / alat):
        print(f"       a({i + 1}) = ( {row[0]:.9f} {row[1]:.9f} {row[2]:.9f} )")
    print("\n     site n.     atom                  positions (alat units)")
    for i, (symbol, p) in enumerate(zip(atoms.symbols, atoms.positions / alat, strict=True)):
        print(f"  {i + 1}  {symbol}  tau( {i + 1}) = ( {p[0]:.9f} {p[1]:.9f} {p[2]:.9f} )")
    print(f"\n!    total energy              = {atoms.get_potential_energy() / Ry:.10f} Ry")
    word = "has been achieved" if converged else "NOT achieved"
    print(f"     convergence {word} in  11 iterations\n")
    print("     Forces acting on atoms (cartesian axes, Ry/au):\n")
    for i, f in enumerate(atoms.get_forces() * Bohr / Ry):
        print(f"     atom {i + 1} type  1   force = {f[0]:.10f} {f[1]:.10f} {f[2]:.10f}")
    print("\n     total   stress  (Ry/bohr**3)                   (kbar)     P=  0.0")
    for row in -stress:
        print("  " + "  ".join(f"{value:.12f}" for value in [*row, 0, 0, 0]))
    print("\n   JOB DONE.")


def _tell_vasp(atoms: Atoms, code: str, converged: bool) -> None:
    reason = "EDIFF is reached" if converged else "EDIFF was not reached (unconverged)"
    Path("OUTCAR").write_text(f" vasp.6.4.2 20Jul23 complex\n aborting loop because {reason}\n")
    energy = atoms.get_potential_energy(force_consistent=True)
    basis, scaled = atoms.cell[:], atoms.get_scaled_positions()
    kbar = -atoms.get_stress(voigt=False) / (0.1 * GPa)
    rows = [f"<rc><c>{s}</c><c>1</c></rc>" for s in atoms.symbols]
    structure = (
        f"<structure><crystal>{_rows('basis', basis)}</crystal>{_rows('positions', scaled)}"
        "</structure>"
    )
    first = structure.replace("<structure>", '<structure name="initialpos">')
    energies = "".join(
        f'<i name="{name}">{energy}</i>' for name in ("e_fr_energy", "e_wo_entrp", "e_0_energy")
    )
    Path("vasprun.xml").write_text(
        '<modeling><kpoints><varray name="kpointlist"><v>0 0 0</v></varray>'
        '<varray name="weights"><v>1</v></varray></kpoints>'
        f"<atominfo><atoms>{len(atoms)}</atoms>"
        f'<array name="atoms"><set>{"".join(rows)}</set></array></atominfo>'
        f"{first}"
        f"<calculation><scstep><energy>{energies}</energy></scstep>{structure}"
        f"{_rows('forces', atoms.get_forces())}{_rows('stress', kbar)}"
        f"<energy>{energies}</energy></calculation></modeling>"
    )


def _rows(name: str, values: np.ndarray) -> str:
    lines = "".join(f"<v>{r[0]:.10f} {r[1]:.10f} {r[2]:.10f}</v>" for r in values)
    return f'<varray name="{name}">{lines}</varray>'


def _tell_cp2k(atoms: Atoms, code: str, converged: bool) -> None:
    print(" CP2K| version string:                    CP2K version 2024.3")
    print(f"  *** SCF run {'' if converged else 'NOT '}converged in    20 steps ***")
    energy = atoms.get_potential_energy() / Hartree
    print(f" ENERGY| Total FORCE_EVAL ( QS ) energy [hartree]       {energy:.12f}")
    forces, stress = atoms.get_forces() * Bohr / Hartree, -atoms.get_stress(voigt=False) / GPa
    if code == "cp2k":
        print(" FORCES| Atomic forces [hartree/bohr]\n FORCES| Atom     x      y      z      |f|")
        for i, f in enumerate(forces):
            print(f" FORCES|  {i + 1} {f[0]:.10E} {f[1]:.10E} {f[2]:.10E} {abs(f).max():.10E}")
        print(" STRESS| Analytical stress tensor [GPa]\n STRESS|        x        y        z")
    else:
        print(" ATOMIC FORCES in [a.u.]\n\n # Atom   Kind   Element   X   Y   Z")
        for i, (symbol, f) in enumerate(zip(atoms.symbols, forces, strict=True)):
            print(f"  {i + 1}   1   {symbol}   {f[0]:.10f}  {f[1]:.10f}  {f[2]:.10f}")
        print(" SUM OF ATOMIC FORCES  0.0 0.0 0.0 0.0\n STRESS TENSOR [GPa]\n\n     X   Y   Z")
    for axis, row in zip("xyz", stress, strict=True):
        head = f" STRESS|      {axis}" if code == "cp2k" else f"  {axis.upper()}"
        print(f"{head} " + " ".join(f"{value:.11E}" if code == "cp2k" else f"{value:.11f}"
                                    for value in row))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], "unconverged" not in sys.argv)
