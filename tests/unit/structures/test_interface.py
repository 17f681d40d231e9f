"""Interface cells: every figure of the certificate recomputed from the atoms."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes
from ase.io import write
from ase.neighborlist import neighbor_list

from sinterface.errors import InputError
from sinterface.structures.certificate import recertify
from sinterface.structures.crystals import cubic_llzo, layered_lco
from sinterface.structures.interface import Interface, build_interface

CHARGES = {"Li": 1, "La": 3, "Zr": 4, "Co": 3, "O": -2}
SHORTEST_A = {"O-O": 2.0, "Li-O": 1.5, "Co-O": 1.6, "O-Zr": 1.6, "La-O": 2.0}  # science, section 5


@pytest.fixture(scope="module")
def tiny() -> Interface:
    return build_interface("llzo", "lco", size="tiny")


@pytest.fixture(scope="module")
def small() -> Interface:
    return build_interface("llzo", "lco", size="small")


@pytest.fixture(params=["tiny", "small"])
def interface(request: pytest.FixtureRequest) -> Interface:
    return request.getfixturevalue(request.param)


def shortest(interface: Interface) -> dict[str, float]:
    i, j, distance = neighbor_list("ijd", interface.atoms, 4.0)
    symbols = np.array(interface.atoms.get_chemical_symbols())
    found: dict[str, float] = {}
    for a, b, d in zip(symbols[i], symbols[j], distance, strict=True):
        pair = "-".join(sorted((str(a), str(b))))
        found[pair] = min(found.get(pair, np.inf), float(d))
    return found


def side_counts(interface: Interface) -> tuple[dict[str, int], dict[str, int]]:
    """Elements between the dividing planes: lower side, upper side."""
    dividing = interface.certificate.dividing
    z = interface.atoms.get_scaled_positions(wrap=True)[:, 2]
    lower = (z - dividing.electrolyte_plane) % 1.0 < (
        dividing.electrode_plane - dividing.electrolyte_plane
    ) % 1.0
    symbols = np.array(interface.atoms.get_chemical_symbols())
    return Counter(symbols[lower].tolist()), Counter(symbols[~lower].tolist())


def test_sizes_are_those_of_the_paper(tiny, small):
    assert len(small.atoms) == 744
    assert len(tiny.atoms) == 432
    assert Counter(small.atoms.symbols) == {"O": 372, "Li": 202, "Co": 90, "La": 48, "Zr": 32}


def test_cell_is_neutral_and_measured(interface):
    certificate, atoms = interface.certificate, interface.atoms
    assert sum(CHARGES[symbol] for symbol in atoms.symbols) == 0
    assert certificate.charge_e == 0.0
    assert certificate.formula == atoms.get_chemical_formula()
    density = atoms.get_masses().sum() / atoms.get_volume() * 1.66053907
    assert certificate.density_g_per_cm3 == pytest.approx(density)
    assert certificate.edges_A == pytest.approx(tuple(atoms.cell.lengths()))


def test_electrode_is_centred_and_electrolyte_wraps(interface):
    atoms, region = interface.atoms, interface.atoms.arrays["region"]
    assert region.dtype == np.int8
    assert atoms.pbc.all()
    assert np.allclose(atoms.cell.array, np.diag(atoms.cell.lengths()))
    z = atoms.get_scaled_positions()[:, 2]
    electrode = z[region == 1]
    assert 0.5 * (electrode.min() + electrode.max()) == pytest.approx(0.5, abs=1e-6)
    assert {"Co"} == set(atoms.symbols[region == 1]) - {"Li", "O"}
    assert {"La", "Zr"} == set(atoms.symbols[region == 0]) - {"Li", "O"}
    framework = z[(region == 0) & (atoms.numbers != 3)]
    assert not ((framework > electrode.min()) & (framework < electrode.max())).any()
    assert (framework < 0.5).any()
    assert (framework > 0.5).any()


def test_lithium_excess_recomputed(interface):
    certificate = interface.certificate
    area = 0.1298**2 * 100.0
    sides = (certificate.li_deficient, certificate.li_sufficient)
    for side, counts in zip(sides, side_counts(interface), strict=True):
        excess = counts["Li"] - 7 * counts["Zr"] / 2 - counts["Co"]
        assert side.li_excess_atoms == pytest.approx(excess)
        assert side.li_excess_per_nm2 == pytest.approx(excess / area)
    assert certificate.li_deficient.boundary_A < certificate.li_sufficient.boundary_A
    assert certificate.li_deficient.li_excess_per_nm2 < 0.0
    assert certificate.li_excess_difference_per_nm2 >= 3.0


def test_moved_lithium_is_the_only_difference_from_the_stoichiometric_cut(tiny):
    plain = build_interface("llzo", "lco", size="tiny", li_excess_difference_per_nm2=0.0)
    assert plain.certificate.li_excess_difference_per_nm2 == pytest.approx(0.0)
    still = tiny.atoms.numbers != 3
    assert np.allclose(plain.atoms.positions[still], tiny.atoms.positions[still])
    lost, gained = (
        after["Li"] - before["Li"]
        for after, before in zip(side_counts(tiny), side_counts(plain), strict=True)
    )
    assert (lost, gained) == (-3, 3)


def test_distances_by_pair(interface):
    found = shortest(interface)
    assert found == pytest.approx(interface.certificate.shortest_A)
    for pair, distance in found.items():
        assert distance >= SHORTEST_A.get(pair, 2.0), pair


def test_polyhedra_are_whole(interface):
    atoms, region = interface.atoms, interface.atoms.arrays["region"]
    symbols = np.array(atoms.get_chemical_symbols())
    i, j = neighbor_list("ij", atoms, {("Zr", "O"): 2.6})
    zirconium = symbols[i] == "Zr"
    assert set(Counter(i[zirconium].tolist()).values()) == {6}
    owners = Counter(j[zirconium].tolist())
    assert set(owners.values()) == {1}
    assert len(owners) == int(((symbols == "O") & (region == 0)).sum())
    i, j = neighbor_list("ij", atoms, {("Co", "O"): 2.4})
    own = (symbols[i] == "Co") & (region[j] == 1)
    cobalt = Counter(Counter(i[own].tolist()).values())
    layer = 10
    assert cobalt == {5: 2 * layer, 6: int((symbols == "Co").sum()) - 2 * layer}
    places = interface.certificate.coordination
    assert places["Co"]["inside"].keys() == {6}
    assert places["Co"]["surface"][5] == 2 * layer
    assert places["Zr"]["inside"].keys() | places["Zr"]["surface"].keys() == {6}
    assert places["La"]["inside"].keys() == {8}


def test_mismatch_is_that_of_the_published_lattices(small):
    certificate = small.certificate
    a, c = 2.816, 14.05
    spacing = 1.0 / np.sqrt(4.0 / (3.0 * a**2) + 16.0 / c**2)  # of (104), hexagonal lattice
    edges = np.diag([a, np.sqrt(3.0) / 6.0 * a * c / spacing])
    supercell = np.array(certificate.source["electrode_supercell"]) @ edges
    strain = 100.0 * (12.98 / np.linalg.norm(supercell, axis=1) - 1.0)
    assert certificate.mismatch_percent == pytest.approx(tuple(strain), abs=0.01)
    assert certificate.strained_region == "electrode"
    electrolyte = small.atoms[small.atoms.arrays["region"] == 0]
    distance = neighbor_list("d", electrolyte, {("Zr", "O"): 2.6})
    assert len(distance) > 0
    assert distance == pytest.approx(2.1155, abs=1e-3)  # as in the crystal: no strain


def test_seed_decides(tiny):
    again, other = (build_interface("llzo", "lco", size="tiny", seed=seed) for seed in (0, 5))
    assert np.array_equal(again.atoms.positions, tiny.atoms.positions)
    assert not np.allclose(other.atoms.positions, tiny.atoms.positions)
    assert other.certificate.li_excess_difference_per_nm2 >= 3.0


def test_certificate_is_plain_data(tiny):
    figures = json.loads(json.dumps(tiny.certificate.to_dict()))
    assert figures["n_atoms"] == 432
    assert figures["source"]["electrode_plane"] == [1, 0, 4]
    assert figures["li_excess_difference_per_nm2"] == pytest.approx(3.56, abs=0.01)


def test_a_relaxed_cell_is_measured_again(tiny):
    relaxed = tiny.atoms.copy()
    relaxed.set_cell(relaxed.cell.array * [[1.0], [1.0], [1.02]], scale_atoms=True)
    after = recertify(tiny.certificate, relaxed)
    assert after.edges_A[2] == pytest.approx(1.02 * tiny.certificate.edges_A[2])
    assert after.li_sufficient.li_excess_atoms == 3.0
    assert after.mismatch_percent == pytest.approx(tiny.certificate.mismatch_percent)


def test_gap_is_kept_and_measured():
    interface = build_interface("llzo", "lco", size="tiny", gap_A=2.9)
    assert interface.certificate.li_deficient.gap_A == pytest.approx(2.9)
    assert interface.certificate.li_sufficient.gap_A == pytest.approx(2.9)


class VolumeCalculator(Calculator):
    """Energy = sign × volume: prefers the densest cell, or the loosest."""

    implemented_properties = ("energy",)

    def __init__(self, sign: float) -> None:
        super().__init__()
        self.sign = sign

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.results["energy"] = self.sign * atoms.get_volume()


def test_a_calculator_chooses_shift_and_gap_by_energy(tiny):
    dense = build_interface("llzo", "lco", size="tiny", calculator=VolumeCalculator(1.0))
    loose = build_interface("llzo", "lco", size="tiny", calculator=VolumeCalculator(-1.0))
    assert dense.atoms.calc is None
    assert dense.atoms.cell[2, 2] == pytest.approx(tiny.atoms.cell[2, 2] - 0.5)
    assert loose.atoms.cell[2, 2] >= tiny.atoms.cell[2, 2] + 1.0


@pytest.mark.parametrize("plane", [(1, 0, 0), (1, 1, 0), (0, 0, 3)])
def test_other_facets_build(plane):
    certificate = build_interface(
        "llzo", "lco", electrode_plane=plane, size="tiny", max_strain=0.04
    ).certificate
    assert certificate.charge_e == 0.0
    assert certificate.li_excess_difference_per_nm2 >= 3.0
    assert certificate.coordination["Zr"]["surface"].keys() == {6}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_strain": 0.001}, "best common cell"),
        ({"size": "huge"}, "tiny, small, large"),
        ({"li_excess_difference_per_nm2": -1.0}, "give 0 or more"),
        ({"li_excess_difference_per_nm2": 60.0}, "smaller difference"),
        ({"gap_A": 0.2}, "too close|no room"),
        ({"gap_A": 20.0}, "between 0 and 10"),
        ({"cutoff_A": 9.0}, "too little for a cutoff of 9"),
        ({"max_strain": 0.5}, "between 0 and 0.2"),
    ],
)
def test_bad_requests_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        build_interface("llzo", "lco", **({"size": "tiny"} | options))


@pytest.mark.slow
def test_large_cell():
    interface = build_interface("llzo", "lco", size="large")
    certificate = interface.certificate
    assert certificate.n_atoms > 17_000
    assert min(certificate.edges_A) >= 51.5
    assert max(abs(strain) for strain in certificate.mismatch_percent) < 2.5
    assert certificate.charge_e == 0.0
    assert certificate.li_excess_difference_per_nm2 >= 3.0
    assert certificate.coordination["Co"]["inside"].keys() == {6}
    for pair, distance in certificate.shortest_A.items():
        assert distance >= SHORTEST_A.get(pair, 2.0), pair


def test_delithiated_oxide_is_taken_with_its_own_oxidation_state(tmp_path):
    delithiated = layered_lco()
    del delithiated[delithiated.symbols == "Li"]
    write(tmp_path / "coo2.cif", delithiated)
    interface = build_interface("llzo", str(tmp_path / "coo2.cif"), size="tiny")
    assert interface.certificate.charge_e == pytest.approx(0.0)
    cobalt = interface.atoms.symbols == "Co"
    assert interface.atoms.arrays["formal_charge"][cobalt] == pytest.approx(4.0)
    assert interface.certificate.li_excess_difference_per_nm2 >= 3.0


def test_a_charged_crystal_is_refused(tmp_path):
    odd = cubic_llzo()
    del odd[int(np.flatnonzero(odd.symbols == "Li")[0])]
    write(tmp_path / "odd.cif", odd)
    with pytest.raises(InputError, match=r"electrolyte .* neutral"):
        build_interface(str(tmp_path / "odd.cif"), "lco", size="tiny")
