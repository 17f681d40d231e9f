"""``certify``: every check of a potential's stability, kept step by step, and the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from sinterface.errors import RunError
from sinterface.files import write_text
from sinterface.potential.certificate import CERTIFICATE_NAME
from sinterface.potential.model import Potential
from sinterface.progress import ProgressCallback
from sinterface.provenance import available_cores, now, record
from sinterface.reference.calculators import open_reference
from sinterface.structures.crystals import cubic_llzo, layered_lco, tetragonal_llzo
from sinterface.structures.mixture import MIXTURES, mix, pack
from sinterface.validation import judgement as judged
from sinterface.validation.conservation import nve_drift
from sinterface.validation.dimers import HEAT_kT, dimer_curves
from sinterface.validation.elasticity import (
    VOLUMES,
    elastic_constants,
    equation_of_state,
    relaxed_cell,
)
from sinterface.validation.holes import MOST_STEPS, search_holes
from sinterface.validation.judgement import Line
from sinterface.validation.steps import Steps, finite, only_one
from sinterface.validation.survival import Stay, stay_crystal, survive
from sinterface.validation.systems import SEED, System, table_1

STEPS_NAME = "steps"
QUICK_SYSTEMS = ("llzo-cubic", "llzo-amorphous", "lco-layered", "lco-amorphous", "mixture-1",
                 "mixture-5", "doped-zr", "interface-104")  # fmt: skip

GROUPS = ("short range", "dynamics", "crystals", "survival", "elasticity")
"""Parts of a certificate, in their order."""

LineListener = Callable[[Line], None]


@dataclass(frozen=True)
class CertificateSettings:
    """What `certify` does.

    Attributes
    ----------
    reference
        Calculator that lattices and elasticity are compared with.
    quick
        Shortened; told on the certificate.
    hot_ps, hottest_ps
        Lengths of the runs at 2000 K and at 4000 K.
    crystal_ps, nve_ps
        Lengths of the crystals' runs and of those at constant energy.
    tries
        Random compressions a system.
    """

    reference: str = "chgnet"
    quick: bool = False
    hot_ps: float = 200.0
    hottest_ps: float = 20.0
    crystal_ps: float = 50.0
    nve_ps: float = 10.0
    tries: int = 20

    @classmethod
    def shortened(cls, reference: str = "chgnet") -> CertificateSettings:
        """Return settings of a few minutes."""
        return cls(reference, True, 2.0, 1.0, 6.0, 1.0, 4)


def hot_systems(quick: bool) -> tuple[System, ...]:
    """Return what is held at 2000 and 4000 K: the rows of Table 1 and amorphous LCO."""

    def lco(_: bool) -> Atoms:
        return pack(mix({"LiCoO2": 36}), volume_scale=1.2, seed=SEED)

    rows = (*table_1(), System("lco-amorphous", "amorphous", "LCO", lco, random=True))
    return tuple(row for row in rows if not quick or row.name in QUICK_SYSTEMS)


@dataclass(frozen=True)
class Crystal:
    """A crystal, the temperature below its melting where it must stay one."""

    name: str
    build: Callable[[], Atoms]
    cell: Callable[[], Atoms]
    temperature_K: float


CRYSTALS = (
    Crystal("LLZO", lambda: cubic_llzo(SEED), lambda: cubic_llzo(SEED), 1000.0),
    Crystal("LCO", lambda: layered_lco() * (5, 5, 1), layered_lco, 1000.0),
    Crystal("tetragonal LLZO", tetragonal_llzo, tetragonal_llzo, 700.0),
)


SQUEEZED: dict[str, Callable[[], Atoms]] = {
    "llzo": lambda: cubic_llzo(SEED),
    "lco": lambda: layered_lco() * (4, 4, 1),
    "mixture-3": lambda: pack(mix(MIXTURES["mixture-3"]), volume_scale=1.12, seed=SEED),
}
"""What is compressed at random in the search for holes."""


class Certification:
    """One call of `certify`: it holds the potential, the kept steps and the lines so far."""

    def __init__(
        self,
        potential: Potential,
        steps: Steps,
        settings: CertificateSettings,
        listener: LineListener | None,
        progress: ProgressCallback | None,
    ) -> None:
        self.potential, self.steps, self.settings = potential, steps, settings
        self.listener, self.progress = listener, progress
        self.threads = available_cores()
        self.lines: list[Line] = []
        self.details: dict[str, Any] = {}

    def go(self) -> None:
        """Do all checks, cheap ones first."""
        self._short_range()
        self._constant_energy()
        self._crystals()
        self._hot()
        for crystal in CRYSTALS[:2] if self.settings.quick else CRYSTALS:
            self._against_reference(crystal)

    def _tell(self, line: Line) -> None:
        self.lines.append(line)
        if self.listener is not None:
            self.listener(line)

    def _calculator(self, precision: str = "double") -> Any:
        return self.potential.calculator(precision=precision, threads=1, committee="none")

    def _short_range(self) -> None:
        elements = list(self.potential.elements)
        dimers = self.steps.do("dimers", {"elements": elements}, lambda _: dimer_curves(
            self._calculator(), elements))  # fmt: skip
        self.details["dimers"] = dimers
        self._tell(judged.judge_dimers(dimers))
        for name, build in SQUEEZED.items():
            tries = self.settings.tries

            def work(_: Path, build: Callable[[], Atoms] = build, n: int = tries) -> Any:
                return search_holes(build(), self._calculator(), n_tries=n)

            keys = {"tries": tries, "steps": MOST_STEPS}
            found = self.steps.do(f"holes-{name}", keys, work)
            self._tell(judged.judge_holes(name, found))

    def _constant_energy(self) -> None:
        duration = self.settings.nve_ps
        for crystal in CRYSTALS[:2]:

            def work(_: Path, crystal: Crystal = crystal) -> Any:
                return nve_drift(
                    crystal.build(), self._calculator("mixed"),
                    temperature_K=crystal.temperature_K, duration_ps=duration,
                )  # fmt: skip

            settings = {"duration_ps": duration, "temperature_K": crystal.temperature_K}
            found = self.steps.do(f"nve-{crystal.name}", settings, work)
            self._tell(judged.judge_drift(crystal.name, found))

    def _crystals(self) -> None:
        duration = self.settings.crystal_ps
        for crystal in CRYSTALS:
            stay = Stay(crystal.temperature_K, duration, round(duration / 0.05), 1.0, True)

            def work(folder: Path, crystal: Crystal = crystal, stay: Stay = stay) -> Any:
                return stay_crystal(
                    crystal.build, self.potential, folder, stay, threads=self.threads,
                    progress=self.progress,
                )  # fmt: skip

            name = crystal.name.replace(" ", "-")
            found = self.steps.do(f"crystal-{name}", asdict(stay), work)
            self._tell(judged.judge_crystal(crystal.name, crystal.temperature_K, found))

    def _hot(self) -> None:
        quick = self.settings.quick
        shares: dict[str, float | None] = {}
        for temperature, duration, timestep_fs in (
            (2000.0, self.settings.hot_ps, 2.0),
            (4000.0, self.settings.hottest_ps, 1.0),
        ):
            for system in hot_systems(quick):
                frames = min(100, max(10, round(duration / 0.5)))
                stay = Stay(temperature, duration, frames, timestep_fs=timestep_fs)

                def work(folder: Path, system: System = system, stay: Stay = stay) -> Any:
                    return survive(
                        lambda: system.build(quick), self.potential, folder, stay,
                        downhill=system.random or system.free_normal, threads=self.threads,
                        progress=self.progress,
                    )  # fmt: skip

                name = f"hot-{temperature:.0f}-{system.name}"
                found = self.steps.do(
                    name, asdict(stay) | {"small": quick, "heat_kT": HEAT_kT}, work
                )
                if temperature == 2000.0:
                    shares[system.name] = found["extrapolating_share"]
                self._tell(judged.judge_survival(system.name, temperature, found))
        self.details["extrapolating_shares_2000_K"] = shares
        self._tell(judged.judge_extrapolation(shares))

    def _against_reference(self, crystal: Crystal) -> None:
        reference = open_reference(self.settings.reference)
        settings = {"reference": reference.settings_hash}
        name = crystal.name.replace(" ", "-")
        start = crystal.cell()
        own = self.steps.do(f"cell-{name}-potential", {}, lambda _: relaxed_cell(
            start, self._calculator()))  # fmt: skip
        nearby = _at(start, own)
        true = self.steps.do(f"cell-{name}-reference", settings, lambda _: relaxed_cell(
            nearby, reference.calculator))  # fmt: skip
        lattice = {
            "potential_A": own["lengths_A"],
            "reference_A": true["lengths_A"],
            "converged": own["converged"] and true["converged"],
        }
        self.details.setdefault("lattices", {})[crystal.name] = lattice
        self._tell(judged.judge_lattice(crystal.name, lattice))
        relaxed = _at(start, true)
        if crystal.name.startswith("tetragonal"):
            return
        found = self.steps.do(
            f"elasticity-{name}",
            settings,
            lambda _: _elasticity(relaxed, self._calculator(), reference.calculator),
        )
        self.details.setdefault("equations", {})[crystal.name] = found["equation"]
        self.details.setdefault("elastic", {})[crystal.name] = found["elastic"]
        self._tell(judged.judge_equation(crystal.name, found["equation"]))
        self._tell(judged.judge_elastic(crystal.name, found["elastic"]))


def _at(atoms: Atoms, cell: Mapping[str, Any]) -> Atoms:
    return Atoms(atoms.numbers, np.array(cell["positions"]), cell=cell["cell"], pbc=True)


def _elasticity(atoms: Atoms, potential: Any, reference: Any) -> dict[str, Any]:
    """Return equation of state and elastic constants of the reference's structure by both."""
    whole: dict[str, Any] = {"equation": {"volumes": VOLUMES}, "elastic": {}}
    for name, calculator in (("potential", potential), ("reference", reference)):
        found = equation_of_state(atoms, calculator)
        whole["equation"] |= {
            f"{name}_meV": found["energies_meV"],
            f"{name}_lowest": found["lowest_at"],
            f"{name}_GPa": found["bulk_modulus_GPa"],
        }
        whole["elastic"][f"{name}_GPa"] = elastic_constants(atoms, calculator).tolist()
    return whole


