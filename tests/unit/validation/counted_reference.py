"""A reference for tests: the shipped potential with planted errors, which counts its labels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from sinterface.potential.calculator import SinterfaceCalculator
from sinterface.potential.model import load_potential

SHIFT_eV_PER_ATOM = 0.005
FORCE_ERROR_eV_PER_A = 0.3


class PlantedReference(SinterfaceCalculator):
    """Energies lie 5 meV/atom below, force components 0.3 eV/Å off, signs alternating.

    ``LABEL_LOG`` names a file that gets a line a label; after ``DIE_AFTER`` lines the process
    ends as if killed.
    """

    def __init__(self) -> None:
        super().__init__(load_potential("llzo-lco"), committee="none")

    def calculate(self, *arguments, **options) -> None:
        log = os.environ.get("LABEL_LOG")
        if log:
            lines = Path(log).read_text().count("\n") if Path(log).exists() else 0
            if lines >= int(os.environ.get("DIE_AFTER", "1000000")):
                os._exit(9)
            with open(log, "a") as handle:
                handle.write("label\n")
        super().calculate(*arguments, **options)
        forces = self.results["forces"]
        signs = np.where(np.arange(forces.size).reshape(forces.shape) % 2, 1.0, -1.0)
        self.results["forces"] = forces + FORCE_ERROR_eV_PER_A * signs
        for name in ("energy", "free_energy"):
            self.results[name] -= SHIFT_eV_PER_ATOM * len(forces)


class SamePotential(SinterfaceCalculator):
    """The shipped potential as its own reference."""

    def __init__(self) -> None:
        super().__init__(load_potential("llzo-lco"), precision="mixed", committee="none")
