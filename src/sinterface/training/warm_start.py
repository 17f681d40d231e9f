"""Start a training from the weights of an earlier one, whatever its scaling was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sinterface.errors import InputError
from sinterface.files import atomic_path
from sinterface.potential.writer import Network, Scaling
from sinterface.training.samples import inverse_sigma

PREDECESSOR_FILE = "training-result.pt"


@dataclass(frozen=True)
class Predecessor:
    """A finished training: networks on raw symmetry functions and atomic energies.

    Attributes
    ----------
    rows
        The ``symfunction_short`` lines of all elements, in order.
    networks
        Networks that act on raw, unscaled functions.
    atom_energies_eV
        Energy of one atom of each element.
    """

    rows: list[str]
    networks: tuple[Network, ...]
    atom_energies_eV: NDArray[np.float64]


def on_raw_functions(networks: Sequence[Network], scaling: Sequence[Scaling]) -> list[Network]:
    """Return `networks`, which act on scaled functions, so that they act on raw ones."""
    result = []
    for network, stats in zip(networks, scaling, strict=True):
        first = network.weights[0] * inverse_sigma(stats)
        bias = network.biases[0] - first @ stats.mean
        result.append(Network((first, *network.weights[1:]), (bias, *network.biases[1:])))
    return result


def on_scaled_functions(
    networks: Sequence[Network], scaling: Sequence[Scaling], shifts_eV: NDArray[np.float64]
) -> list[Network]:
    """Return `networks` on raw functions so that they act on scaled ones and give `shifts_eV` more.

    Parameters
    ----------
    shifts_eV
        Added to the energy of each atom of an element: old minus new atomic energy.
    """
    result = []
    for network, stats, shift in zip(networks, scaling, shifts_eV, strict=True):
        bias = network.biases[0] + network.weights[0] @ stats.mean
        first = network.weights[0] * stats.sigma
        biases = [bias, *network.biases[1:-1], network.biases[-1] + shift]
        result.append(Network((first, *network.weights[1:]), tuple(biases)))
    return result


def save_predecessor(directory: Path, result: Predecessor) -> None:
    """Write what a later training can start from."""
    networks = [
        {"weights": _tensors(n.weights), "biases": _tensors(n.biases)} for n in result.networks
    ]
    content = {
        "rows": result.rows,
        "networks": networks,
        "atom_energies_eV": torch.from_numpy(result.atom_energies_eV),
    }
    with atomic_path(directory / PREDECESSOR_FILE) as temporary:
        torch.save(content, temporary)


def load_predecessor(directory: Path, rows: list[str], hidden: Sequence[int]) -> Predecessor:
    """Return the finished training in `directory`.

    Raises
    ------
    InputError
        When there is none, or its symmetry functions or hidden layers differ.
    """
    path = directory / PREDECESSOR_FILE
    if not path.exists():
        raise InputError(
            f"fit.start_from: '{directory}' holds no finished training ({PREDECESSOR_FILE}); "
            "give the output folder of one, or leave the key out."
        )
    content = torch.load(path, weights_only=True)
    networks = tuple(
        Network(_arrays(entry["weights"]), _arrays(entry["biases"]))
        for entry in content["networks"]
    )
    layers = [len(bias) for bias in networks[0].biases[:-1]]
    if content["rows"] != rows or layers != list(hidden):
        raise InputError(
            f"fit.start_from: the training in '{directory}' has other symmetry functions, elements "
            "or hidden layers; make them equal, or leave the key out."
        )
    return Predecessor(rows, networks, content["atom_energies_eV"].numpy())


def _tensors(arrays: Sequence[NDArray[np.float64]]) -> list[torch.Tensor]:
    return [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]


def _arrays(tensors: Sequence[torch.Tensor]) -> tuple[NDArray[np.float64], ...]:
    return tuple(tensor.numpy() for tensor in tensors)
