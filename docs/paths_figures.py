"""Find every path of the page paths.md with the shipped potential, heat LLZO, and publish both.

    python docs/paths_figures.py paths              # a folder that keeps the runs
    python docs/paths_figures.py paths --only lco-single lco-divacancy
    python docs/paths_figures.py paths --transition # also heat and cool tetragonal LLZO (hours)
    python docs/paths_figures.py paths --page       # figures and table from what is finished

The interface is built by `sinterface build interface` where `FOLDER/flat.extxyz` isn't there;
put a snapshot of a long run there to take that instead.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from sinterface.files import write_text
from sinterface.paths.result import RESULT_NAME, MinimumEnergyPath, read_path
from sinterface.report.path_figures import draw_curve
from sinterface.report.style import freeze_layout, save, style

HERE = Path(__file__).parent
IMAGES, PAGE = HERE / "images", HERE / "paths.md"
INTERFACE = "flat.extxyz"
COLUMNS = 3


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
    Case(
        "llzo-co-zr-far", "llzo --cobalt Zr --to-cobalt far", "LLZO far from Co", "0.15–0.49 (DFT)"
    ),
    Case(
        "interface-lower", f"interface {INTERFACE} --side lower --free-within-A 8",
        "LLZO(001)|LCO(003), lower side", "0.88, 0.39 (paper)",
    ),
    Case(
        "interface-upper", f"interface {INTERFACE} --side upper --free-within-A 8",
        "LLZO(001)|LCO(003), upper side", "0.88, 0.39 (paper)",
    ),
)  # fmt: skip
LADDER = "--start-K 300 --end-K 1200 --step-K 50 --hold-ps 40 --settle-ps 10 --ramp-ps 10"


def sinterface(folder: Path, *words: str) -> bool:
    """Run a command there; return whether it ended well."""
    sys.stderr.write(f"$ sinterface {' '.join(words)}\n")
    done = subprocess.run([sys.executable, "-m", "sinterface.cli", *words], cwd=folder, check=False)
    return done.returncode == 0


def find(folder: Path, case: Case) -> None:
    """Find a path, or go on with it."""
    if INTERFACE in case.words and not (folder / INTERFACE).exists():
        plane = ("--electrolyte-plane", "0", "0", "1", "--electrode-plane", "0", "0", "3")
        words = ("build", "interface", "llzo", "lco", *plane, "--size", "small", "-o", INTERFACE)
        if not sinterface(folder, *words):
            return
    sinterface(folder, "neb", *case.words.split(), "-o", case.name)


def heat(folder: Path) -> None:
    """Heat and cool tetragonal LLZO, 1,536 atoms, or go on."""
    if not (folder / "tetragonal.extxyz").exists():
        words = ("build", "crystal", "llzo-tetragonal", "--repeat", "2", "2", "2")
        sinterface(folder, *words, "-o", "tetragonal.extxyz")
    words = ("phase-transition", "tetragonal.extxyz", *LADDER.split(), "-o", "transition")
    sinterface(folder, *words)


def found_paths(folder: Path) -> list[tuple[Case, MinimumEnergyPath]]:
    """Return what is finished."""
    found = []
    for case in CASES:
        places = sorted((folder / case.name).glob(f"**/{RESULT_NAME}"))
        if places:
            found.append((case, read_path(places[0].parent)))
    return found


def draw_all(paths: list[tuple[Case, MinimumEnergyPath]]) -> None:
    """Draw all curves as one figure."""
    rows = -(-len(paths) // COLUMNS)
    with style():
        figure = Figure(figsize=(3.1 * COLUMNS, 2.6 * rows), layout="constrained")
        grid = figure.subplots(rows, COLUMNS, squeeze=False)
        for axis in grid.flat[len(paths) :]:
            axis.set_visible(False)
        for axis, (case, path) in zip(grid.flat, paths, strict=False):
            draw_curve(axis, path)
            axis.set_title(case.title)
        freeze_layout(figure)
    save(figure, IMAGES, "paths", ("svg", "png"))


def publish(folder: Path) -> None:
    """Put figures and table into the docs."""
    paths = found_paths(folder)
    if not paths:
        raise SystemExit("No path is finished.")
    draw_all(paths)
    lines = [
        "![Energy along each path](images/paths.svg)",
        "",
        "| `sinterface neb` | forward (eV) | backward (eV) | narrowest | converged | published |",
        "|---|---:|---:|---|---|---|",
    ]
    for case, path in paths:
        narrow = path.bottleneck
        lines.append(
            f"| `{case.words}` | {path.forward_eV:.2f} | {path.reverse_eV:.2f} | "
            f"{path.ion}–{narrow.anions[0] if narrow.anions else 'O'} {narrow.opening_A:.2f} Å | "
            f"{'yes' if path.converged else 'no'} | {case.published} |"
        )
        picture = next(iter(sorted(path.directory.glob("path-picture.png"))), None)
        if picture is not None:
            shutil.copy(picture, IMAGES / f"path-{case.name}.png")
    used = paths[0][1].potential
    lines += ["", f"Potential `{used}`; made by `python docs/paths_figures.py paths`."]
    replace("paths", "\n".join(lines))
    transition = folder / "transition" / "phase-transition.svg"
    if transition.exists():
        for kind in ("svg", "png"):
            shutil.copy(transition.with_suffix(f".{kind}"), IMAGES / f"phase-transition.{kind}")
        replace(
            "transition",
            "![Lattice of LLZO on heating and cooling](images/phase-transition.svg)\n\n"
            f"`sinterface phase-transition tetragonal.extxyz {LADDER}`, 1,536 atoms.",
        )


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
