"""Units and constants: Å, eV, fs, K, amu inside; conversions for what people read."""

from __future__ import annotations

from typing import Final

EV_PER_A3_IN_GPA: Final = 160.21766208
"""1 eV/Å³ in GPa (CODATA 2018)."""

BOLTZMANN_EV_PER_K: Final = 8.617333262e-5
"""Boltzmann constant, eV/K (CODATA 2018)."""

A2_PER_PS_IN_CM2_PER_S: Final = 1e-4
"""1 Å²/ps in cm²/s."""

FS_PER_PS: Final = 1000.0

BAR_IN_GPA: Final = 1e-4
