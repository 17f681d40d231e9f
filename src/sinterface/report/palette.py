"""Colours and radii: one place, so that every picture of a report agrees.

Elements carry the colours of Kim et al. 2024 (Co yellow, La green, Zr magenta, Li blue, O red).
What is not an element is drawn in colours that stay apart for colour-blind readers
(Okabe and Ito 2008) and that are legible on white and on black.
"""

from __future__ import annotations

ELEMENT_COLORS: dict[str, str] = {
    "Co": "#f2c20f",
    "La": "#2fa84f",
    "Zr": "#d63cb4",
    "Li": "#3a74e8",
    "O": "#e23b3b",
}
"""Fill colours of the spheres and lines of each element."""

LINE_COLORS: dict[str, str] = ELEMENT_COLORS | {"Co": "#d8a400"}
"""The same for thin lines, where pure yellow would vanish on white."""

OTHER_COLOR = "#8a8f98"
"""Any element that the paper does not colour."""

SPHERE_RADII_A: dict[str, float] = {"Co": 0.78, "La": 1.18, "Zr": 0.98, "Li": 0.66, "O": 0.72}
"""Drawing radii in Å: between ionic and ball-and-stick, so that layers remain visible."""

SIDE_COLORS: dict[str, str] = {"li_deficient": "#d55e00", "li_sufficient": "#0080c6"}
"""Vermilion and blue of Okabe and Ito (blue lightened for dark backgrounds)."""

SIDE_NAMES: dict[str, str] = {"li_deficient": "Li-deficient", "li_sufficient": "Li-sufficient"}


def element_color(symbol: str, *, line: bool = False) -> str:
    """Return the colour of an element as ``#rrggbb``."""
    return (LINE_COLORS if line else ELEMENT_COLORS).get(symbol, OTHER_COLOR)


def sphere_radius(symbol: str) -> float:
    """Return the drawing radius of an element in Å."""
    return SPHERE_RADII_A.get(symbol, 0.85)
