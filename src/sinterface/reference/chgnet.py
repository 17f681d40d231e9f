"""CHGNet as a labeller: one energy, one backward pass, one thread."""

from __future__ import annotations

import hashlib
import os
import warnings
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

if TYPE_CHECKING:
    from ase import Atoms


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
