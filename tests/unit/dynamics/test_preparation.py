"""Interfaces made ready: lattices at a temperature, the normal without stress, certificates."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.spacegroup import crystal

from sinterface.dynamics.interface_making import make_interface
from sinterface.dynamics.preparation import bring_to_rest, crystal_at
from sinterface.errors import InputError
from sinterface.potential.model import load_potential
from sinterface.structures.crystals import layered_lco


@pytest.fixture(scope="module")
def potential():
    return load_potential("llzo-lco")


@pytest.fixture(scope="module")
def made(potential):
    return make_interface("llzo", "lco", potential=potential, size="tiny")


def test_relaxed_interface_has_no_normal_stress_and_all_its_atoms(made):
    atoms, figures = made.atoms, made.certificate
    assert sorted(atoms.symbols) == sorted(made.built.atoms.symbols)
    energetics = figures.details["energetics"]
    assert energetics["relaxed"]
    assert abs(energetics["stress_GPa"]["zz"]) <= 0.1
    assert figures.edges_A[:2] == pytest.approx((12.98, 12.98))
    assert atoms.cell.lengths()[2] == pytest.approx(figures.edges_A[2])


def test_relaxation_lowers_the_energy_and_keeps_the_labels(made, potential):
    trial = made.built.atoms.copy()
    trial.calc = potential.calculator()
    after = made.certificate.details["energetics"]["energy_eV_per_atom"]
    assert after < trial.get_potential_energy() / len(trial)
    for label in ("region", "side"):
        assert np.array_equal(made.atoms.arrays[label], made.built.atoms.arrays[label])


def test_certificate_tells_both_sides(made):
    figures = made.certificate
    assert figures.kind == "interface"
    assert figures.charge_e == pytest.approx(0.0)
    assert set(figures.n_atoms_by_region) == {"electrolyte", "electrode"}
    assert figures.strain_percent["electrolyte"] == pytest.approx((0.0, 0.0))
    assert [parent.name for parent in figures.parents] == ["llzo", "lco"]
    low, high = (
        figures.details[side]["li_excess_per_nm2"] for side in ("li_deficient", "li_sufficient")
    )
    assert high - low >= 3.0
    sides = np.bincount(made.atoms.arrays["side"])
    assert sides.sum() == figures.n_atoms
    assert sides.min() > 0.3 * figures.n_atoms


def test_unknown_elements_are_built_by_geometry_and_said(potential, tmp_path):
    rock_salt = crystal(
        ["Na", "Cl"], [(0, 0, 0), (0.5, 0.5, 0.5)], spacegroup=225, cellpar=[5.64] * 3 + [90.0] * 3
    )
    rock_salt.write(tmp_path / "nacl.cif")
    found = make_interface(str(tmp_path / "nacl.cif"), "lco", potential=potential, size="tiny")
    assert "doesn't know Cl, Na" in found.certificate.warnings[-1]
    assert found.certificate.details["energetics"] == {"relaxed": False}
    with pytest.raises(InputError, match="need a potential"):
        make_interface(str(tmp_path / "nacl.cif"), "lco", potential=potential, temperature_K=300.0)


def test_equal_edges_stay_equal_when_a_crystal_warms(potential):
    warm = crystal_at(layered_lco(), potential, 300.0, duration_ps=0.05)
    a, b, c = warm.cell.lengths()
    assert a == pytest.approx(b)
    assert c > 10.0
    assert warm.cell.angles() == pytest.approx((90.0, 90.0, 120.0))
    assert warm.get_scaled_positions() == pytest.approx(layered_lco().get_scaled_positions())


def test_a_tilted_normal_is_refused(potential):
    with pytest.raises(InputError, match="xy plane"):
        bring_to_rest(bulk("Li", "bcc", 3.5), potential)


def test_certificate_holds_plain_types_only(made):
    def leaves(value):
        if isinstance(value, dict):
            for inner in value.values():
                yield from leaves(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from leaves(inner)
        else:
            yield value

    kinds = {type(leaf) for leaf in leaves(made.certificate.to_dict())}
    assert kinds <= {str, int, float, bool, type(None)}
