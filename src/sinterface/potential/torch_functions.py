"""Functions of one distance or angle for the torch twin: windows, activations, harmonics, ZBL.

All can be differentiated twice by torch, also where they vanish: nothing here divides by zero, not
even in a branch that is thrown away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

ZBL_COULOMB = 14.399645
"""e²/(4πε₀) in eV Å, LAMMPS' value in metal units."""

_ZBL_C = (0.02817, 0.28022, 0.50986, 0.18175)
_ZBL_D = (0.20162, 0.40290, 0.94229, 3.19980)


class Window(NamedTuple):
    """A function of one variable that vanishes outside, numbered as n2p2's cutoff functions.

    The cutoff function f_c(r) of `kind`, or, if `compact`, the core function of x = |r − c|/w with
    c and w from the ends `left` and `right` (`asymmetric`: of (2 − x) x).
    """

    kind: int
    alpha: float
    left: float
    right: float
    compact: bool = False
    asymmetric: bool = False


def compact_window(subtype: str, left: float, right: float, *, angle: bool = False) -> Window:
    """Return the window of a compact subtype; n2p2's angular windows are never asymmetric."""
    kind = 4 if subtype == "e" else 4 + int(subtype[1])
    return Window(kind, 0.0, left, right, True, subtype.endswith("a") and not angle)


def window_function(window: Window, value: Tensor) -> Tensor:
    """Return the window at `value`, any shape."""
    if window.compact:
        half = 0.5 * (window.right - window.left)
        x = (value - 0.5 * (window.right + window.left)).abs() / half
        inside = x < 1
        x = torch.where(inside, x, 0)
        return torch.where(inside, _core(window.kind, (2 - x) * x if window.asymmetric else x), 0)
    inner = 0.0 if window.kind in (2, 3) else window.alpha * window.right
    inside = value < window.right
    x = torch.where(inside, (value - inner) / (window.right - inner), 0)
    if inner > 0:
        x = torch.where(value < inner, 0, x)
    return torch.where(inside, _core(window.kind, x), 0)


def _core(kind: int, x: Tensor) -> Tensor:
    """Return n2p2's cutoff function of `kind` for 0 ≤ x < 1."""
    if kind == 0:
        return torch.ones_like(x)
    if kind == 1:
        return 0.5 * (torch.cos(math.pi * x) + 1)
    if kind in (2, 3):
        scale = 1.0 if kind == 2 else math.tanh(1.0) ** -3
        return scale * torch.tanh(1 - x) ** 3
    if kind == 4:
        return torch.exp(1 - 1 / (1 - x * x))
    polynomial: Callable[[Tensor], Tensor] = {
        5: lambda t: (2 * t - 3) * t**2 + 1,
        6: lambda t: ((15 - 6 * t) * t - 10) * t**3 + 1,
        7: lambda t: (t * (t * (20 * t - 70) + 84) - 35) * t**4 + 1,
        8: lambda t: (t * (t * ((315 - 70 * t) * t - 540) + 420) - 126) * t**5 + 1,
    }[kind]
    return polynomial(x)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "l": lambda t: t,
    "t": torch.tanh,
    "s": torch.sigmoid,
    "p": lambda t: torch.logaddexp(t, torch.zeros_like(t)),
    "r": torch.relu,
    "g": lambda t: torch.exp(-0.5 * t * t),
    "c": torch.cos,
    "S": lambda t: torch.sigmoid(-t),
    "e": lambda t: torch.exp(-t),
    "h": lambda t: t * t,
}
"""n2p2's activation functions by letter."""


def harmonics(unit: Tensor, degree: int) -> Tensor:
    """Return real harmonics C_lm with Σ_m C_lm(a) C_lm(b) = P_l(a·b), all l ≤ `degree`.

    Parameters
    ----------
    unit
        Unit vectors, shape (n, 3).

    Returns
    -------
    Tensor
        Shape (n, (degree + 1)²), l after l.
    """
    x, y, z = unit.unbind(-1)
    real, imaginary = [torch.ones_like(z)], [torch.zeros_like(z)]  # of (x + iy)^m
    for _ in range(degree):
        a, b = real[-1], imaginary[-1]
        real.append(x * a - y * b)
        imaginary.append(x * b + y * a)
    legendre = _associated_legendre(z, degree)
    columns = []
    for n in range(degree + 1):
        columns.append(legendre[n, 0])
        for m in range(1, n + 1):
            scale = math.sqrt(2 * math.factorial(n - m) / math.factorial(n + m))
            columns += [scale * legendre[n, m] * real[m], scale * legendre[n, m] * imaginary[m]]
    return torch.stack(columns, dim=-1)


def _associated_legendre(z: Tensor, degree: int) -> dict[tuple[int, int], Tensor]:
    """Return d^m P_l / dz^m for m ≤ l ≤ `degree`."""
    found: dict[tuple[int, int], Tensor] = {}
    for m in range(degree + 1):
        found[m, m] = torch.full_like(z, float(math.prod(range(1, 2 * m, 2))))
        if m < degree:
            found[m + 1, m] = (2 * m + 1) * z * found[m, m]
        for n in range(m + 2, degree + 1):
            upper = (2 * n - 1) * z * found[n - 1, m] - (n + m - 1) * found[n - 2, m]
            found[n, m] = upper / (n - m)
    return found


def legendre_coefficients(lambda_: float, zeta: int) -> list[float]:
    """Return c_l with (1 + λt)^ζ = Σ_l c_l P_l(t), for a whole ζ."""
    out = [0.0] * (zeta + 1)
    for k in range(zeta + 1):
        power = math.comb(zeta, k) * lambda_**k
        for n in range(k, -1, -2):
            odd = math.prod(range(n + k + 1, 0, -2))
            half = (k - n) // 2
            out[n] += (
                power * (2 * n + 1) * math.factorial(k) / (2**half * math.factorial(half)) / odd
            )
    return out


def zbl_energy(z1: Tensor, z2: Tensor, r: Tensor, inner: float, outer: float) -> Tensor:
    """Return the ZBL energy of pairs in eV, with LAMMPS' switching between two radii in Å.

    Parameters
    ----------
    z1, z2
        Atomic numbers, shape (n_pairs,).
    r
        Distances below `outer`, shape (n_pairs,), in Å.
    """
    charge = ZBL_COULOMB * z1 * z2
    inverse_length = (z1**0.23 + z2**0.23) / 0.46850

    def derivatives(at: Tensor | float) -> tuple[Tensor, Tensor, Tensor]:
        d = [k * inverse_length for k in _ZBL_D]
        terms = [c * torch.exp(-k * at) for c, k in zip(_ZBL_C, d, strict=True)]
        phi, first, second = torch.zeros_like(r), torch.zeros_like(r), torch.zeros_like(r)
        for k, term in zip(d, terms, strict=True):
            phi, first, second = phi + term, first - k * term, second + k * k * term
        return (
            charge / at * phi,
            charge / at * (first - phi / at),
            charge / at * (second - 2 * first / at + 2 * phi / at**2),
        )

    energy, slope, curvature = derivatives(outer)
    width, t = outer - inner, torch.clamp(r - inner, min=0)
    a = (-3 * slope + width * curvature) / width**2
    b = (2 * slope - width * curvature) / width**3
    shift = -energy + width * slope / 2 - width**2 * curvature / 12
    return derivatives(r)[0] + a / 3 * t**3 + b / 4 * t**4 + shift
