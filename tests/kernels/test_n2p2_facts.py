"""What n2p2 does with unusual files, one fact a test; the facts were read off n2p2 2.3."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from kernels.plain_n2p2 import PlainN2p2
from kernels.potentials import ELEMENTS, NUMBERS, rows_of_type, write_random
from kernels.test_against_twin import KINDS, STRUCTURES

import sinterface
from sinterface.errors import InputError

ROWS = ["2 Li 0.1 0.0 4.0", "2 O 0.3 0.5 3.5", "9 Li O 0.05 1 2 4.0"]


def _write(folder: Path, **options) -> Path:
    return write_random(folder, np.random.default_rng(31), ROWS, **options)


def _change(folder: Path, old: str, new: str, name: str = "input.nn") -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def _energies(folder: Path, name: str = "triclinic") -> np.ndarray:
    positions, species, cell, pbc = STRUCTURES[name]
    potential = sinterface.load_potential(folder)
    numbers = [NUMBERS[ELEMENTS[s]] for s in species]
    found = potential.evaluate(numbers, positions, potential.neighbors(positions, cell, pbc))
    assert np.isfinite(found.energies).all()
    assert np.isfinite(found.forces).all()
    return found.energies


def _plain(folder: Path, name: str = "triclinic") -> np.ndarray:
    positions, species, cell, pbc = STRUCTURES[name]
    numbers = [NUMBERS[ELEMENTS[s]] for s in species]
    return PlainN2p2(folder).energies(positions, numbers, cell, pbc)


def _refused(folder: Path, message: str) -> None:
    with pytest.raises(InputError, match=message):
        sinterface.load_potential(folder)


def test_an_exclamation_mark_starts_a_comment(tmp_path):
    expected = _energies(_write(tmp_path))
    _change(tmp_path, "elements Co Li O", "elements Co Li O ! H He")
    _change(tmp_path, "cutoff_type 2 0.0", "cutoff_type 2 0.0 ! 9\n! scale_min_short 5")
    np.testing.assert_array_equal(_energies(tmp_path), expected)


@pytest.mark.parametrize("first", ["scale_symmetry_functions", "center_symmetry_functions"])
def test_sigma_counts_only_alone(tmp_path, first):
    expected = _energies(_write(tmp_path / "a", scaling=(first,)))
    both = _write(tmp_path / "b", scaling=("scale_symmetry_functions_sigma", first))
    np.testing.assert_array_equal(_energies(both), expected)
    assert "counts for nothing" in sinterface.load_potential(both).warnings[0]


def _weights(folder: Path, element: str, nodes: tuple[int, ...]) -> None:
    sizes = (len(ROWS), *nodes, 1)
    count = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    numbers = np.random.default_rng(7).uniform(-1, 1, count)
    text = "".join(f"{w:.16e}\n" for w in numbers)
    (folder / f"weights.{NUMBERS[element]:03d}.data").write_text(text)


@pytest.mark.parametrize(
    ("lines", "nodes", "version"),
    [
        (["O 9 4"], (9, 4), None),
        (["O 9 4"], (9, 5), "2.3"),  # the last hidden layer keeps the global number
        (["O 1 9"], (9, 5), "2.1"),  # layer and nodes
        (["O 1 9", "O 2 6"], (9, 6), "2.1"),
        (["O 2 6"], (7, 6), "2.1"),
    ],
)
def test_the_number_of_weights_tells_how_element_nodes_are_meant(tmp_path, lines, nodes, version):
    """Of n2p2's versions each reads `element_nodes_short` in its own way."""
    extra = tuple(f"element_nodes_short {line}" for line in lines)
    _write(tmp_path, extra=extra, nodes=(7, 5))
    _weights(tmp_path, "O", nodes)
    potential = sinterface.load_potential(tmp_path)
    layers = potential._engine.layers(ELEMENTS.index("O"))
    assert [layer[1] for layer in layers] == [*nodes, 1]
    assert [layer[1] for layer in potential._engine.layers(0)] == [7, 5, 1]
    assert len(potential.warnings) == (version is not None)
    if version:
        assert f"as n2p2 {version} does" in potential.warnings[0]
    assert np.isfinite(_energies(tmp_path)).all()


