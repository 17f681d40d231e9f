"""Symmetry functions from their lines: ``symfunction_short`` and ``spectrum``."""

from __future__ import annotations

from collections.abc import Sequence

from ase.data import atomic_numbers

from sinterface.errors import InputError
from sinterface.potential.rows import RADIAL_KIND, WIDE_ANGULAR_KIND, Row, sort_elements
from sinterface.potential.spectrum import LARGEST_DEGREE, AnyRow, SpectrumRow

SHAPES = (
    "'symfunction_short CENTRE 2 E ETA R_S CUTOFF', "
    "'symfunction_short CENTRE 9 E1 E2 ETA LAMBDA ZETA CUTOFF [R_S]' or "
    "'spectrum CENTRE E1 E2 DEGREE ETA1 R_S1 ETA2 R_S2 CUTOFF'"
)


def parse_rows(lines: Sequence[str], elements: Sequence[str]) -> tuple[tuple[AnyRow, ...], ...]:
    """Return the rows that `lines` list, of each of `elements` by atomic number.

    Parameters
    ----------
    lines
        As in ``input.nn`` and ``extension.nn``, in any order; empty ones and comments are left out.
    elements
        All central elements; each must have a row.

    Raises
    ------
    InputError
        For a line of another form, a foreign element, a row given twice, or an element without any.
    """
    ordered = sort_elements(elements)
    texts = [line.split("#")[0].strip() for line in lines]
    rows = [_parse(text, ordered) for text in texts if text]
    if len(set(rows)) != len(rows):
        twice = next(row for k, row in enumerate(rows) if row in rows[:k])
        raise InputError(f"The symmetry function '{twice.line}' is given twice: remove one.")
    grouped = tuple(_ordered([row for row in rows if row.center == name]) for name in ordered)
    for name, each in zip(ordered, grouped, strict=True):
        if not each:
            raise InputError(f"No symmetry function of {name} is given: each element needs some.")
    return grouped


def _ordered(rows: Sequence[AnyRow]) -> tuple[AnyRow, ...]:
    plain = sorted((row for row in rows if isinstance(row, Row)), key=lambda row: row.order)
    return (*plain, *(row for row in rows if isinstance(row, SpectrumRow)))


def _parse(text: str, elements: tuple[str, ...]) -> AnyRow:
    words = text.split()
    try:
        row = _spectrum(words) if words[0] == "spectrum" else _plain(words)
    except (ValueError, IndexError):
        raise InputError(f"The symmetry function '{text}' can't be read: write {SHAPES}.") from None
    foreign = sorted({row.center, *row.neighbors} - set(elements))
    if foreign:
        raise InputError(
            f"The symmetry function '{text}' names {', '.join(foreign)}, which is not among the "
            f"elements ({', '.join(elements)})."
        )
    if row.cutoff_A <= 0 or row.eta < 0:
        raise InputError(f"The symmetry function '{text}' needs a positive cutoff and eta >= 0.")
    return row


def _plain(words: Sequence[str]) -> Row:
    if words[0] != "symfunction_short":
        raise ValueError
    center, kind = words[1], int(words[2])
    if kind == RADIAL_KIND:
        eta, shift, cutoff = (float(word) for word in words[4:7])
        return Row(center, kind, (words[3],), eta, shift, cutoff)
    if kind != WIDE_ANGULAR_KIND or not 9 <= len(words) <= 10:
        raise ValueError
    shift = float(words[9]) if len(words) == 10 else 0.0
    eta, lambda_, zeta, cutoff = (float(word) for word in words[5:9])
    pair = _sorted_pair(words[3], words[4])
    return Row(center, kind, pair, eta, shift, cutoff, int(lambda_), zeta)


def _spectrum(words: Sequence[str]) -> SpectrumRow:
    degree, numbers = int(words[4]), [float(word) for word in words[5:]]
    if len(numbers) != 5 or not 0 <= degree <= LARGEST_DEGREE:
        raise ValueError
    g, h = (numbers[0], numbers[1]), (numbers[2], numbers[3])
    pair = _sorted_pair(words[2], words[3])
    if pair != (words[2], words[3]) or (pair[0] == pair[1] and h < g):
        g, h = h, g
    return SpectrumRow(words[1], pair, degree, g[0], g[1], h[0], h[1], numbers[4])


def _sorted_pair(first: str, second: str) -> tuple[str, str]:
    """Return both by atomic number; an unknown symbol keeps its place and is refused later."""
    if atomic_numbers.get(first, 0) > atomic_numbers.get(second, 0):
        return second, first
    return first, second
