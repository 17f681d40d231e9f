"""A made-up transport study on disk: values, figures, structures with certificates."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from ase.build import bulk
from ase.io import write

from sinterface.report.curves import Line, line_figure
from sinterface.report.study_results import (
    Condition,
    Figure,
    Section,
    StructureFile,
    StudyResults,
    Value,
)
from sinterface.report.style import save

CARD: dict[str, Any] = {
    "name": "llzo-lco",
    "cutoff_A": 6.0,
    "fingerprint": "0123456789abcdef",
    "reference": {"name": "chgnet", "version": "0.4.2"},
    "errors_by_system": [{"system": "LLZO", "energy_rmse_meV_per_atom": 0.7}],
}

CERTIFICATE: dict[str, Any] = {
    "length": "quick",
    "verdict": "fail",
    "lines": [
        {"name": "dimers", "group": "short range", "verdict": "pass", "reason": "15 pairs repel"},
        {"name": "elastic: LCO", "group": "crystals", "verdict": "fail", "reason": "C44 96 GPa"},
    ],
}


def at(**where: Any) -> tuple[Condition, ...]:
    """Conditions; ``temperature`` in K."""
    return tuple(
        Condition(name, value, "K" if name == "temperature" else "")
        for name, value in where.items()
    )


def values() -> tuple[Value, ...]:
    """Two activation energies, one bound, and diffusivities at many temperatures."""
    name = "activation energy of Li"
    found = [
        Value("activation_energy", name, 0.25, 0.006, (0.238, 0.262), "eV", True, "fit", at(x=0.0)),
        Value("activation_energy", name, 0.31, 0.01, (0.29, 0.33), "eV", True, "fit", at(x=0.5)),
        Value(
            "extrapolated_diffusivity", "extrapolated diffusivity of Co", math.nan, math.nan,
            (0.0, 1e-11), "cm²/s", False, "too few jumps", at(x=0.5, temperature=300.0),
        ),
    ]  # fmt: skip
    for kelvin in np.arange(600.0, 1500.0, 100.0):
        value = 1e-3 * math.exp(-0.25 / (8.617e-5 * kelvin))
        found.append(
            Value(
                "diffusivity", "diffusivity of Li", value, 0.05 * value,
                (0.9 * value, 1.1 * value), "cm²/s", True, "lags 1–20 ps",
                at(x=0.0, temperature=float(kelvin)),
            )
        )  # fmt: skip
    return tuple(found)


def make_study(folder: Path) -> StudyResults:
    """Write what the results name into `folder`, and return them."""
    lag = np.linspace(0.1, 10.0, 30)
    figure = line_figure([Line(lag, 2.0 * lag, "Li")], "lag (ps)", "MSD (Å²)")
    (folder / "diffusion").mkdir(parents=True)
    save(figure, folder / "diffusion", "msd", ("svg", "pdf", "png"))
    (folder / "diffusion" / "msd.csv").write_text("lag_ps,msd\n")
    structures = []
    for number, symbol in enumerate(("Cu", "Cu", "Ag"), 1):
        path = folder / f"build-{number}" / "structure.extxyz"
        path.parent.mkdir()
        atoms = bulk(symbol, cubic=True) * (2, 2, 2)
        write(path, atoms)
        certificate = {
            "formula": atoms.get_chemical_formula(),
            "n_atoms": len(atoms),
            "edges_A": atoms.cell.lengths().tolist(),
            "warnings": ["made up"],
        }
        path.with_suffix(".certificate.json").write_text(json.dumps(certificate))
        structures.append(StructureFile(f"build-{number}", f"build-{number}/structure.extxyz"))
    rows = ({"element": "Li", "D (cm²/s)": "1e-5"},)
    sections = (
        Section(
            "diffusion-x0-1000K", "Diffusion: x 0, 1000 K", rows,
            (Figure("diffusion/msd", "Mean squared displacement <of Li>."),),
            ("diffusion/msd.csv", "diffusion/msd.svg"), ("drift removed",),
        ),
        Section("vibrations", "Vibrations", reason="frames are too far apart"),
    )  # fmt: skip
    return StudyResults(
        "doping", "transport", "laptop", "Co on Li in cubic LLZO",
        {"crystal": "llzo", "rule": "Co3+ on Li", "replicas": 3}, values(), sections,
        tuple(structures), ("two replicas were lost",),
        {"versions": {"lammps": "22Jul2025"}, "stages": {"run-1": {"hash": "ab" * 32, "seed": 3}}},
    )  # fmt: skip
