"""Write a potential as an n2p2 directory, ``extension.nn`` and ``potential.toml`` beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.potential.rows import Row
from sinterface.potential.spectrum import AnyRow, spectrum_text

FORMAT_VERSION = 1

CUTOFF_TYPES = {
    "cos": 1, "tanh3": 2, "tanh3-scaled": 3, "exp": 4,
    "poly1": 5, "poly2": 6, "poly3": 7, "poly4": 8,
}  # fmt: skip
"""n2p2's numbers of the cutoff functions."""

ACTIVATIONS = {"tanh": "t", "softplus": "p", "logistic": "s", "linear": "l"}
"""n2p2's letters of the activation functions."""


@dataclass(frozen=True)
class Scaling:
    """Statistics of one element's raw symmetry functions, each of shape (n_functions,).

    Attributes
    ----------
    minimum, maximum, mean
        Over all atoms of the element in the training set.
    sigma
        Sample standard deviation; 0 marks a function that never fires: it is held constant.
    """

    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    mean: NDArray[np.float64]
    sigma: NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """Dense network of one element.

    Attributes
    ----------
    weights
        One array a layer, shape (n_out, n_in); the first acts on the scaled symmetry functions.
    biases
        One array a layer, shape (n_out,).
    """

    weights: tuple[NDArray[np.float64], ...]
    biases: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True)
class PotentialFiles:
    """All that stands in a potential's directory; sequences run over elements by atomic number.

    Attributes
    ----------
    rows
        Symmetry functions of each element: n2p2's in its order, then those of the power spectrum.
    cutoff_function
        A key of :data:`CUTOFF_TYPES`.
    activation
        A key of :data:`ACTIVATIONS`, for the hidden layers; the output is linear.
    atom_energies_eV
        Energy of one atom of each element, added to the networks' sum.
    zbl_A
        Inner and outer radius of the ZBL baseline, Å; None for no baseline.
    """

    rows: tuple[tuple[AnyRow, ...], ...]
    cutoff_function: str
    activation: str
    scaling: tuple[Scaling, ...]
    networks: tuple[Network, ...]
    atom_energies_eV: tuple[float, ...]
    zbl_A: tuple[float, float] | None

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols by atomic number."""
        return tuple(rows[0].center for rows in self.rows)


def write_potential(directory: Path, files: PotentialFiles, card: Mapping[str, Any]) -> None:
    """Write `files` into `directory` (made when missing), ``potential.toml`` from `card` last.

    Parameters
    ----------
    card
        What people and Python need to know about the potential: nested tables of text, numbers,
        booleans and lists.

    Raises
    ------
    InputError
        When the shapes of rows, scaling and weights disagree or a weight isn't finite.
    """
    _check(files)
    directory.mkdir(parents=True, exist_ok=True)
    for element, network in zip(files.elements, files.networks, strict=True):
        name = f"weights.{atomic_numbers[element]:03d}.data"
        write_text(directory / name, weights_text(network))
    write_text(directory / "scaling.data", scaling_text(files.scaling))
    write_text(directory / "extension.nn", extension_text(files))
    write_text(directory / "input.nn", input_text(files))
    write_text(directory / "potential.toml", toml_text(card))


def write_members(directory: Path, members: Sequence[PotentialFiles]) -> None:
    """Make the potential in `directory` a committee: the further members' weights in folders.

    Parameters
    ----------
    members
        All of them; the first is what stands in `directory`, alone it stays so.
    """
    lines = []
    for number, files in enumerate(members[1:], start=2):
        _check(files)
        folder = directory / f"member-{number}"
        folder.mkdir(exist_ok=True)
        for element, network in zip(files.elements, files.networks, strict=True):
            name = f"weights.{atomic_numbers[element]:03d}.data"
            write_text(folder / name, weights_text(network))
        lines.append(f"committee_member {folder.name}\n")
    write_text(directory / "extension.nn", extension_text(members[0]) + "".join(lines))


def symmetry_text(rows: Sequence[Sequence[AnyRow]], cutoff_function: str) -> str:
    """Return the part of ``input.nn`` that says which of n2p2's symmetry functions there are."""
    elements = [each[0].center for each in rows]
    lines = [
        f"number_of_elements {len(elements)}",
        f"elements {' '.join(elements)}",
        f"cutoff_type {CUTOFF_TYPES[cutoff_function]} 0.0",
        *(row.line for each in rows for row in each if isinstance(row, Row)),
    ]
    return "\n".join(lines) + "\n"