def certify(
    potential: Potential,
    directory: Path,
    settings: CertificateSettings | None = None,
    *,
    listener: LineListener | None = None,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Check a potential's stability, or go on; write ``certificate.json`` into `directory`.

    Parameters
    ----------
    potential
        Potential.
    directory
        Keeps every finished step; a second call with equal settings only reads.
    settings
        What to do; default the full certificate.
    listener
        Told every line.
    progress
        Told about the run that goes on.

    Returns
    -------
    dict
        What ``certificate.json`` holds: lines, verdict, details, the potential's fingerprint.

    Raises
    ------
    InputError
        When the potential lacks one of the five elements, or the reference isn't installed.
    RunError
        When another process works in `directory`, or a disk is full.
    """
    settings = settings or CertificateSettings()
    reference = open_reference(settings.reference)
    potential.species(["Li", "O", "Co", "Zr", "La"])
    with only_one(directory):
        steps = Steps(directory / STEPS_NAME, {"potential": potential.fingerprint})
        work = Certification(potential, steps, settings, listener, progress)
        work.go()
        work.lines.sort(key=lambda line: GROUPS.index(line.group))
        if potential.fingerprint != type(potential)(potential.directory).fingerprint:
            raise RunError("The potential's files changed meanwhile; run the same command again.")
        content = finite(
            {
                "format": 1,
                "kind": "stability certificate",
                "potential": {
                    "name": potential.directory.name,
                    "fingerprint": potential.fingerprint,
                    "members": potential.n_members,
                },
                "reference": {"name": reference.name, "version": reference.version},
                "length": "quick" if settings.quick else "full",
                "settings": asdict(settings),
                "verdict": judged.overall(work.lines),
                "lines": [line.to_dict() for line in work.lines],
                "details": work.details,
                "steps": {"done": steps.done, "skipped": steps.skipped},
                "provenance": {"written": now(), **record(directory, {})},
            }
        )
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        write_text(directory / CERTIFICATE_NAME, text)
    return dict(content)


def counts(lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many lines passed, failed and were not judged."""
    verdicts = [line["verdict"] for line in lines]
    return {name: verdicts.count(name) for name in ("pass", "fail", "not judged")}
