"""CHGNet against GPAW PBE+U on hot LCO: python benchmarks/chgnet_against_dft.py.

Snapshots of short CHGNet-driven dynamics of the primitive cell (4 atoms) are labelled by both.
Labels are kept in the work folder, so a stopped run goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read, write
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import thermalize_momenta
from ase.units import fs

from sinterface.dataset.frames import read_frames
from sinterface.reference.calculators import open_reference
from sinterface.reference.labelling import label_structures
from sinterface.reference.settings import read_settings
from sinterface.structures.crystals import primitive_lco

OPTIONS = {"cutoff_eV": 500.0, "kpoint_spacing_per_A": 0.6}
TEMPERATURES_K = (1000.0, 2000.0)
N_EACH, STEPS_BETWEEN, TIMESTEP_FS = 6, 40, 2.0
HERE = Path(__file__).parent


def sample() -> list[Atoms]:
    """Return the snapshots: every 80 fs of Langevin dynamics after 160 fs."""
    found = []
    for temperature in TEMPERATURES_K:
        atoms, rng = primitive_lco(), np.random.default_rng(int(temperature))
        atoms.calc = open_reference("chgnet").calculator
        thermalize_momenta(atoms, temperature_K=temperature, rng=rng)
        motion = Langevin(
            atoms,
            TIMESTEP_FS * fs,
            temperature_K=temperature,
            friction=0.02 / fs,
            rng=rng,
            fixcm=False,
        )
        motion.run(2 * STEPS_BETWEEN)
        for _ in range(N_EACH):
            motion.run(STEPS_BETWEEN)
            plain = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
            plain.info = {"system": "lco-primitive", "temperature_K": temperature}
            found.append(plain)
    return found


def compare(surrogate: list[Atoms], truth: list[Atoms]) -> dict[str, object]:
    """Return slope, correlation and RMSE of the forces, and errors of the shifted energies."""
    theirs = np.concatenate([frame.get_forces().ravel() for frame in truth])
    ours = np.concatenate([frame.get_forces().ravel() for frame in surrogate])
    energies = [
        np.array([frame.get_potential_energy() / len(frame) for frame in frames])
        for frames in (surrogate, truth)
    ]
    error = energies[0] - energies[1]
    spread = energies[1] - energies[1].mean()
    return {
        "n_snapshots": len(truth),
        "force_slope": float(ours @ theirs / (theirs @ theirs)),
        "force_correlation": float(np.corrcoef(ours, theirs)[0, 1]),
        "force_rmse_eV_per_A": float(np.sqrt(np.mean((ours - theirs) ** 2))),
        "force_rms_of_dft_eV_per_A": float(np.sqrt(np.mean(theirs**2))),
        "energy_rmse_shifted_meV_per_atom": float(1e3 * np.std(error)),
        "energy_slope": float((energies[0] - energies[0].mean()) @ spread / (spread @ spread)),
        "energy_spread_of_dft_meV_per_atom": float(1e3 * np.std(energies[1])),
    }


def draw(surrogate: list[Atoms], truth: list[Atoms], path: Path) -> None:
    """Draw the parity of the forces."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 4.0), layout="constrained")
    axes = figure.subplots()
    for temperature, colour in zip(TEMPERATURES_K, ("#4c78a8", "#e45756"), strict=True):
        pairs = [p for p in zip(truth, surrogate, strict=True)
                 if p[0].info["temperature_K"] == temperature]  # fmt: skip
        x, y = (np.concatenate([frames[i].get_forces().ravel() for frames in pairs])
                for i in (0, 1))  # fmt: skip
        axes.plot(x, y, "o", ms=3, color=colour, label=f"{temperature:.0f} K")
    limit = 1.05 * max(np.abs(frame.get_forces()).max() for frame in [*truth, *surrogate])
    axes.plot([-limit, limit], [-limit, limit], color="0.6", lw=0.8)
    axes.set(xlabel="GPAW PBE+U force, eV/Å", ylabel="CHGNet force, eV/Å", aspect="equal")
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Sample, label twice, write figures of merit and the parity plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("chgnet-against-dft"))
    parser.add_argument("--closed-shell", action="store_true", help="one spin channel")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="label only each n-th snapshot")
    parser.add_argument("--only", type=int, nargs="*", help="label only these, from 0")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    snapshots = arguments.work / "snapshots.extxyz"
    if not snapshots.exists():
        write(snapshots, sample(), format="extxyz")
    structures = read(snapshots, index=":", format="extxyz")
    chosen = arguments.only or range(0, len(structures), arguments.every)
    structures = [structures[index] for index in chosen]
    settings = read_settings("gpaw", OPTIONS | {"spin_polarised": not arguments.closed_shell})
    kind = "closed-shell" if arguments.closed_shell else "spin-polarised"
    truth = label_structures(
        structures, arguments.work / f"gpaw-{kind}.extxyz", arguments.workers, reference=settings
    )
    surrogate = label_structures(structures, arguments.work / f"chgnet-{kind}.extxyz", 1)
    frames = read_frames(surrogate.output), read_frames(truth.output)
    path = HERE / "chgnet_against_dft.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    found = {"all": compare(*frames)} | {
        f"{temperature:.0f} K": compare(*(
            [f for f in some if f.info["temperature_K"] == temperature] for some in frames
        ))
        for temperature in TEMPERATURES_K
        if any(frame.info["temperature_K"] == temperature for frame in frames[0])
    }  # fmt: skip
    results[kind] = {"gpaw": open_reference(settings).settings, **found}
    path.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    if not arguments.closed_shell and len(structures) == N_EACH * len(TEMPERATURES_K):
        draw(*frames, HERE.parent / "docs" / "images" / "chgnet-against-dft.svg")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