def input_text(files: PotentialFiles) -> str:
    """Return ``input.nn``: elements, network shape, scaling and symmetry functions."""
    hidden = [len(bias) for bias in files.networks[0].biases[:-1]]
    letters = " ".join([ACTIVATIONS[files.activation]] * len(hidden) + ["l"])
    energies = zip(files.elements, files.atom_energies_eV, strict=True)
    lines = [
        "# Neural network potential in n2p2's layout, energies in eV, lengths in Angstrom.",
        *(f"atom_energy {name} {energy:.16E}" for name, energy in energies),
        "scale_symmetry_functions_sigma",
        "scale_min_short 0.0",
        "scale_max_short 1.0",
        f"global_hidden_layers_short {len(hidden)}",
        f"global_nodes_short {' '.join(map(str, hidden))}",
        f"global_activation_short {letters}",
        "use_short_forces",
    ]
    return "\n".join(lines) + "\n" + symmetry_text(files.rows, files.cutoff_function)


def extension_text(files: PotentialFiles) -> str:
    """Return ``extension.nn``: what an engine must know and n2p2 doesn't."""
    lines = ["# What sinterface adds to input.nn.", f"format_version {FORMAT_VERSION}"]
    if files.zbl_A is not None:
        lines.append(f"zbl {files.zbl_A[0]!r} {files.zbl_A[1]!r}")
    return "\n".join(lines) + "\n" + spectrum_text(files.rows)


def scaling_text(scaling: Sequence[Scaling]) -> str:
    """Return ``scaling.data``: element, function, minimum, maximum, mean, sigma."""
    lines = ["# Symmetry function scaling: e_index sf_index min max mean sigma (0: never fires)"]
    for element, stats in enumerate(scaling, start=1):
        columns = np.column_stack([stats.minimum, stats.maximum, stats.mean, stats.sigma])
        for index, row in enumerate(columns, start=1):
            lines.append(f"{element:4d} {index:5d} " + " ".join(f"{x:24.16E}" for x in row))
    return "\n".join(lines) + "\n"


def weights_text(network: Network) -> str:
    """Return ``weights.ZZZ.data``: for each layer weights by input neuron, then biases.

    Readers take the first column only, in this order; ten digits are more than training resolves.
    """
    lines = ["# Weights by input neuron (all output neurons of each), then biases; layer by layer."]
    for weight, bias in zip(network.weights, network.biases, strict=True):
        lines += [f"{value:.9E}" for value in (*weight.T.ravel(), *bias)]
    return "\n".join(lines) + "\n"


def toml_text(table: Mapping[str, Any], prefix: str = "") -> str:
    """Return `table` as TOML text: values first, then one section for each nested table."""
    values = {k: v for k, v in table.items() if not isinstance(v, Mapping)}
    tables = {k: v for k, v in table.items() if isinstance(v, Mapping)}
    text = f"[{prefix}]\n" if prefix and (values or not tables) else ""
    text += "".join(f"{_toml_key(key)} = {_toml_value(value)}\n" for key, value in values.items())
    for key, nested in tables.items():
        name = f"{prefix}.{_toml_key(key)}" if prefix else _toml_key(key)
        text += ("\n" if text else "") + toml_text(nested, name)
    return text


def _toml_key(key: str) -> str:
    bare = key.replace("-", "").replace("_", "").isalnum() and key.isascii()
    return key if bare else _toml_value(key)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def _check(files: PotentialFiles) -> None:
    parts = zip(files.elements, files.rows, files.scaling, files.networks, strict=True)
    for element, rows, stats, network in parts:
        widths = {len(rows), len(stats.mean), len(stats.sigma), network.weights[0].shape[1]}
        if len(widths) != 1:
            raise InputError(
                f"Potential of {element}: symmetry functions, scaling and first layer have "
                f"different lengths {sorted(widths)}: they must be equal."
            )
        arrays = [*network.weights, *network.biases, stats.mean, stats.sigma]
        if not all(np.isfinite(array).all() for array in arrays):
            raise InputError(
                f"Potential of {element} holds values that aren't finite: the training diverged, "
                "lower its learning rate."
            )
    if not all(math.isfinite(energy) for energy in files.atom_energies_eV):
        raise InputError("An atomic reference energy isn't finite: check the labels' energies.")
