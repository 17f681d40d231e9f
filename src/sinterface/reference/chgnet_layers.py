"""CHGNet's message layers, rearranged: the same sums, multiplied before they are gathered.

The first linear map of each message acts on rows put side by side, W·[a_i, b_ij, a_j]. That is
W_a·a_i + W_b·b_ij + W_a'·a_j, and each term needs one product for an atom or a bond instead of
one for every pair or angle it occurs in. Core and gate are done in one product. Weights are
frozen: only the gradient with respect to positions and strain is available.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, silu


class _GatedSum(nn.Module):
    """Gated network of a sum of gathered rows: silu(LN(core)) * sigmoid(LN(gate))."""

    def __init__(self, gated: Any, widths: list[int]) -> None:
        super().__init__()
        core, gate = _linears(gated.mlp_core), _linears(gated.mlp_gate)
        first = torch.cat([core[0].weight, gate[0].weight]).detach()
        self.blocks = [block.T.contiguous() for block in torch.split(first, widths, dim=1)]
        self.bias = torch.cat([core[0].bias, gate[0].bias]).detach()
        self.second = list(zip(core[1:], gate[1:], strict=True))
        self.norms = gated.bn1, gated.bn2
        self.n_core = len(core[0].bias)

    def forward(self, rows: list[Tensor], indices: list[Tensor | None]) -> Tensor:
        """Return the gated network of the sum of `rows`, each gathered by its index."""
        total = self.bias
        for block, row, index in zip(self.blocks, rows, indices, strict=True):
            term = row @ block
            total = total + (term if index is None else term.index_select(0, index))
        if not self.second:
            core, gate = total[:, : self.n_core], total[:, self.n_core :]
        else:
            ((core_map, gate_map),) = self.second
            hidden = silu(total)
            core, gate = core_map(hidden[:, : self.n_core]), gate_map(hidden[:, self.n_core :])
        first, second = self.norms
        return silu(_normalised(core, first)) * torch.sigmoid(_normalised(gate, second))


def _linears(network: Any) -> list[nn.Linear]:
    return [layer for layer in network.layers if isinstance(layer, nn.Linear)]


def _normalised(rows: Tensor, norm: Any) -> Tensor:
    return layer_norm(rows, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


class FastAtomConv(nn.Module):
    """`chgnet.model.layers.AtomConv` with the products before the gathering."""

    def __init__(self, stock: Any) -> None:
        super().__init__()
        width = stock.mlp_out.layers[-1].weight.shape[0]
        self.gated = _GatedSum(stock.twoBody_atom, [width, width, width])
        self.stock = stock

    def forward(
        self,
        atom_feas: Tensor,
        bond_feas: Tensor,
        bond_weights: Tensor,
        atom_graph: Tensor,
        directed2undirected: Tensor,
    ) -> Tensor:
        """Return the new atom features, shape (n_atoms, width)."""
        center, neighbor = atom_graph[:, 0], atom_graph[:, 1]
        messages = self.gated(
            [atom_feas, bond_feas, atom_feas], [center, directed2undirected, neighbor]
        )
        messages = messages * bond_weights.index_select(0, directed2undirected)
        summed = torch.zeros_like(atom_feas).index_add(0, center, messages)
        new: Tensor = self.stock.mlp_out(summed) + atom_feas
        return new


class FastBondConv(nn.Module):
    """`chgnet.model.layers.BondConv` with the products before the gathering."""

    def __init__(self, stock: Any) -> None:
        super().__init__()
        width = stock.mlp_out.layers[-1].weight.shape[0]
        self.gated = _GatedSum(stock.twoBody_bond, [width] * 4)
        self.stock = stock

    def forward(
        self,
        atom_feas: Tensor,
        bond_feas: Tensor,
        bond_weights: Tensor,
        angle_feas: Tensor,
        bond_graph: Tensor,
    ) -> Tensor:
        """Return the new bond features, shape (n_undirected_bonds, width)."""
        center, first, second = bond_graph.unbind(1)
        update = self.gated(
            [bond_feas, bond_feas, angle_feas, atom_feas], [first, second, None, center]
        )
        update = update * bond_weights.index_select(0, second)
        summed = torch.zeros_like(bond_feas).index_add(0, first, update) * bond_weights
        new: Tensor = self.stock.mlp_out(summed) + bond_feas
        return new


class FastAngleUpdate(nn.Module):
    """`chgnet.model.layers.AngleUpdate` with the products before the gathering."""

    def __init__(self, stock: Any) -> None:
        super().__init__()
        width = stock.twoBody_bond.bn1.weight.shape[0]
        self.gated = _GatedSum(stock.twoBody_bond, [width] * 4)

    def forward(
        self, atom_feas: Tensor, bond_feas: Tensor, angle_feas: Tensor, bond_graph: Tensor
    ) -> Tensor:
        """Return the new angle features, shape (n_angles, width)."""
        center, first, second = bond_graph.unbind(1)
        update: Tensor = self.gated(
            [bond_feas, bond_feas, angle_feas, atom_feas], [first, second, None, center]
        )
        return update + angle_feas


def rearrange(model: Any) -> None:
    """Replace the message layers of a frozen CHGNet model by the fast ones, in place.

    The last angle update is dropped: nothing reads its result.
    """
    model.atom_conv_layers = nn.ModuleList(FastAtomConv(x) for x in model.atom_conv_layers)
    model.bond_conv_layers = nn.ModuleList(FastBondConv(x) for x in model.bond_conv_layers)
    kept = [FastAngleUpdate(x) for x in model.angle_layers[:-1]]
    del model.angle_layers
    model.angle_layers = [*kept, None]