def test_one_line_a_layer_in_three_layers(tmp_path):
    _write(tmp_path, extra=("element_nodes_short O 2 9",), nodes=(4, 3, 2), activations="t t t l")
    _weights(tmp_path, "O", (4, 9, 2))
    layers = sinterface.load_potential(tmp_path)._engine.layers(ELEMENTS.index("O"))
    assert [layer[1] for layer in layers] == [4, 9, 2, 1]


def test_weights_that_fit_no_reading_are_refused(tmp_path):
    _write(tmp_path, extra=("element_nodes_short O 9 4",), nodes=(7, 5))
    _weights(tmp_path, "O", (9, 8))
    _refused(tmp_path, r"weights\.008\.data: holds .* values")


def test_own_number_of_hidden_layers(tmp_path):
    extra = ("element_hidden_layers_short O 1", "element_nodes_short O 6")
    _write(tmp_path, extra=(*extra, "element_activation_short O s l"), nodes=(7, 5))
    _weights(tmp_path, "O", (6,))
    layers = sinterface.load_potential(tmp_path)._engine.layers(ELEMENTS.index("O"))
    assert [(layer[0], layer[1], layer[2]) for layer in layers] == [(3, 6, "s"), (6, 1, "l")]


def test_the_output_keeps_the_global_activation(tmp_path):
    _write(tmp_path, extra=("element_activation_short O s g t",))
    potential = sinterface.load_potential(tmp_path)
    assert [layer[2] for layer in potential._engine.layers(1)] == ["s", "g", "l"]
    assert "global activation" in potential.warnings[0]


@pytest.mark.parametrize("word", ["NaN", "-NAN", "nan", "-nan"])
def test_sigma_that_is_no_number(tmp_path, word):
    """n2p2 writes it for an element with one atom; it matters only when scaling by it."""
    expected = _energies(_write(tmp_path))
    lines = (tmp_path / "scaling.data").read_text().splitlines()
    lines[1] = " ".join([*lines[1].split()[:-1], word])
    (tmp_path / "scaling.data").write_text("\n".join(lines) + "\n")
    np.testing.assert_array_equal(_energies(tmp_path), expected)
    _change(tmp_path, "\nscale_symmetry_functions", "\nscale_symmetry_functions_sigma")
    _change(tmp_path, "\ncenter_symmetry_functions", "")
    _refused(tmp_path, "scaling.data, line 2: expected a finite number")


@pytest.mark.parametrize("values", ["0.3 0.3 0.3 0.0", "0.3 0.3 0.3 -NAN", "0.0 0.0 0.0 0.0"])
@pytest.mark.parametrize(
    "scaling",
    [
        (),
        ("scale_symmetry_functions",),
        ("center_symmetry_functions",),
        ("scale_symmetry_functions", "center_symmetry_functions"),
        ("scale_symmetry_functions_sigma", "scale_min_short -1", "scale_max_short 2"),
    ],
)
def test_a_function_that_never_changed_gives_no_nan(tmp_path, scaling, values):
    """n2p2 divides 0 by 0 there; here it is a constant wherever the range matters."""
    _write(tmp_path, scaling=scaling)
    lines = (tmp_path / "scaling.data").read_text().splitlines()
    lines[1] = f"1 1 {values}"
    (tmp_path / "scaling.data").write_text("\n".join(lines) + "\n")
    _energies(tmp_path)
    potential = sinterface.load_potential(tmp_path)
    factor, offset = potential._engine.scaling(0)
    by_range = any(word.startswith("scale_symmetry") for word in scaling)
    assert (factor[0] == 0.0) == by_range
    assert len(potential.warnings) == by_range
    if by_range:
        assert offset[0] == (-1.0 if len(scaling) == 3 else 0.0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("cutoff_type 1", "'cutoff_type' stands twice"),
        ("global_nodes_short 7 5", "'global_nodes_short' stands twice"),
        ("conv_energy 2.0", "all or none of mean_energy, conv_energy and conv_length"),
        ("nnp_type 4G-HDNNP", "'4G-HDNNP' is not supported"),
        ("nnp_type Q-HDNNP", "only short-range potentials"),
        ("global_symfunction_short 2 0.1 0.0 4.0", "keyword of RuNNer"),
        ("element_symfunction_short O 2 0.1 0.0 4.0", "keyword of RuNNer"),
    ],
)
def test_what_n2p2_refuses_or_would_misread(tmp_path, line, message):
    _refused(_write(tmp_path, extra=(line,)), message)


