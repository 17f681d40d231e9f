"""Dense networks of each element, trained in whitened coordinates, written in plain ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sinterface.potential.writer import Network

ACTIVATION_FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "tanh": torch.tanh,
    "softplus": torch.nn.functional.softplus,
    "logistic": torch.sigmoid,
}


Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def _tanh(z: torch.Tensor) -> Tensors:
    value = torch.tanh(z)
    slope = torch.addcmul(torch.ones_like(value), value, value, value=-1.0)
    return value, slope, (value * slope).mul_(-2.0)


def _logistic(z: torch.Tensor) -> Tensors:
    value = torch.sigmoid(z)
    slope = value * (1.0 - value)
    return value, slope, slope * (1.0 - 2.0 * value)


def _softplus(z: torch.Tensor) -> Tensors:
    slope = torch.sigmoid(z)
    return torch.nn.functional.softplus(z), slope, slope * (1.0 - slope)


DERIVATIVES: dict[str, Callable[[torch.Tensor], Tensors]] = {
    "tanh": _tanh,
    "softplus": _softplus,
    "logistic": _logistic,
}
"""Each activation function with its first and second derivative."""


class ElementNetwork(torch.nn.Module):
    """Energy of one atom from its scaled symmetry functions.

    The first layer acts on whitened coordinates A·x; as A is constant, its product with the
    layer's weights is what acts on x and what is written, so prediction doesn't know of it.

    Parameters
    ----------
    whitening
        A, shape (n_functions, n_functions), see :func:`whitening_matrix`.
    hidden
        Number of nodes of each hidden layer.
    activation
        A key of :data:`ACTIVATION_FUNCTIONS`.
    generator
        Source of the first weights.
    """

    whitening: torch.Tensor

    def __init__(
        self,
        whitening: NDArray[np.float64],
        hidden: Sequence[int],
        activation: str,
        generator: torch.Generator,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.register_buffer("whitening", torch.from_numpy(whitening).to(dtype))
        self.activation = ACTIVATION_FUNCTIONS[activation]
        self.derivatives = DERIVATIVES[activation]
        sizes = [len(whitening), *hidden, 1]
        self.weights = torch.nn.ParameterList()
        self.biases = torch.nn.ParameterList()
        for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
            weight = torch.randn(n_out, n_in, generator=generator, dtype=torch.float64)
            bias = torch.zeros(n_out, dtype=torch.float64)
            if layer < len(hidden):
                bias.uniform_(-0.5, 0.5, generator=generator)
            self.weights.append(torch.nn.Parameter((weight / n_in**0.5).to(dtype)))
            self.biases.append(torch.nn.Parameter(bias.to(dtype)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the energy of each atom, shape (n_atoms,), eV."""
        value = torch.addmm(self.biases[0], features, (self.weights[0] @ self.whitening).T)
        for weight, bias in zip(list(self.weights)[1:], list(self.biases)[1:], strict=True):
            value = torch.addmm(bias, self.activation(value), weight.T)
        return value[:, 0]

    def plain(self) -> Network:
        """Return the network on scaled functions, whitening folded into its first layer."""
        weights = [w.detach().to(torch.float64) for w in self.weights]
        weights[0] = weights[0] @ self.whitening.to(torch.float64)
        biases = [b.detach().to(torch.float64).numpy().copy() for b in self.biases]
        return Network(tuple(w.numpy().copy() for w in weights), tuple(biases))

    def set_plain(self, network: Network) -> None:
        """Take over the weights of `network`, which acts on scaled functions."""
        first = np.linalg.solve(self.whitening.to(torch.float64).numpy().T, network.weights[0].T).T
        with torch.no_grad():
            for parameter, value in zip(self.weights, (first, *network.weights[1:]), strict=True):
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))
            for parameter, value in zip(self.biases, network.biases, strict=True):
                parameter.copy_(torch.from_numpy(value))


class Networks(torch.nn.Module):
    """One :class:`ElementNetwork` for each element."""

    def __init__(
        self,
        whitening: Sequence[NDArray[np.float64]],
        hidden: Sequence[int],
        activation: str,
        seed: int,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.elements = torch.nn.ModuleList(
            ElementNetwork(matrix, hidden, activation, generator, dtype) for matrix in whitening
        )

    def forward(self, features: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Return for each element the energies of its atoms."""
        pairs = zip(self.elements, features, strict=True)
        return [network(rows) for network, rows in pairs]

    def networks(self) -> list[ElementNetwork]:
        """Return the network of each element."""
        return [_element(network) for network in self.elements]

    def plain(self) -> tuple[Network, ...]:
        """Return the networks as they are written, see :meth:`ElementNetwork.plain`."""
        return tuple(network.plain() for network in self.networks())

    def set_plain(self, networks: Sequence[Network]) -> None:
        """Take over `networks`, see :meth:`ElementNetwork.set_plain`."""
        for own, given in zip(self.networks(), networks, strict=True):
            own.set_plain(given)


class MeanNetworks(torch.nn.Module):
    """Mean of the energies that the members of a committee give."""

    def __init__(self, members: Sequence[Networks]) -> None:
        super().__init__()
        self.members = torch.nn.ModuleList(members)

    def forward(self, features: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Return for each element the energies of its atoms."""
        given = zip(*(member(features) for member in self.members), strict=True)
        return [torch.stack(energies).mean(dim=0) for energies in given]


def whitening_matrix(
    features: NDArray[np.floating[Any]], n_functions: int, floor: float
) -> NDArray[np.float64]:
    """Return A = (Λ + floor)^(−½) Uᵀ from the covariance UΛUᵀ of scaled functions.

    Symmetry functions overlap strongly; in whitened coordinates a first-order optimiser sees
    directions of equal spread. `floor` keeps directions without information from being blown up.

    Parameters
    ----------
    features
        Scaled functions of one element's atoms, shape (n_atoms, n_functions).
    """
    rows = np.asarray(features, dtype=np.float64)
    covariance = rows.T @ rows / max(len(rows), 1)
    if len(rows) == 0:
        covariance = np.eye(n_functions)
    spread, axes = np.linalg.eigh(covariance)
    return np.asarray(((np.clip(spread, 0.0, None) + floor) ** -0.5)[:, None] * axes.T)


def _element(module: torch.nn.Module) -> ElementNetwork:
    if not isinstance(module, ElementNetwork):
        raise TypeError(f"expected an ElementNetwork, got {type(module).__name__}")
    return module
