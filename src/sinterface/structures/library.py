"""Crystals known by name, each with the publication that its lattice and coordinates are from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sinterface.structures.structure_certificate import Parent

if TYPE_CHECKING:
    from ase import Atoms

Site = tuple[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Crystal:
    """An ordered crystal.

    Attributes
    ----------
    title
        What it is, in words.
    symbol, number, setting
        Space group: its symbol, number, and origin choice.
    lattice
        Edges a, b, c in Å, angles in degrees.
    sites
        Elements and fractional coordinates of the asymmetric unit.
    source
        Where lattice and coordinates were published.
    """

    title: str
    symbol: str
    number: int
    lattice: tuple[float, float, float, float, float, float]
    sites: tuple[Site, ...]
    source: str
    setting: int = 1

    def parent(self, name: str) -> Parent:
        """Return the crystal as a structure made of it names it."""
        return Parent(name, f"{self.symbol} ({self.number})", self.source)

    def atoms(self) -> Atoms:
        """Return the conventional cell."""
        from ase.spacegroup import crystal

        return crystal(
            [symbol for symbol, _ in self.sites],
            [position for _, position in self.sites],
            spacegroup=self.number,
            setting=self.setting,
            cellpar=list(self.lattice),
        )


def _cubic(a_A: float) -> tuple[float, float, float, float, float, float]:
    return (a_A, a_A, a_A, 90.0, 90.0, 90.0)


def _hexagonal(a_A: float, c_A: float) -> tuple[float, float, float, float, float, float]:
    return (a_A, a_A, c_A, 90.0, 90.0, 120.0)


CRYSTALS: dict[str, Crystal] = {
    "llzo-tetragonal": Crystal(
        "tetragonal Li7La3Zr2O12, Li ordered on 8a, 16f and 32g",
        "I4_1/acd", 142, (13.134, 13.134, 12.663, 90.0, 90.0, 90.0),
        (
            ("La", (0.0, 0.25, 0.125)), ("La", (0.1269, 0.0, 0.25)), ("Zr", (0.0, 0.0, 0.0)),
            ("Li", (0.0, 0.25, 0.375)), ("Li", (0.1813, 0.4313, 0.125)),
            ("Li", (0.0796, 0.0863, 0.8099)), ("O", (-0.0335, 0.0546, 0.1528)),
            ("O", (0.0536, 0.8525, 0.5331)), ("O", (0.1502, 0.0279, 0.4463)),
        ),
        "Awaka et al., J. Solid State Chem. 182 (2009) 2046", 2,
    ),
    "lco": Crystal(
        "layered LiCoO2", "R-3m", 166, _hexagonal(2.816, 14.05),
        (("Li", (0.0, 0.0, 0.5)), ("Co", (0.0, 0.0, 0.0)), ("O", (0.0, 0.0, 0.26))),
        "Orman and Wiseman, Acta Cryst. C 40 (1984) 12",
    ),
    "lacoo3": Crystal(
        "rhombohedral perovskite LaCoO3", "R-3c", 167, _hexagonal(5.444, 13.096),
        (("La", (0.0, 0.0, 0.25)), ("Co", (0.0, 0.0, 0.0)), ("O", (0.5495, 0.0, 0.25))),
        "room temperature; Radaelli and Cheong, Phys. Rev. B 66 (2002) 094408",
    ),
    "la2zr2o7": Crystal(
        "pyrochlore La2Zr2O7", "Fd-3m", 227, _cubic(10.805),
        (
            ("La", (0.5, 0.5, 0.5)), ("Zr", (0.0, 0.0, 0.0)),
            ("O", (0.333, 0.125, 0.125)), ("O", (0.375, 0.375, 0.375)),
        ),
        "Tabira et al., Z. Kristallogr. 216 (2001) 92; x of the 48f oxygen rounded to 1e-3", 2,
    ),
    "li2zro3": Crystal(
        "monoclinic Li2ZrO3, an ordered rock salt", "C2/c", 15,
        (5.4218, 9.0216, 5.4187, 90.0, 112.709, 90.0),
        (
            ("Zr", (0.0, 0.0897, 0.25)), ("Li", (0.0, 0.4232, 0.25)), ("Li", (0.0, 0.7401, 0.25)),
            ("O", (0.2662, 0.5786, 0.4873)), ("O", (0.25, 0.25, 0.5)),
        ),
        "lattice and order of Hodeau et al., J. Solid State Chem. 45 (1982) 170; free coordinates "
        "relaxed in that lattice with CHGNet 0.4.2",
    ),
    "coo": Crystal(
        "rock salt CoO, above its Néel temperature of 291 K", "Fm-3m", 225, _cubic(4.26),
        (("Co", (0.0, 0.0, 0.0)), ("O", (0.5, 0.5, 0.5))),
        "Sasaki et al., Proc. Jpn Acad. B 55 (1979) 43",
    ),
    "co3o4": Crystal(
        "normal spinel Co3O4: Co2+ tetrahedral, Co3+ octahedral", "Fd-3m", 227, _cubic(8.084),
        (
            ("Co", (0.125, 0.125, 0.125)), ("Co", (0.5, 0.5, 0.5)),
            ("O", (0.2631, 0.2631, 0.2631)),
        ),
        "Smith and Hobson, Acta Cryst. B 29 (1973) 362", 2,
    ),
    "li2o": Crystal(
        "antifluorite Li2O", "Fm-3m", 225, _cubic(4.619),
        (("Li", (0.25, 0.25, 0.25)), ("O", (0.0, 0.0, 0.0))),
        "Zintl, Harder and Dauth, Z. Elektrochem. 40 (1934) 588",
    ),
    "la2o3": Crystal(
        "hexagonal La2O3 (A type)", "P-3m1", 164, _hexagonal(3.9381, 6.1361),
        (
            ("La", (1 / 3, 2 / 3, 0.2454)), ("O", (0.0, 0.0, 0.0)), ("O", (1 / 3, 2 / 3, 0.6471)),
        ),
        "Aldebert and Traverse, Mater. Res. Bull. 14 (1979) 303",
    ),
    "zro2": Crystal(
        "monoclinic ZrO2 (baddeleyite), stable below 1440 K", "P2_1/c", 14,
        (5.1505, 5.2116, 5.3173, 90.0, 99.23, 90.0),
        (
            ("Zr", (0.2754, 0.0395, 0.2083)), ("O", (0.07, 0.3317, 0.3447)),
            ("O", (0.4496, 0.7569, 0.4792)),
        ),
        "Howard, Hill and Reichert, Acta Cryst. B 44 (1988) 116",
    ),
}  # fmt: skip
"""Ordered crystals by name; cubic LLZO, whose Li is drawn, is `crystals.cubic_llzo`."""

CUBIC_LLZO = Parent(
    "llzo",
    "Ia-3d (230)",
    "Awaka et al., Chem. Lett. 40 (2011) 60; 13 of 56 Li tetrahedral as in Xie et al., Chem. "
    "Mater. 23 (2011) 3587",
)
