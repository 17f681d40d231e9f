"""SOAP: Adam in the eigenbasis of each layer's gradient covariances.

For a layer's gradient G (m, n) the running means L = ⟨G Gᵀ⟩ and R = ⟨Gᵀ G⟩ give eigenbases Q_L
and Q_R; Adam's second moment is kept for Q_Lᵀ G Q_R, where curvature is nearly diagonal. Forces are
derivatives of the networks, which makes their loss badly conditioned for plain Adam.

Source: Vyas et al., arXiv:2409.11321 (2024).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch


class Soap(torch.optim.Optimizer):
    """SOAP with decoupled weight decay.

    Parameters
    ----------
    lr
        Learning rate.
    betas
        Decay of the first and second moments.
    covariance_decay
        Decay of L and R.
    refresh
        Steps between two updates of the eigenbases.
    """

    def __init__(
        self,
        parameters: Iterable[torch.Tensor],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.99),
        covariance_decay: float = 0.98,
        refresh: int = 20,
        weight_decay: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "covariance_decay": covariance_decay,
            "refresh": refresh,
            "weight_decay": weight_decay,
            "eps": eps,
        }
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient; closures aren't taken."""
        if closure is not None:
            raise TypeError("this optimiser takes no closure")
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)

    def _move(self, parameter: torch.Tensor, gradient: torch.Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        sides = [d for d in range(gradient.dim()) if gradient.shape[d] > 1 and gradient.dim() == 2]
        if not state:
            state["step"] = 0
            state["mean"] = torch.zeros_like(gradient)
            state["square"] = torch.zeros_like(gradient)
            for side in sides:
                state[f"covariance{side}"] = _covariance(gradient, side)
                state[f"basis{side}"] = _eigenbasis(state[f"covariance{side}"])
        first, second = group["betas"]
        state["step"] += 1
        state["mean"].lerp_(gradient, 1 - first)
        rotated = _rotate(gradient, state, sides)
        state["square"].mul_(second).addcmul_(rotated, rotated, value=1 - second)
        size = (state["square"] / (1 - second ** state["step"])).sqrt_().add_(group["eps"])
        update = _rotate(state["mean"], state, sides) / (1 - first ** state["step"]) / size
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.sub_(_rotate_back(update, state, sides), alpha=group["lr"])
        for side in sides:
            covariance = state[f"covariance{side}"]
            covariance.lerp_(_covariance(gradient, side), 1 - group["covariance_decay"])
            if state["step"] % group["refresh"] == 0:
                state[f"basis{side}"] = _eigenbasis(covariance)


def _covariance(gradient: torch.Tensor, side: int) -> torch.Tensor:
    return gradient @ gradient.T if side == 0 else gradient.T @ gradient


def _eigenbasis(covariance: torch.Tensor) -> torch.Tensor:
    """Return eigenvectors as columns, by rising eigenvalue."""
    scale = covariance.diagonal().mean().clamp_min(torch.finfo(covariance.dtype).tiny)
    vectors: torch.Tensor = torch.linalg.eigh(covariance / scale)[1]
    return vectors


def _rotate(value: torch.Tensor, state: dict[str, Any], sides: list[int]) -> torch.Tensor:
    for side in sides:
        value = state["basis0"].T @ value if side == 0 else value @ state["basis1"]
    return value


def _rotate_back(value: torch.Tensor, state: dict[str, Any], sides: list[int]) -> torch.Tensor:
    for side in sides:
        value = state["basis0"] @ value if side == 0 else value @ state["basis1"].T
    return value
