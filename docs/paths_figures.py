"""Find every path of the page paths.md with the shipped potential, heat LLZO, and publish both.

    python docs/paths_figures.py paths              # a folder that keeps the runs
    python docs/paths_figures.py paths --only lco-single lco-divacancy
    python docs/paths_figures.py paths --transition # also heat and cool tetragonal LLZO
    python docs/paths_figures.py paths --page       # figures and table from what is finished

The interfaces are built by `sinterface build interface` where `FOLDER/flat.extxyz` (468 atoms, LCO
strained by 5.8 %) and `FOLDER/medium.extxyz` (2,368 atoms, 2.2 %) aren't there; put a snapshot of a
long run there to take that instead. Each LLZO cell is searched for more hops (`--hop N`).
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.paths.band import EndPointError
from sinterface.paths.cases import llzo_path
from sinterface.paths.result import RESULT_NAME, MinimumEnergyPath, read_path
from sinterface.potential.model import load_potential
from sinterface.report.path_figures import draw_curve
from sinterface.report.style import freeze_layout, save, style

HERE = Path(__file__).parent
IMAGES, PAGE = HERE / "images", HERE / "paths.md"
FLAT = ("build", "interface", "llzo", "lco", "--electrode-plane", "0", "0", "3")
INTERFACES = {"flat.extxyz": (), "medium.extxyz": ("--max-strain", "0.03")}
STEPS = "--timestep-fs 2 --frame-interval-ps 0.5 --seed 1"
SNAPSHOTS = {
    "hot": f"simulate flat.extxyz --temperature-K 800 --duration-ps 12 {STEPS}",
    "medium-hot": f"simulate medium.extxyz --temperature-K 1200 --duration-ps 6 {STEPS}",
}
PICTURED = ("lco-single", "lco-divacancy", "medium-hot-lower")
MOST_HOPS = 8
COLUMNS = 4
SLID_NAME = "slid-back.txt"
MEASURED = {450.0: "13.145, 12.706 (443 K)", 900.0: "13.185, 12.902 (899 K)", 1100.0: "13.151"}
"""Lattice parameters of Larraz et al. (2013) nearest to some temperatures."""


@dataclass(frozen=True)
class Case:
    """A path: the words behind ``sinterface neb``, and what others found."""

    name: str
    words: str
    title: str
    published: str


CASES = (
    Case("lco-single", "lco single", "LCO, single vacancy", "≈ 0.8 (calculations)"),
    Case("lco-divacancy", "lco divacancy", "LCO, divacancy", "≈ 0.2 (calculations)"),
    Case("llzo", "llzo", "LLZO", "0.15–0.49 (DFT)"),
    Case("llzo-co-zr-near", "llzo --cobalt Zr", "LLZO beside Co on Zr", "0–2.0 (DFT)"),
    Case("llzo-co-li-near", "llzo --cobalt Li", "LLZO beside Co on Li", "0–2.0 (DFT)"),
    Case("llzo-co-la-near", "llzo --cobalt La", "LLZO beside Co on La", "0–2.0 (DFT)"),
    Case(
        "llzo-co-zr-far", "llzo --cobalt Zr --to-cobalt far", "LLZO far from Co", "0.15–0.49 (DFT)"
    ),
    *(
        Case(
            f"{name}-{side}", f"interface {file} --side {side} --free-within-A 8",
            f"LLZO/LCO(003), {words}, {side}", "0.88, 0.39 (Kim et al.)",
        )
        for name, file, words in (
            ("interface", "flat.extxyz", "468 atoms"), ("hot", "hot", "468, 800 K"),
            ("medium", "medium.extxyz", "2,368"),
            ("medium-hot", "medium-hot", "2,368, 1200 K"),
        )
        for side in ("lower", "upper")
    ),
)  # fmt: skip
LADDER = (
    "--start-K 400 --end-K 1100 --step-K 50 --hold-ps 10 --settle-ps 3 --ramp-ps 2 --timestep-fs 2"
)


def sinterface(folder: Path, *words: str) -> bool:
    """Run a command there; return whether it ended well."""
    sys.stderr.write(f"$ sinterface {' '.join(words)}\n")
    done = subprocess.run([sys.executable, "-m", "sinterface.cli", *words], cwd=folder, check=False)
    return done.returncode == 0


def find(folder: Path, case: Case) -> None:
    """Find a path, or go on with it; in LLZO those of more hops too."""
    for name, more in INTERFACES.items():
        missing = name in case.words and not (folder / name).exists()
        if missing and not sinterface(folder, *FLAT, *more, "-o", name):
            return
    for name, words in SNAPSHOTS.items():
        if name in case.words.split() and not sinterface(folder, *words.split(), "-o", name):
            return
    sinterface(folder, "neb", *case.words.split(), "-o", case.name)
    if case.name.startswith("llzo"):
        find_more_hops(folder / case.name, case)


def find_more_hops(directory: Path, case: Case) -> None:
    """Find the paths of a cell's other hops, and count those whose end points are no minima."""
    words = case.words.split()[1:]
    given = dict(zip(words[::2], words[1::2], strict=True))
    potential = load_potential("llzo-lco")
    slid = 0
    for hop in range(1, MOST_HOPS + 1):
        try:
            llzo_path(
                potential, directory, cobalt=given.get("--cobalt"),
                to_cobalt=given.get("--to-cobalt", "near"), hop=hop,
            )  # fmt: skip
        except EndPointError:
            slid += 1
        except InputError:  # the cell has no more
            break
    write_text(directory / SLID_NAME, f"{slid}\n")


