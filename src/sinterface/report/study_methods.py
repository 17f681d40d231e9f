"""The methods of a study in words ready for a paper, with the keys of its references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sinterface.report.study_results import StudyResults

Paragraph = tuple[str, tuple[str, ...]]

THERMOSTATS: Mapping[str, str] = {
    "nose-hoover": "Nosé–Hoover chains",
    "langevin": "a Langevin thermostat",
    "bussi": "stochastic velocity rescaling",
    "none": "no thermostat",
}

KINDS: Mapping[str, Paragraph] = {
    "transport": (
        "Each composition was built several times with other arrangements of Li and dopants, its "
        "volume found without pressure, and run at constant volume at each temperature.",
        (),
    ),
    "amorphous": ("Amorphous cells were melted and quenched, dopants spread evenly.", ()),
    "grain-boundaries": (
        "Symmetric tilt boundaries were built from coincidence-site lattices as bicrystals "
        "with two equal boundaries; rigid shifts were searched, the best cells annealed. Energies: "
        "(E − N E_bulk)/2A, with the bulk in a cell of the same orientation, annealed alike.",
        (),
    ),
    "interfaces": (
        "One periodic cell holds two boundaries of each pair of surfaces, a Li-deficient and a "
        "Li-sufficient one; errors come from independent builds, beside slabs of both bulk "
        "crystals as controls.",
        (),
    ),
    "li-content": (
        "One periodic cell holds two boundaries of each pair of surfaces; Li is moved from one to "
        "the other, so that each cell gives two Li excesses. Errors come from independent builds, "
        "beside slabs of both bulk crystals as controls; slopes against the Li excess from one "
        "line through each set of builds.",
        (),
    ),
    "pair": (
        "One periodic cell holds two boundaries of both crystals, cut and matched from their CIF "
        "files; errors come from independent builds.",
        (),
    ),
    "potential": (
        "Structures were labelled by the reference, a network for each element trained on its "
        "energies and forces, and the potential validated on structures that it hadn't seen.",
        (),
    ),
    "phase-transition": ("The crystal was heated and cooled without pressure in small steps.", ()),
    "neb": (
        "Barriers come from the nudged elastic band with the improved tangent and a climbing "
        "image.",
        ("henkelman2000",),
    ),
}  # fmt: skip
"""What is particular to a kind of study."""

ANALYSES: Mapping[str, Paragraph] = {
    "diffusion": (
        "Diffusivities are slopes of the mean squared displacement over all origins by generalised "
        "least squares with the covariance of its points, the measured scatter between atoms and "
        "between blocks of time widening the interval; activation energies are weighted fits.",
        ("bullerjahn2020", "mccluskey2025", "vonbulow2020"),
    ),
    "sites": (
        "Sites are the voids between the anions; an excursion shorter than 0.1 ps is no jump; "
        "residence times are time spent over departures, beside the Kaplan–Meier estimator, for "
        "which visits cut by the end of a run are censored.",
        ("kaplan1958", "kahle2019"),
    ),
    "polyhedra": (
        "Distortion is told by the continuous shape measure against the nearest ideal polyhedron.",
        ("pinsky1998",),
    ),
    "density": ("Probability densities were counted in the frame of the framework's cations.", ()),
    "clusters": (
        "Clusters are atoms connected by distances below the cutoff, compared with as many atoms "
        "at random on the places of the cations.",
        (),
    ),
    "rdf": ("Pair distributions carry errors between blocks of frames.", ()),
    "vibrations": (
        "Vibrational spectra are power spectra of velocities (Hann window), mass-weighted in the "
        "total.",
        (),
    ),
    "profiles": (
        "Profiles along the normal have the drift of each slab's own framework removed; the share "
        "of Co across a boundary is an error function fitted to the cations' places.",
        (),
    ),
    "phases": (
        "Phases are told apart by each atom's symmetry functions against references shaken at the "
        "run's temperature; what is beyond them is called unknown.",
        ("behler2007",),
    ),
    "boundaries": (
        "Excesses at a boundary are counted against the grains' ratio to La and Zr.", ()
    ),
}  # fmt: skip
"""What an analysis does; the sections' names begin with its name."""


def methods(results: StudyResults, card: Mapping[str, Any] | None) -> list[Paragraph]:
    """Return the paragraphs of the methods, each with the keys of its references."""
    found = [_forces(results, card), _dynamics(results)]
    if results.kind in KINDS:
        found.append(KINDS[results.kind])
    names = [section.name for section in results.sections if not section.reason]
    for analysis, paragraph in ANALYSES.items():
        if any(name == analysis or name.startswith(f"{analysis}-") for name in names):
            found.append(paragraph)
    return [one for one in found if one[0]]


def reference_keys(paragraphs: list[Paragraph], more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the keys of all references, the study that is reproduced first, each once."""
    keys = ["kim2024", *(key for _, own in paragraphs for key in own), *more, "rego2015"]
    return tuple(dict.fromkeys(keys))


def _forces(results: StudyResults, card: Mapping[str, Any] | None) -> Paragraph:
    from sinterface.report.words import reference_method

    if card is None:
        name = results.settings.get("calculator", "a reference calculator")
        return f"Forces come from {name} through ASE.", ("larsen2017",)
    method = reference_method(card) or "a reference that its card does not name"
    cutoff = card.get("cutoff_A")
    reach = f", cutoff {cutoff:g} Å" if isinstance(cutoff, (int, float)) else ""
    keys: tuple[str, ...] = ("behler2007", "singraber2019")
    keys += ("deng2023",) if "chgnet" in method.lower() else ()
    mark = card.get("fingerprint")
    named = (
        f" (“{card['name']}”" + (f", {str(mark)[:12]})" if mark else ")") if "name" in card else ""
    )
    return (
        f"Forces come from a Behler–Parrinello network{named}: one network an element, "
        f"atom-centred symmetry functions{reach}, trained on {method}.",
        keys,
    )


def _dynamics(results: StudyResults) -> Paragraph:
    versions = results.provenance.get("versions", {})
    engine = (
        f" {versions['lammps']}" if isinstance(versions, Mapping) and "lammps" in versions else ""
    )
    told = results.provenance.get("dynamics") or {}
    return (
        f"Molecular dynamics ran in LAMMPS{engine} with {_thermostats(told)}{_runs(told)}; "
        "trajectories are H5MD. Stages, seeds and hashes stand under “What was run”.",
        ("thompson2022", "nose1984", "hoover1985", "debuyl2014"),
    )


def _thermostats(told: Mapping[str, Any]) -> str:
    words = [THERMOSTATS.get(one, one) for one in told.get("thermostats", ())]
    return " and ".join(words) or THERMOSTATS["nose-hoover"]


def _runs(told: Mapping[str, Any]) -> str:
    """Return number, size, length, temperature and time step of the runs."""
    if not told:
        return ""
    steps = " and ".join(f"{one:g}" for one in told["timestep_fs"])
    number = "one run" if told["runs"] == 1 else f"{told['runs']} runs"
    parts = [
        f"{_span(told[key])} {unit}"
        for key, unit in (("atoms", "atoms"), ("kept_ps", "ps"), ("temperature_K", "K"))
        if told[key]
    ]
    free = "; the cell is free in some phases" if told["free_cells"] else ""
    return f", time step {steps} fs: {number} ({', '.join(parts)}{free})"


def _span(ends: Sequence[float]) -> str:
    low, high = (f"{end:,.4g}" if end < 1000 else f"{end:,.0f}" for end in ends)
    return low if low == high else f"{low} to {high}"
