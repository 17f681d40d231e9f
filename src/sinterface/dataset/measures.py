"""Units that foreign files may have, and their way to eV and Å."""

from __future__ import annotations

from dataclasses import dataclass

from sinterface.errors import InputError, nearest_name

ENERGIES_EV = {
    "ev": 1.0,
    "hartree": 27.211386245988,
    "rydberg": 13.605693122994,
    "kcal/mol": 0.0433641042,
    "kj/mol": 0.0103642697,
}
"""Size of each unit of energy, eV (CODATA 2018)."""

LENGTHS_A = {"angstrom": 1.0, "bohr": 0.529177210903}
"""Size of each unit of length, Å (CODATA 2018)."""


@dataclass(frozen=True)
class Units:
    """Units of a file: sizes of its energy in eV and of its length in Å.

    Attributes
    ----------
    name
        As it was given, for example ``hartree-bohr``.
    """

    name: str
    energy_eV: float
    length_A: float

    @property
    def force(self) -> float:
        """Size of the unit of force, eV/Å."""
        return self.energy_eV / self.length_A

    @property
    def stress(self) -> float:
        """Size of the unit of stress, eV/Å³."""
        return self.energy_eV / self.length_A**3


def parse_units(name: str) -> Units:
    """Return the units that ``ENERGY-LENGTH`` names, for example ``hartree-bohr``.

    Raises
    ------
    InputError
        For another name.
    """
    energy, _, length = name.lower().partition("-")
    if energy in ENERGIES_EV and length in LENGTHS_A:
        return Units(name.lower(), ENERGIES_EV[energy], LENGTHS_A[length])
    known = [f"{one}-{two}" for one in ENERGIES_EV for two in LENGTHS_A]
    raise InputError(
        f"Unknown units '{name}'.{nearest_name(name.lower(), known)} Give an energy "
        f"({', '.join(ENERGIES_EV)}) and a length ({', '.join(LENGTHS_A)}), as in hartree-bohr."
    )


def reconcile_units(told: str | None, named: str | None, where: str) -> Units:
    """Return the units that a file tells, or else those that its reader was given.

    Raises
    ------
    InputError
        When nobody tells them, they are unknown, or the two contradict each other.
    """
    if told is None and named is None:
        raise InputError(
            f"{where} no units are told: name them with --units, for example ev-angstrom or "
            "hartree-bohr."
        )
    units = parse_units(told or named or "")
    if told is not None and named is not None and parse_units(named) != units:
        raise InputError(f"{where} its units are {told}, not {named} as named; leave --units out.")
    return units
