"""Reference calculators: which one makes a label, and which settings it had."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from sinterface.errors import InputError, nearest_name

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Reference:
    """A calculator with the identity that goes onto each of its labels.

    Attributes
    ----------
    name
        As in the recipe, for example ``chgnet``.
    version
        Version of the package that provides it.
    settings_hash
        Name and hash of all settings that change a label, see `settings_hash`.
    calculator
        ASE calculator giving energy, forces and stress.
    """

    name: str
    version: str
    settings_hash: str
    calculator: Calculator


def settings_hash(settings: dict[str, Any]) -> str:
    """Return ``<reference>-`` and 16 hexadecimal digits of the SHA-256 of `settings` as JSON.

    The leading word keeps readers of extxyz from taking a hash for a number.
    """
    text = json.dumps(settings, sort_keys=True, default=str)
    word = str(settings["reference"]).replace(":", "-")
    return f"{word}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@cache
def open_reference(name: str = "chgnet") -> Reference:
    """Return the reference called `name`, one per process.

    Parameters
    ----------
    name
        ``chgnet``, or ``ase:<module>.<Class>`` for any ASE calculator without arguments.

    Raises
    ------
    InputError
        When the name is unknown, or what it needs isn't installed.
    """
    if name.startswith("ase:"):
        return _ase_reference(name)
    if name not in _REFERENCES:
        raise InputError(
            f"Unknown reference '{name}'.{nearest_name(name, list(_REFERENCES))} "
            f"Use one of {', '.join(_REFERENCES)}, or ase:<module>.<Class>."
        )
    return _REFERENCES[name]()


def _ase_reference(name: str) -> Reference:
    module_name, _, class_name = name.removeprefix("ase:").rpartition(".")
    try:
        calculator = getattr(import_module(module_name), class_name)()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise InputError(
            f"Reference '{name}' can't be made ({error}); give ase:<module>.<Class> of an "
            "installed ASE calculator that needs no arguments."
        ) from error
    package = module_name.split(".")[0]
    try:
        package_version = version(package)
    except PackageNotFoundError:
        package_version = "unknown"
    settings = {"reference": name, "version": package_version}
    return Reference(name, package_version, settings_hash(settings), calculator)


def _chgnet_reference() -> Reference:
    try:
        package_version = version("chgnet")
    except PackageNotFoundError as error:
        raise InputError(
            "Reference 'chgnet' isn't installed; install it with: pip install 'sinterface[chgnet]'."
        ) from error
    calculator = FastCHGNet()
    settings = {
        "reference": "chgnet",
        "version": package_version,
        "model": calculator.model_version,
        "weights_sha256": calculator.weights_sha256,
        "precision": "float32",
    }
    return Reference("chgnet", package_version, settings_hash(settings), calculator)


_REFERENCES: dict[str, Callable[[], Reference]] = {"chgnet": _chgnet_reference}


class FastCHGNet(Calculator):
    """CHGNet as a labeller: frozen weights, one backward pass for forces and stress.

    The stock calculator differentiates twice and keeps the graph of the gradients, which a label
    doesn't need. This one also builds its graphs by array operations and rearranges the message
    layers, which changes energies and forces by rounding only. It sets torch to one thread:
    label with one process a core.

    Source: Deng et al., Nature Machine Intelligence 5, 1031 (2023).
    """

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        import torch
        from chgnet.model.model import CHGNet

        from sinterface.reference.chgnet_layers import rearrange

        torch.set_num_threads(1)
        with open(os.devnull, "w") as sink, redirect_stdout(sink):
            self.model = CHGNet.load(use_device="cpu", verbose=False)
        self.model.eval()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.model_version = str(self.model.version)
        self.weights_sha256 = _weights_sha256(self.model)
        rearrange(self.model)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Compute total energy (eV), forces (eV/Å) and stress (Voigt, eV/Å³)."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        energy, forces, stress = self._evaluate(cast("Atoms", self.atoms))
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "forces": forces,
            "stress": stress.ravel()[[0, 4, 8, 5, 2, 1]],
        }

    def _evaluate(self, atoms: Atoms) -> tuple[float, np.ndarray, np.ndarray]:
        import torch
        from chgnet.model.model import BatchedGraph

        from sinterface.reference.chgnet_graph import crystal_graph

        model = self.model
        wrapped = atoms.copy()
        wrapped.wrap()
        graph = crystal_graph(wrapped)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            batch = BatchedGraph.from_graphs(
                [graph],
                bond_basis_expansion=model.bond_basis_expansion,
                angle_basis_expansion=model.angle_basis_expansion,
                compute_stress=True,
            )
        per_atom = model._compute(batch)["e"]
        slope, virial = torch.autograd.grad(
            per_atom.sum(), [batch.atom_positions[0], batch.strains[0]]
        )
        n_atoms = len(atoms)
        energy = float(per_atom.detach()[0]) + float(model.composition_model([graph])[0])
        stress = virial.double().numpy() * n_atoms / atoms.get_volume()
        forces = -slope.double().numpy() * n_atoms
        return energy * n_atoms, forces, 0.5 * (stress + stress.T)


def _weights_sha256(model: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()
