"""sinterface: how the interface of two battery materials degrades, with error bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sinterface.potential.model import Potential, load_potential

__version__ = "0.1.0"
__all__ = ["Potential", "__version__", "load_potential"]


def __getattr__(name: str) -> Any:
    """Import the potential only when asked for: ``import sinterface`` stays fast."""
    if name in ("Potential", "load_potential"):
        from sinterface.potential import model

        return getattr(model, name)
    raise AttributeError(f"module 'sinterface' has no attribute '{name}'")