def test_cutoff_type_is_needed_by_gaussian_functions_alone(tmp_path):
    _write(tmp_path / "a")
    _change(tmp_path / "a", "cutoff_type 2 0.0\n", "")
    _refused(tmp_path / "a", "has no cutoff_type")
    write_random(tmp_path / "b", np.random.default_rng(1), rows_of_type(20))
    _change(tmp_path / "b", "cutoff_type 2 0.0\n", "")
    _energies(tmp_path / "b")


@pytest.mark.parametrize("word", ["2G-HDNNP", "2"])
def test_names_of_short_range_potentials(tmp_path, word):
    _energies(_write(tmp_path, extra=(f"nnp_type {word}",)))


def test_one_atom_among_its_own_images(tmp_path):
    rows = [row for kind in KINDS for row in rows_of_type(kind)[:5]]
    write_random(tmp_path, np.random.default_rng(3), rows)
    cell = np.array([[2.3, 0, 0], [0.4, 2.1, 0], [-0.3, 0.5, 2.6]])
    potential = sinterface.load_potential(tmp_path)
    positions = np.array([[0.1, 0.2, 7.0]])
    nl = potential.neighbors(positions, cell, True)
    found = potential.evaluate([8], positions, nl)
    np.testing.assert_allclose(found.forces, 0, atol=1e-10)
    species = potential.species(["O"])
    values = potential._engine.symmetry_functions(
        positions, species, nl.first, nl.neighbors, nl.images, nl.translations
    )
    expected = PlainN2p2(tmp_path).symmetry_functions(positions, [8], cell, (True,) * 3)
    np.testing.assert_allclose(values, expected, rtol=1e-10, atol=1e-12)


def test_atoms_without_neighbours_keep_the_energy_of_nothing(tmp_path):
    rows = [row for kind in KINDS for row in rows_of_type(kind)[:5]]
    write_random(tmp_path, np.random.default_rng(3), rows)
    potential = sinterface.load_potential(tmp_path)
    positions = np.array([[0.0, 0, 0], [50.0, 0, 0], [50.0, 1.4, 0.3]])
    found = potential.evaluate([8, 3, 27], positions, potential.neighbors(positions, np.eye(3), 0))
    expected = PlainN2p2(tmp_path).energies(positions, [8, 3, 27], np.eye(3), (False,) * 3)
    np.testing.assert_allclose(found.energies, expected, rtol=1e-10)
    np.testing.assert_array_equal(found.forces[0], 0)
    assert np.abs(found.forces[1:]).max() > 0


def test_no_atoms_at_all(tmp_path):
    potential = sinterface.load_potential(_write(tmp_path))
    nothing = np.zeros((0, 3))
    found = potential.evaluate([], nothing, potential.neighbors(nothing, np.eye(3), True))
    assert found.energy == 0.0
    assert found.forces.shape == (0, 3)


def test_plain_reading_agrees(tmp_path):
    np.testing.assert_allclose(_energies(_write(tmp_path)), _plain(tmp_path), rtol=1e-10)
