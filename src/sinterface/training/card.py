"""The card of a trained potential: how it was made, from what, and how far off it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ase import Atoms

from sinterface.dataset.frames import label_of
from sinterface.dataset.splits import divided_families
from sinterface.potential.rows import Row
from sinterface.potential.spectrum import SpectrumRow
from sinterface.potential.writer import FORMAT_VERSION
from sinterface.provenance import now, versions
from sinterface.training.held_out import Errors
from sinterface.training.recipe import Recipe

EXPLANATION = (
    "Root mean square errors on held-out frames; energies per atom raw and after removing the mean "
    "error; against the reference named here, which is not experiment. Explored trajectories start "
    "from labelled frames: only where the labels tell their family is no relative of a held-out "
    "frame in the training set, so a new composition may be worse. Frames with forces above "
    "largest_force_eV_per_A are left out."
)


def make_card(
    recipe: Recipe,
    files: Mapping[str, str],
    parts: Mapping[str, Sequence[Atoms]],
    errors: Mapping[str, Errors],
    summary: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the content of ``potential.toml``.

    Parameters
    ----------
    files
        SHA-256 of each data file by its name in the recipe.
    parts
        Frames of ``training``, ``validation`` and ``test``.
    errors
        Errors on the test frames of each system, and of all together as ``all``.
    summary
        Figures of the fit: epochs, best validation, seconds.
    """
    frames = [frame for part in parts.values() for frame in part]
    label = label_of(frames[0])
    fit = {key: value for key, value in recipe.fit.model_dump().items() if value is not None}
    return {
        "name": recipe.potential.name,
        "made": now(),
        "format_version": FORMAT_VERSION,
        "licence": recipe.potential.licence,
        "elements": list(recipe.potential.elements),
        "commands": list(dict.fromkeys([*recipe.data.commands, *recipe.commands])),
        "reference": {
            "name": label.reference,
            "version": label.reference_version,
            "settings_hash": label.settings_hash,
        },
        "data": {
            "frames": len(frames),
            "split": recipe.data.split,
            "families_on_both_sides": len(divided_families(parts.values())),
            "largest_force_eV_per_A": recipe.data.largest_force_eV_per_A,
            "sha256": {_from_root(name): digest for name, digest in files.items()},
            **{part: _counts(chosen) for part, chosen in parts.items()},
        },
        "symmetry_functions": _functions(recipe),
        "network": {
            "hidden": list(recipe.potential.hidden),
            "activation": recipe.potential.activation,
            "zbl_A": list(recipe.potential.zbl_A or ()),
        },
        "loss": recipe.loss.model_dump(),
        "training": {**fit, "split_seed": recipe.data.seed, **summary},
        "errors": {
            "explanation": EXPLANATION,
            **{system: _finite(error) for system, error in errors.items()},
        },
        "versions": versions(),
    }


def _from_root(name: str) -> str:
    """Return a file's name in the recipe without its way up from the recipe's folder."""
    while name.startswith("../"):
        name = name.removeprefix("../")
    return name


def _counts(frames: Sequence[Atoms]) -> dict[str, int]:
    return dict(sorted(Counter(label_of(frame).system for frame in frames).items()))


def _functions(recipe: Recipe) -> dict[str, Any]:
    rows = recipe.rows()
    plain = [row for row in rows[0] if isinstance(row, Row)]
    products = [row for row in rows[0] if isinstance(row, SpectrumRow)]
    content: dict[str, Any] = {
        "cutoff_A": recipe.symmetry.cutoff_A,
        "cutoff_function": recipe.symmetry.cutoff_function,
        "functions_per_element": [len(each) for each in rows],
        "radial_eta_shift": _distinct((row.eta, row.shift_A) for row in plain if row.kind == 2),
        "angular_eta_lambda_zeta": _distinct(
            (row.eta, row.lambda_, row.zeta) for row in plain if row.kind == 9
        ),
    }
    if products:
        content["spectrum_degree_eta_shift_eta_shift"] = _distinct(
            (row.degree, row.eta, row.shift_A, row.second_eta, row.second_shift_A)
            for row in products
        )
    return content


def _distinct(parameters: Iterable[tuple[float, ...]]) -> list[list[float]]:
    return [list(row) for row in sorted(set(parameters))]


def _finite(error: Errors) -> dict[str, float | int]:
    values = {k: round(v, 4) for k, v in error.as_dict().items() if v == v}
    return {**values, "frames": error.frames}
