"""Substitution by any rule ("Al3+ on Li"), neutral by vacancies or added Li near each dopant."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sinterface.errors import InputError, nearest_name
from sinterface.structures.holes import fill_holes
from sinterface.structures.lithium import FORMAL_CHARGES, Integers
from sinterface.structures.spreading import choose_sites, distances_from
from sinterface.structures.structure_certificate import oxidation_states
from sinterface.structures.within import Within

if TYPE_CHECKING:
    from ase import Atoms

Mode = Literal["uniform", "random"]
_RULE = re.compile(r"^\s*([A-Z][a-z]?)(\d+)([+-])\s+on\s+([A-Z][a-z]?)\s*$")
WHOLE = 1e-6


@dataclass(frozen=True)
class Rule:
    """A dopant of some formal charge on the site of an element."""

    dopant: str
    charge: int
    host: str

    def __str__(self) -> str:
        return f"{self.dopant}{abs(self.charge)}{'+' if self.charge > 0 else '-'} on {self.host}"


@dataclass(frozen=True)
class Doped:
    """A doped structure.

    Attributes
    ----------
    atoms
        The structure, neutral.
    rule, n_dopants
        What was put in, and how much.
    removed, added
        Atoms taken out or put in to balance the charge, by element.
    states
        Formal charge of the dopant, the mean where it had been in the structure before.
    nearest_dopants_A
        Shortest distance between two dopants; infinite of a single one in a very large cell.
    """

    atoms: Atoms
    rule: Rule
    n_dopants: int
    removed: dict[str, int]
    added: dict[str, int]
    states: dict[str, float]
    nearest_dopants_A: float


def parse_rule(text: str) -> Rule:
    """Return the rule that a person wrote, such as "Al3+ on Li".

    Raises
    ------
    InputError
        When it isn't written so.
    """
    found = _RULE.match(text)
    if not found:
        raise InputError(
            f"The rule '{text}' can't be read; write the dopant, its charge and the element whose "
            "site it takes, such as 'Al3+ on Li' or 'Ta5+ on Zr'."
        )
    dopant, size, sign, host = found.groups()
    from ase.data import atomic_numbers

    for symbol in (dopant, host):
        if symbol not in atomic_numbers:
            raise InputError(f"There is no element '{symbol}' in the rule '{text}'; correct it.")
    return Rule(dopant, int(size) * (1 if sign == "+" else -1), host)


def substitute(
    atoms: Atoms,
    rule: Rule,
    n_dopants: int,
    *,
    mode: Mode = "uniform",
    within: Within | None = None,
    states: dict[str, float] | None = None,
    seed: int = 0,
) -> Doped:
    """Replace atoms by a rule and balance the charge next to each dopant.

    With Li in the structure, each excess charge takes the nearest Li out (Al3+ on Li: the
    replaced one and two more) and each missing one puts Li into the nearest hole; without Li, a
    missing charge takes out the nearest anions.

    Parameters
    ----------
    atoms
        Periodic structure, neutral; left as it is.
    rule, n_dopants
        What goes where, and how many.
    mode
        "uniform": as far apart as possible; "random".
    within
        Part of the cell that the dopants stay in.
    states
        Formal charges where they aren't the usual ones, for instance of an earlier dopant.
    seed
        Of all that is drawn.

    Raises
    ------
    InputError
        For an element that the structure lacks, more dopants than sites, a charge that can't be
        balanced, or no room for added Li.
    """
    symbols = atoms.get_chemical_symbols()
    charges = oxidation_states(symbols, states)
    hosts = _hosts(atoms, rule, within)
    if not 1 <= n_dopants <= len(hosts):
        place = f" {within}" if within else ""
        raise InputError(
            f"There are {len(hosts)} {rule.host}{place} for {n_dopants} {rule.dopant}; ask for 1 "
            f"to {len(hosts)}, or repeat the cell."
        )
    random = np.random.default_rng([seed, 7])
    chosen = choose_sites(atoms, hosts, n_dopants, random, spread=mode == "uniform")
    doped: Atoms = atoms.copy()
    doped.symbols[chosen] = rule.dopant
    excess = rule.charge - charges[rule.host]
    if abs(excess - round(excess)) > WHOLE:
        raise InputError(
            f"{rule.host} has a mean charge of {charges[rule.host]:+.3g} here, so what {rule} "
            "leaves is no whole charge; give a structure in which it has one charge."
        )
    removed, added = _balance(doped, rule, chosen, round(excess))
    final = _mean_states(atoms, rule, n_dopants, charges, states)
    return Doped(
        doped, rule, n_dopants, removed, added, final, _nearest(atoms, chosen),
    )  # fmt: skip


def number_of_dopants(atoms: Atoms, x: float, units: int | None = None) -> int:
    """Return how many atoms x a formula unit are in a cell.

    `units` is the number of formula units of the undoped crystal; counted when not given.

    Raises
    ------
    InputError
        When it is no whole number; the nearest x that are so stand in the message.
    """
    units = units or formula_units(atoms)
    n_dopants = x * units
    if x > 0 and n_dopants > 0.5 and abs(n_dopants - round(n_dopants)) < WHOLE * units:
        return round(n_dopants)
    low, high = max(1, math.floor(n_dopants)), max(1, math.ceil(n_dopants))
    near = " or ".join(f"{n / units:g} ({n} atoms)" for n in sorted({low, high}))
    raise InputError(
        f"x = {x:g} a formula unit means {n_dopants:g} atoms in this cell of {units} formula "
        f"units; give x = {near}, or repeat the cell."
    )


def formula_units(atoms: Atoms) -> int:
    """Return how many formula units a cell holds: the divisor that its elements share."""
    return math.gcd(*Counter(atoms.get_chemical_symbols()).values())


def _hosts(atoms: Atoms, rule: Rule, within: Within | None) -> Integers:
    symbols = np.array(atoms.get_chemical_symbols())
    if rule.host not in symbols:
        kinds = sorted(set(symbols.tolist()))
        raise InputError(
            f"The structure has no {rule.host}.{nearest_name(rule.host, kinds)} It has "
            f"{', '.join(kinds)}."
        )
    if rule.dopant == rule.host:
        raise InputError(f"The rule '{rule}' replaces {rule.host} by itself; name another dopant.")
    hosts = np.flatnonzero(symbols == rule.host)
    return hosts[within.holds(atoms)[hosts]] if within else hosts


def _balance(
    doped: Atoms, rule: Rule, chosen: Integers, excess: int
) -> tuple[dict[str, int], dict[str, int]]:
    """Take out or put in what makes `doped` neutral, in place."""
    if excess == 0:
        return {}, {}
    has_lithium = "Li" in doped.symbols or rule.host == "Li"
    if excess < 0 and has_lithium:
        fill_holes(doped, chosen, -excess)
        return {}, {"Li": -excess * len(chosen)}
    carrier, charge = "Li", 1
    if excess < 0:
        anions = Counter(s for s in doped.get_chemical_symbols() if FORMAL_CHARGES.get(s, 0) < 0)
        if not anions:
            raise InputError(f"Nothing can balance the charge of '{rule}' here; dope an oxide.")
        carrier = anions.most_common(1)[0][0]
        charge = -FORMAL_CHARGES[carrier]
    elif not has_lithium:
        raise InputError(
            f"'{rule}' brings {excess:+d} e an atom, which vacancies of Li would balance, but the "
            "structure has no Li; choose a dopant of the host's charge or less."
        )
    total = abs(excess) * len(chosen)
    if total % charge:
        raise InputError(
            f"{len(chosen)} {rule.dopant} leave {total} e, which is no whole number of {carrier} "
            f"vacancies; give a multiple of {charge // math.gcd(charge, abs(excess))} dopants."
        )
    gone = _nearest_carriers(doped, chosen, carrier, total // charge)
    del doped[gone]
    return {carrier: len(gone)}, {}


def _nearest_carriers(doped: Atoms, chosen: Integers, carrier: str, n_gone: int) -> list[int]:
    """Return the atoms to take out: in turn the nearest that is left to each dopant."""
    carriers = np.flatnonzero(np.array(doped.get_chemical_symbols()) == carrier)
    if n_gone > len(carriers):
        raise InputError(
            f"{n_gone} {carrier} would have to go, but the structure has only {len(carriers)}; "
            "put in fewer dopants."
        )
    orders = [
        carriers[np.argsort(distances_from(doped, int(dopant), carriers), kind="stable")].tolist()
        for dopant in chosen
    ]
    gone: list[int] = []
    taken: set[int] = set()
    turn = 0
    while len(gone) < n_gone:
        order = orders[turn % len(orders)]
        nearest = next(index for index in order if index not in taken)
        gone.append(nearest)
        taken.add(nearest)
        turn += 1
    return gone


def _mean_states(
    atoms: Atoms,
    rule: Rule,
    n_dopants: int,
    charges: dict[str, float],
    states: dict[str, float] | None,
) -> dict[str, float]:
    before = atoms.get_chemical_symbols().count(rule.dopant)
    total = before * charges.get(rule.dopant, 0.0) + n_dopants * rule.charge
    return {**(states or {}), rule.dopant: total / (before + n_dopants)}


def _nearest(atoms: Atoms, chosen: Sequence[int] | Integers) -> float:
    if len(chosen) < 2:
        return float(min(atoms.cell.lengths()))
    rows = [distances_from(atoms, int(k), np.asarray(chosen)) for k in chosen]
    table = np.array(rows)
    np.fill_diagonal(table, np.inf)
    return float(table.min())