def heat(folder: Path) -> None:
    """Heat and cool tetragonal LLZO, 192 atoms, or go on."""
    if not (folder / "tetragonal.extxyz").exists():
        sinterface(folder, "build", "crystal", "llzo-tetragonal", "-o", "tetragonal.extxyz")
    words = ("phase-transition", "tetragonal.extxyz", *LADDER.split(), "-o", "transition")
    sinterface(folder, *words)


def found_paths(folder: Path) -> list[tuple[Case, list[MinimumEnergyPath]]]:
    """Return what is finished: of each case its paths, the one with barriers both ways first."""
    found = []
    for case in CASES:
        places = sorted((folder / case.name).glob(f"**/{RESULT_NAME}"))
        paths = [read_path(place.parent) for place in places]
        paths.sort(key=lambda path: -min(path.forward_eV, path.reverse_eV))
        if paths:
            found.append((case, paths))
    return found


def draw_all(paths: list[tuple[Case, list[MinimumEnergyPath]]]) -> None:
    """Draw one curve of each case as one figure."""
    rows = -(-len(paths) // COLUMNS)
    with style():
        figure = Figure(figsize=(3.1 * COLUMNS, 2.6 * rows), layout="constrained")
        grid = figure.subplots(rows, COLUMNS, squeeze=False)
        for axis in grid.flat[len(paths) :]:
            axis.set_visible(False)
        for axis, (case, ways) in zip(grid.flat, paths, strict=False):
            draw_curve(axis, ways[0])
            axis.set_title(case.title)
        freeze_layout(figure)
    save(figure, IMAGES, "paths", ("svg",))


def publish(folder: Path) -> None:
    """Put figures and table into the docs."""
    paths = found_paths(folder)
    if not paths:
        raise SystemExit("No path is finished.")
    draw_all(paths)
    lines = [
        "![Energy along each path](images/paths.svg)",
        "",
        "| `sinterface neb` | forward (eV) | backward (eV) | narrowest | outside training | steps |"
        " published |",
        "|---|---:|---:|---|---:|---:|---|",
    ]
    for case, (path, *_) in paths:
        narrow, std = path.bottleneck, path.committee_std_eV or 0.0
        steps = f"{path.steps}" if path.converged else f"{path.steps}, not at rest"
        hop = f" --hop {path.details['hop']}" if "hop" in path.details else ""
        lines.append(
            f"| `{case.words}{hop}` | {path.forward_eV:.2f} ± {std:.2f} | {path.reverse_eV:.2f} ± "
            f"{std:.2f} | {narrow.opening_A:.2f} Å between {len(narrow.anions)} O | "
            f"{max(path.atoms_outside_training, default=0)} of {path.n_atoms:,} | {steps} | "
            f"{case.published} |"
        )
        picture = path.directory / "path-picture.png"
        if case.name in PICTURED and picture.exists():
            shutil.copy(picture, IMAGES / f"path-{case.name}.png")
    used = paths[0][1][0].potential
    titles = {case.name: case.title for case in CASES}
    shown = [name for name in PICTURED if (IMAGES / f"path-{name}.png").exists()]
    pictures = [f"![{titles[name]}](images/path-{name}.png)" for name in shown]
    lines += ["", *hop_table(folder, paths), ""]
    lines += [
        f"| {' | '.join(row)} |" for row in ([titles[n] for n in shown], ["---"] * len(shown))
    ]
    lines += [f"| {' | '.join(pictures)} |"]
    lines += ["", f"Potential `{used}`; made by `python docs/paths_figures.py paths`."]
    replace("paths", "\n".join(lines))
    transition = folder / "transition" / "phase-transition.svg"
    if transition.exists():
        shutil.copy(transition, IMAGES / transition.name)
        replace(
            "transition",
            "![Lattice of LLZO on heating and cooling](images/phase-transition.svg)\n\n"
            f"{transition_table(transition.with_suffix('.json'))}\n\n"
            f"`sinterface phase-transition tetragonal.extxyz {LADDER}`, 192 atoms, `llzo-lco`.",
        )


def hop_table(folder: Path, paths: list[tuple[Case, list[MinimumEnergyPath]]]) -> list[str]:
    """Return the table of all hops found in each LLZO cell."""
    lines = [
        "| all hops of the cell | paths | lower barrier (eV) | higher barrier (eV) | slid back |",
        "|---|---:|---:|---:|---:|",
    ]
    for case, ways in paths:
        if not case.name.startswith("llzo"):
            continue
        lower = [min(way.forward_eV, way.reverse_eV) for way in ways]
        higher = [max(way.forward_eV, way.reverse_eV) for way in ways]
        slid = folder / case.name / SLID_NAME
        count = slid.read_text(encoding="utf-8").strip() if slid.exists() else "–"
        lines.append(
            f"| {case.title} | {len(ways)} | {min(lower):.2f}–{max(lower):.2f} | "
            f"{min(higher):.2f}–{max(higher):.2f} | {count} |"
        )
    return lines


def transition_table(path: Path) -> str:
    """Return the table of a phase transition."""
    found = json.loads(path.read_text(encoding="utf-8"))
    lines = ["| | this run | published |", "|---|---:|---:|"]
    for branch, published in (
        ("heating", "850–900 (Kim et al.), 898–918 (experiment)"),
        ("cooling", "–"),
    ):
        fit = found[branch]
        if fit is not None:
            words = fit["reason"] or f"{fit['temperature_K']:.0f} ± {fit['std_K']:.0f}"
            lines.append(f"| transition on {branch} (K) | {words} | {published} |")
    if found["hysteresis_K"] is not None:
        words = f"{found['hysteresis_K']:.0f} ± {found['hysteresis_std_K']:.0f}"
        lines.append(f"| hysteresis (K) | {words} | – |")
    for step in found["steps"]:
        if step["temperature_K"] in (450.0, 900.0, 1100.0):
            edges = " × ".join(f"{edge:.3f}" for edge in step["edges_A"])
            branch = step["branch"]
            near = MEASURED[step["temperature_K"]]
            words = f"edges at {step['temperature_K']:.0f} K, {branch} (Å)"
            lines.append(f"| {words} | {edges} | {near} |")
    return "\n".join(lines)


def replace(name: str, body: str) -> None:
    """Put text between the marks of a name."""
    text = PAGE.read_text(encoding="utf-8")
    pattern = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
    write_text(PAGE, re.sub(pattern, lambda m: f"{m[1]}{body}\n{m[2]}", text, flags=re.DOTALL))


def main() -> None:
    """Find what is asked, then publish what is finished."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=[case.name for case in CASES])
    parser.add_argument("--transition", action="store_true", help="heat LLZO too")
    parser.add_argument("--page", action="store_true", help="publish only")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if not arguments.page:
        for case in CASES:
            if arguments.only is None or case.name in arguments.only:
                find(arguments.folder, case)
        if arguments.transition:
            heat(arguments.folder)
    publish(arguments.folder)


if __name__ == "__main__":
    main()
