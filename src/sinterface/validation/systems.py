"""The systems of the paper's Table 1: how each is made, the paper's figures, our goals.

Source of the figures: Kim et al., Energy Storage Materials (2024), 103842, Table 1. Compositions of
the mixtures and all volumes are our choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ase import Atoms

from sinterface.errors import InputError, nearest_name
from sinterface.structures.crystals import cubic_llzo, layered_lco, tetragonal_llzo
from sinterface.structures.doping import dope
from sinterface.structures.extent import Size
from sinterface.structures.interface import build_interface
from sinterface.structures.mixture import MIXTURES, UNSEEN, mix, pack

SEED: Final = 2024

_PLANES: Final = {"104": ((1, 0, 4), 0.03), "100": ((1, 0, 0), 0.08), "110": ((1, 1, 0), 0.13)}
"""Plane of LCO on LLZO(001), and the strain that the smallest common cell takes."""


@dataclass(frozen=True)
class Figures:
    """Root mean square errors, and the paper's R² (squared correlation).

    Attributes
    ----------
    energy_meV_per_atom, force_eV_per_A
        Errors.
    energy_r2, force_r2
        NaN-free only where the paper tells them.
    """

    energy_meV_per_atom: float
    force_eV_per_A: float
    energy_r2: float | None = None
    force_r2: float | None = None


@dataclass(frozen=True)
class System:
    """One row.

    Attributes
    ----------
    name, title, group
        Name for files, title and group for people.
    build
        Makes the structure; given True, a smaller one where there is one.
    paper, goal
        The paper's figures and our goals; None where there are none.
    temperature_K
        Of the sampling.
    random, molten
        Whether the start is a random cell (first steps downhill), and whether it is held at
        4000 K before.
    free_normal, free_pressure
        Whether the cell's normal adjusts first, and whether the pressure is zero throughout.
    trained
        Whether labels of such cells were in the training of `llzo-lco`.
    crystal
        Whether it has a framework that must stay below melting.
    """

    name: str
    title: str
    group: str
    build: Callable[[bool], Atoms]
    paper: Figures | None = None
    goal: Figures | None = None
    temperature_K: float = 2000.0
    random: bool = False
    molten: bool = False
    free_normal: bool = False
    free_pressure: bool = False
    trained: bool = True
    crystal: bool = False


def table_1() -> tuple[System, ...]:
    """Return the rows of the paper's Table 1 and tetragonal LLZO, in the paper's order."""
    return (*_bulk(), *_mixtures(), *_doped(), *_unseen(), *_interfaces(), _tetragonal())


def chosen(names: tuple[str, ...]) -> tuple[System, ...]:
    """Return the named rows, all for no name.

    Raises
    ------
    InputError
        For an unknown name.
    """
    rows = {system.name: system for system in table_1()}
    for name in names:
        if name not in rows:
            raise InputError(
                f"There is no row '{name}'.{nearest_name(name, list(rows))} "
                f"Rows are {', '.join(rows)}."
            )
    return tuple(row for name, row in rows.items() if not names or name in names)


def at_volume(atoms: Atoms, scale: float) -> Atoms:
    """Return a copy whose volume is `scale` times as large."""
    scaled: Atoms = atoms.copy()
    scaled.set_cell(atoms.cell.array * scale ** (1 / 3), scale_atoms=True)
    return scaled


def _bulk() -> tuple[System, ...]:
    def cubic(_: bool) -> Atoms:
        return at_volume(cubic_llzo(SEED), 1.07)

    def amorphous(quick: bool) -> Atoms:
        return pack(mix({"Li7La3Zr2O12": 6 if quick else 8}), volume_scale=1.1, seed=SEED)

    def layered(quick: bool) -> Atoms:
        return at_volume(layered_lco() * ((3, 3, 1) if quick else (4, 4, 1)), 1.05)

    return (
        System(
            "llzo-cubic", "cubic", "LLZO", cubic,
            Figures(4.3, 0.14, 0.99, 0.99), Figures(2.0, 0.08), crystal=True,
        ),
        System(
            "llzo-amorphous", "amorphous", "LLZO", amorphous,
            Figures(11.0, 0.19, 0.97, 0.98), Figures(5.0, 0.12), random=True, molten=True,
        ),
        System(
            "lco-layered", "layered", "LCO", layered,
            Figures(8.0, 0.19, 0.99, 0.99), Figures(4.0, 0.10), crystal=True,
        ),
    )  # fmt: skip


def _packed(units: Mapping[str, int]) -> Callable[[bool], Atoms]:
    return lambda _: pack(mix(units), volume_scale=1.12, seed=SEED)


def _mixtures() -> tuple[System, ...]:
    paper = {
        "mixture-1": Figures(21.9, 0.26, 0.93, 0.96),
        "mixture-2": Figures(22.4, 0.28, 0.90, 0.96),
        "mixture-3": Figures(24.9, 0.27, 0.91, 0.96),
        "mixture-4": Figures(28.6, 0.28, 0.96, 0.96),
        "mixture-5": Figures(23.9, 0.29, 0.93, 0.96),
    }
    return tuple(
        System(
            name, f"model #{name[-1]}", "mixtures", _packed(units),
            paper[name], Figures(10.0, 0.15), random=True,
        )
        for name, units in MIXTURES.items()
    )  # fmt: skip


def _doped() -> tuple[System, ...]:
    paper = {
        "Li": Figures(27.6, 0.28, 0.89, 0.96),
        "La": Figures(15.6, 0.22, 0.96, 0.97),
        "Zr": Figures(20.3, 0.24, 0.95, 0.97),
    }

    def build(site: str) -> Callable[[bool], Atoms]:
        return lambda _: at_volume(dope(cubic_llzo(SEED), site, 6, seed=SEED), 1.1)

    return tuple(
        System(
            f"doped-{site.lower()}", f"6 Co on {site}", "Co-doped amorphous LLZO", build(site),
            figures, Figures(10.0, 0.14), random=True, molten=True,
        )
        for site, figures in paper.items()
    )  # fmt: skip


def _unseen() -> tuple[System, ...]:
    paper = {
        "unseen-1": Figures(15.8, 0.27, 0.93, 0.96),
        "unseen-2": Figures(20.9, 0.26, 0.92, 0.96),
        "unseen-3": Figures(26.2, 0.26, 0.95, 0.96),
        "unseen-4": Figures(25.8, 0.27, 0.94, 0.96),
        "unseen-5": Figures(22.6, 0.28, 0.96, 0.96),
    }
    return tuple(
        System(
            name, f"model #{name[-1]}", "mixtures, unseen", _packed(units),
            paper[name], Figures(12.0, 0.16), random=True, trained=False,
        )
        for name, units in UNSEEN.items()
    )  # fmt: skip


def _interfaces() -> tuple[System, ...]:
    paper = {
        "104": Figures(17.9, 0.26, 0.97, 0.97),
        "100": Figures(15.5, 0.27, 0.99, 0.96),
        "110": Figures(15.6, 0.27, 0.96, 0.96),
    }

    def build(plane: str) -> Callable[[bool], Atoms]:
        indices, strain = _PLANES[plane]
        large: Size = "small" if plane == "104" else "tiny"
        return lambda quick: (
            build_interface(
                electrode_plane=indices,
                size="tiny" if quick else large,
                max_strain=strain,
                seed=SEED,
            ).atoms
        )

    return tuple(
        System(
            f"interface-{plane}", f"LLZO(001)|LCO({plane})", "interfaces", build(plane),
            figures, Figures(8.0, 0.15), free_normal=True, trained=False,
        )
        for plane, figures in paper.items()
    )  # fmt: skip


def _tetragonal() -> System:
    return System(
        "llzo-tetragonal", "tetragonal, NPT, 700 K", "LLZO, unseen", lambda _: tetragonal_llzo(),
        Figures(5.2, 0.09, 0.99, 0.99), Figures(3.0, 0.05),
        temperature_K=700.0, free_pressure=True, trained=False, crystal=True,
    )  # fmt: skip
