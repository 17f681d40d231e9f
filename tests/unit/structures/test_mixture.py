"""Mixtures are neutral and packed without overlaps."""

from __future__ import annotations

import numpy as np
import pytest

from sinterface.errors import InputError
from sinterface.structures.mixture import check_neutral, mix, pack

POOR = {"Li7La3Zr2O12": 3, "LiCoO2": 12, "CoO2": 4, "Li2O": -4, "La2O3": 1}


def test_units_add_up() -> None:
    mixture = mix(POOR)
    assert mixture.counts == {"Li": 25, "La": 11, "Zr": 6, "O": 67, "Co": 16}
    expected = 3 * 273.4 + 12 * 32.16 + 4 * 30.0 - 4 * 24.65 + 82.4
    assert mixture.volume_A3 == pytest.approx(expected)


def test_whole_mixture_has_cobalt_between_3_and_4() -> None:
    counts = mix(POOR).counts
    cobalt = (2 * counts["O"] - counts["Li"] - 3 * counts["La"] - 4 * counts["Zr"]) / counts["Co"]
    assert cobalt == pytest.approx((12 * 3 + 4 * 4) / 16)


def test_packed_atoms_keep_their_distances() -> None:
    atoms = pack(mix(POOR), volume_scale=1.15, seed=4)
    assert atoms.get_volume() == pytest.approx(1.15 * mix(POOR).volume_A3)
    assert (atoms.numbers == pack(mix(POOR), volume_scale=1.15, seed=4).numbers).all()
    assert np.allclose(atoms.positions, pack(mix(POOR), volume_scale=1.15, seed=4).positions)
    distances = atoms.get_all_distances(mic=True) + 10 * np.eye(len(atoms))
    symbols = np.array(atoms.get_chemical_symbols())
    lowest = {("O", "O"): 2.4, ("Li", "O"): 1.7, ("Co", "O"): 1.7, ("La", "O"): 2.1}
    for (a, b), limit in lowest.items():
        assert distances[np.ix_(symbols == a, symbols == b)].min() > limit
    metals = symbols != "O"
    assert distances[np.ix_(metals, metals)].min() > 2.2


def test_unfit_mixtures_are_refused() -> None:
    with pytest.raises(InputError, match="Did you mean 'LiCoO2'"):
        mix({"LiCO2": 1})
    with pytest.raises(InputError, match="fewer than zero Li"):
        mix({"LiCoO2": 3, "Li2O": -2})
    with pytest.raises(InputError, match="can't be neutral"):
        check_neutral({"Li": 3, "O": 1})
    with pytest.raises(InputError, match="raise volume_scale"):
        pack(mix({"LiCoO2": 10}), volume_scale=0.3)
