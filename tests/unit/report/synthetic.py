"""A synthetic study with the shape of a real one: known numbers, no dynamics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from ase import Atoms

from sinterface.analysis.diffusion import Diffusivity, MeanSquaredDisplacement
from sinterface.analysis.profiles import Profiles
from sinterface.analysis.rdf import PartialRDFs
from sinterface.analysis.results import InterfaceAnalysis, SideDegradation
from sinterface.analysis.statistics import Measure
from sinterface.analysis.survival import FrameworkSurvival

ELEMENTS = ("Li", "O", "Co", "Zr", "La")
LENGTH_A = 46.0
LOWER_A, UPPER_A = 13.5, 32.5
ONE_BUILD = (
    "not resolved: 1 independent build(s), 3 are needed for an uncertainty of a run that has not "
    "come to rest; no bulk control of the electrolyte and electrode at the same temperature and "
    "strain"
)


def make_measure(
    name: str, unit: str, start: float, end: float, n_replicas: int, spread: float, seed: int
) -> Measure:
    """Return a measure that goes from `start` to `end` in eight windows."""
    rng = np.random.default_rng(seed)
    time = np.linspace(2.5, 37.5, 8)
    shape = start + (end - start) * (1 - np.exp(-time / 12)) / (1 - np.exp(-time[-1] / 12))
    replicas = np.maximum(shape + spread * rng.standard_normal((n_replicas, 1)), 0.0)
    replicas = np.maximum(replicas + 0.3 * spread * rng.standard_normal((n_replicas, 8)), 0.0)
    resolved = n_replicas >= 3
    root = np.sqrt(n_replicas)
    std = replicas.std(axis=0, ddof=1) / root if resolved else np.full(8, 0.3 * spread)
    change = replicas[:, -1] - replicas[:, 0]
    error = float(change.std(ddof=1) / root) if resolved else float("nan")
    return Measure(
        name=name,
        unit=unit,
        time_ps=time,
        mean=replicas.mean(axis=0),
        std=std,
        replicas=replicas,
        initial=float(replicas[:, 0].mean()),
        initial_std=float(std[0]),
        final=float(replicas[:, -1].mean()),
        final_std=float(std[-1]),
        change=float(change.mean()),
        change_std=error,
        changed=bool(resolved and abs(change.mean()) > 4.3 * error),
        resolved=resolved,
        reason=f"standard error between {n_replicas} independent builds" if resolved else ONE_BUILD,
    )


def make_side(side: str, n_replicas: int, severity: float, seed: int) -> SideDegradation:
    """Return one side; `severity` scales how much it degrades."""

    def measure(name: str, unit: str, start: float, end: float, spread: float, k: int) -> Measure:
        return make_measure(name, unit, start, end, n_replicas, spread, seed + k)

    width = measure("interdiffusion width", "Å", 0.9, 0.9 + 1.4 * severity, 0.08, 0)
    return SideDegradation(
        side=side,
        plane_A=LOWER_A if side == "li_deficient" else UPPER_A,
        n_layer_co=10.0,
        width=width,
        width_la=replace(width, name="interdiffusion width (Co, La)"),
        width_zr=replace(width, name="interdiffusion width (Co, Zr)"),
        interdiffused=measure("interdiffused Co", "", 0.0, 2.2 * severity, 0.15, 3),
        interdiffused_per_nm2=measure("interdiffused Co", "nm⁻²", 0.0, 1.3 * severity, 0.09, 3),
        layer_csm=measure("CoO₆ shape measure", "", 1.1, 1.1 + 2.6 * severity, 0.12, 4),
        layer_coordination=measure("Co–O coordination", "", 5.7, 5.7 - 0.5 * severity, 0.05, 5),
        resolved=width.resolved,
        reason=width.reason,
    )


def make_profiles(n_replicas: int) -> Profiles:
    """Return profiles whose boundaries broaden with time."""
    z = np.arange(0.25, LENGTH_A, 0.5)
    windows = np.array([[5.0 * k, 5.0 * k + 5.0] for k in range(8)])
    per_A = np.zeros((8, len(ELEMENTS), len(z)))
    for w in range(8):
        width = 0.6 + 0.18 * w
        inside = 0.5 * (np.tanh((z - LOWER_A) / width) - np.tanh((z - UPPER_A) / width))
        layers = 1 + 0.9 * np.cos(2 * np.pi * z / 2.05) * np.exp(-0.04 * w)
        garnet = 1 + 0.6 * np.cos(2 * np.pi * z / 3.25) * np.exp(-0.06 * w)
        per_A[w, 0] = 4.4 * inside * layers + 3.0 * (1 - inside) * (1 + 0.1 * np.cos(z))
        per_A[w, 1] = 8.8 * inside * layers + 5.6 * (1 - inside) * garnet
        per_A[w, 2] = 4.4 * inside * layers
        per_A[w, 3] = 0.9 * (1 - inside) * garnet
        per_A[w, 4] = 1.4 * (1 - inside) * garnet
    std = 0.04 * per_A if n_replicas >= 3 else np.full_like(per_A, np.nan)
    total = per_A.sum(axis=1, keepdims=True)
    return Profiles(
        elements=ELEMENTS,
        z_A=z,
        bin_width_A=0.5,
        windows_ps=windows,
        per_A=per_A,
        per_A_std=std,
        density_per_A3=per_A / 168.5,
        fraction=per_A / total,
        lower_A=LOWER_A,
        upper_A=UPPER_A,
        length_A=LENGTH_A,
        area_A2=168.5,
    )


def make_rdfs(n_replicas: int) -> PartialRDFs:
    """Return one Gaussian first peak for each pair on a smooth background."""
    pairs = tuple((a, b) for i, a in enumerate(ELEMENTS) for b in ELEMENTS[i:])
    r = np.arange(0.05, 8.0, 0.05)
    peaks = np.array([2.5 + 0.11 * k if "O" not in p else 1.92 + 0.07 * k
                      for k, p in enumerate(pairs)])  # fmt: skip
    g = np.array(
        [
            3.5 * np.exp(-((r - p) ** 2) / 0.045) + 0.5 * (1 + np.tanh((r - p - 0.8) / 0.4))
            for p in peaks
        ]
    )
    return PartialRDFs(
        pairs=pairs,
        r_A=r,
        g=g,
        g_std=0.05 * g if n_replicas >= 3 else np.full_like(g, np.nan),
        first_peak_A=peaks,
        first_minimum_A=peaks + 0.7,
        coordination=np.linspace(2.0, 8.0, len(pairs)),
        n_frames=400,
    )


def make_msd() -> MeanSquaredDisplacement:
    """Return Li that diffuses and frameworks that stay."""
    lag = np.arange(0.0, 20.01, 0.1)
    slopes = {"Li": 1.9, "O": 0.05, "Co": 0.03, "Zr": 0.002, "La": 0.003}
    rest = {"Li": 0.6, "O": 0.35, "Co": 0.28, "Zr": 0.12, "La": 0.16}
    msd = np.array([rest[e] * (1 - np.exp(-lag / 0.15)) + slopes[e] * lag for e in ELEMENTS])
    supported = Diffusivity("Li", 3.17e-5, 0.21e-5, True, "generalised least squares, 2–20 ps")
    others = tuple(
        Diffusivity(e, float("nan"), float("nan"), False, "the MSD stays below 10 Å²")
        for e in ELEMENTS[1:]
    )
    return MeanSquaredDisplacement(ELEMENTS, lag, msd, 0.06 * msd, (supported, *others))


def make_analysis(n_replicas: int = 3, n_controls: int = 2) -> InterfaceAnalysis:
    """Return the analysis of a forty-picosecond study."""
    inside = make_measure("CoO₆ shape measure", "", 0.95, 1.0, n_replicas, 0.03, 91)
    return InterfaceAnalysis(
        n_replicas=n_replicas,
        n_controls=n_controls,
        n_atoms=744,
        n_frames=400 * n_replicas,
        duration_ps=40.0,
        frame_interval_ps=0.1,
        temperature_K=1498.7,
        temperature_std_K=31.2,
        area_nm2=1.685,
        sides=(
            make_side("li_deficient", n_replicas, 1.0, 11),
            make_side("li_sufficient", n_replicas, 0.2, 31),
        ),
        inside_csm=inside,
        inside_coordination=replace(inside, name="Co–O coordination"),
        profiles=make_profiles(n_replicas),
        rdfs=make_rdfs(n_replicas),
        msd=make_msd(),
        survival=(
            FrameworkSurvival(
                "electrolyte", "La", 144, 0.31, 0.002, 0.003, True,
                "slope 0.002 ± 0.003 Å²/ps: on a plateau at 0.31 Å²",
            ),
            FrameworkSurvival(
                "electrode", "Co", 96, 0.44, 0.021, 0.004, None,
                "the run is too short to tell a plateau from slow motion",
            ),
        ),
        definitions={"width": "Co/(Co + La + Zr) = ½ erfc(d/(√2 σ)) across the boundary."},
        warnings=("Co in the electrode: the run is too short to tell a plateau from slow motion",),
    )  # fmt: skip


def make_cells(seed: int = 0) -> tuple[Atoms, Atoms]:
    """Return a small interface-like cell before and after: sheets of Co–O–Li between La–Zr–O."""
    rng = np.random.default_rng(seed)
    numbers, positions, region = [], [], []
    for z in np.arange(1.0, LENGTH_A, 2.05):
        electrode = LOWER_A < z < UPPER_A
        choice = (3, 27, 8, 8) if electrode else (3, 57, 8, 40, 8, 8)
        for x in np.arange(1.0, 13.0, 2.2):
            for y in np.arange(1.0, 13.0, 2.2):
                numbers.append(choice[int(round(x / 2.2) + round(y / 2.2)) % len(choice)])
                positions.append((x, y, z))
                region.append(int(electrode))
    cell = [12.98, 12.98, LENGTH_A]
    before = Atoms(numbers=numbers, positions=positions, cell=cell, pbc=True)
    before.new_array("region", np.array(region, dtype=np.int8))
    after = before.copy()
    after.positions += rng.normal(0.0, 0.5, after.positions.shape)
    return before, after


CERTIFICATE: dict[str, Any] = {
    "formula": "Co90La48Li202O372Zr32",
    "n_atoms": 744,
    "charge_e": 0.0,
    "density_g_per_cm3": 4.64,
    "edges_A": [12.98, 12.98, 47.25],
    "li_deficient": {"boundary_A": 14.5, "li_excess_atoms": -3.0, "li_excess_per_nm2": -1.78},
    "li_sufficient": {"boundary_A": 32.9, "li_excess_atoms": 3.0, "li_excess_per_nm2": 1.78},
    "mismatch_percent": [2.81, 2.06],
    "strained_region": "electrode",
    "shortest_A": {"Co-O": 1.925, "La-Li": 3.019, "Li-O": 1.757, "O-O": 2.5},
    "coordination": {
        "Co": {"inside": {"6": 50}, "surface": {"5": 20, "6": 20}},
        "Zr": {"inside": {"6": 24}},
    },
    "source": {"seed": 0, "electrode_supercell": [[-4, 1], [-2, -2]]},
}

CARD: dict[str, Any] = {
    "name": "llzo-lco",
    "licence": "MIT",
    "cutoff_A": 6.0,
    "fingerprint": "ef" * 32,
    "reference": {"name": "chgnet", "version": "0.4.2"},
    "data": {"frames": 612, "test": {"llzo-cubic": 12, "lco-layered": 9}},
    "errors": {
        "explanation": "Root mean square errors on trajectories that were never seen.",
        "llzo-cubic": {"frames": 12, "energy_meV_per_atom": 3.214, "force_eV_per_A": 0.1213},
        "lco-layered": {"frames": 9, "energy_meV_per_atom": 4.021, "force_eV_per_A": 0.1472},
    },
}

STUDY: dict[str, Any] = {
    "study": {"name": "quick", "seed": 7, "replicas": 3},
    "potential": {"name": "llzo-lco"},
    "interface": {
        "electrolyte": "llzo", "electrode": "lco", "electrolyte_plane": [0, 0, 1],
        "electrode_plane": [1, 0, 4], "size": "small", "li_excess_difference_per_nm2": 3.0,
        "max_strain": 0.03,
    },
    "dynamics": {"temperature_K": 1500.0, "duration_ps": 40.0, "timestep_fs": 1.0},
    "report": {"title": ""},
}  # fmt: skip

PROVENANCE: dict[str, Any] = {
    "versions": {"sinterface": "0.1.0", "python": "3.11.2", "numpy": "2.4.1"},
    "host": {"system": "Linux x86_64", "cpu": "a processor", "cores": 2},
    "git": None,
    "hashes": {"potential": "ab" * 32, "study": "cd" * 32},
    "seeds": [7, 8, 9],
    "written": "2026-01-01T00:00:00+00:00",
}
