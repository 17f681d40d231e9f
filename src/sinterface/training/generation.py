"""The ``[symmetry]`` table of a recipe, every parameter written out, for any elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sinterface.potential.rows import default_angular, default_radial, make_rows
from sinterface.potential.spectrum import SpectrumSet, default_channels, make_spectrum_rows
from sinterface.potential.writer import toml_text

Kind = Literal["n2p2", "spectrum"]


def symmetry_table(
    elements: Sequence[str],
    cutoff_A: float = 6.0,
    kind: Kind = "n2p2",
    channels: int = 3,
    degree: int = 4,
) -> tuple[dict[str, Any], int, int]:
    """Return the table, and how many radial and angular functions each element has with it.

    Parameters
    ----------
    kind
        ``"n2p2"``: n2p2's types 2 and 9; ``"spectrum"``: type 2 and the power spectrum.
    channels, degree
        Radial channels and largest degree of the power spectrum.

    Raises
    ------
    InputError
        For an unknown element, or a cutoff or degree out of bounds.
    """
    radial = default_radial(cutoff_A)
    table: dict[str, Any] = {
        "cutoff_A": cutoff_A,
        "cutoff_function": "poly2",
        "radial": [[f.eta, f.shift_A] for f in radial],
    }
    if kind == "n2p2":
        angular = default_angular(cutoff_A)
        table["angular"] = [[f.eta, f.lambda_, f.zeta] for f in angular]
        number = len(make_rows(elements, cutoff_A, radial, angular)[0])
    else:
        gaussians = default_channels(channels, cutoff_A)
        spectrum = SpectrumSet(gaussians, (degree,) * len(gaussians))
        number = len(make_spectrum_rows(elements, cutoff_A, spectrum, radial)[0])
        listed = [[f.eta, f.shift_A] for f in gaussians]
        table["spectrum"] = {"channels": listed, "degree": degree}
    n_radial = len(radial) * len(elements)
    return table, n_radial, number - n_radial


def symmetry_text(
    elements: Sequence[str],
    cutoff_A: float = 6.0,
    kind: Kind = "n2p2",
    channels: int = 3,
    degree: int = 4,
) -> str:
    """Return what a recipe needs of :func:`symmetry_table`, with its elements, as TOML text."""
    table, n_radial, n_angular = symmetry_table(elements, cutoff_A, kind, channels, degree)
    head = f"# {n_radial} radial and {n_angular} angular functions of each element.\n"
    return head + toml_text({"symmetry": table})
