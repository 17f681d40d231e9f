"""Build every structure of gallery.txt that changed, and write the page gallery.md.

The table of LLZO's boundaries in grain-boundaries.md is written from their certificates too.

``python docs/gallery.py`` (all), ``--only llzo lco`` (these), ``--force`` (again), ``--page`` (only
the page, from what is there), ``--found DIR`` (structures that the same command, but for its -o,
has already written to DIR are taken from there). Pictures and certificates stand in
docs/images/gallery.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sinterface.files import write_text
from sinterface.report import certificate_words as words
from sinterface.report.structure_picture import structure_png
from sinterface.structures.formats import read_structure

HERE = Path(__file__).parent
FOLDER = HERE / "images" / "gallery"
WIDEST = 520
HIDDEN = (
    "shortest as built", "dividing", "placements", "seconds", "cpu seconds", "li ", "terminations",
    "annealed energy", "energy J", "build s", "search s", "lattices", "gaps",
    "boundaries differ", "mobile",
)  # fmt: skip
PAPER_J_PER_M2 = {
    "gb-5-210": 0.62, "gb-13-320": 1.17, "gb-3-111": 0.99, "gb-9-122": 1.23, "gb-3-112": 0.68,
    "gb-7-213": 1.26,
}  # fmt: skip
"""Kim et al., Energy Storage Mater. (2024): the boundary of that axis and order."""

HEAD = """# Gallery

Every structure of the study, with the certificate that `sinterface build` wrote beside it. This
page is made by one command, which builds what has changed since it was last run:

    python docs/gallery.py

The list that it reads is `docs/gallery.txt`, one structure a line. Colours: Co yellow, La green,
Zr magenta, Li blue, O red, other elements grey; the dotted line is the cell. How to build each,
and what to look out for, is in [Structures](structures.md).
"""


@dataclass(frozen=True)
class Entry:
    """A line of gallery.txt."""

    section: str
    name: str
    title: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command as a person types it."""
        return shlex.join(["sinterface", "build", *self.arguments, "-o", f"{self.name}.extxyz"])

    @property
    def certificate(self) -> Path:
        """Where its certificate is kept."""
        return FOLDER / f"{self.name}.json"

    @property
    def picture(self) -> Path:
        """Where its picture is kept."""
        return FOLDER / f"{self.name}.png"


def entries(text: str) -> Iterator[Entry]:
    """Yield the structures of gallery.txt."""
    section = ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:].strip()
        elif line.strip() and not line.startswith("#"):
            name, title, arguments = (part.strip() for part in line.split("|", 2))
            yield Entry(section, name, title, tuple(shlex.split(arguments)))


def build(entry: Entry, work: Path) -> None:
    """Run one command in `work`; keep its certificate and a small picture."""
    command = [sys.executable, "-m", "sinterface.cli", *shlex.split(entry.command)[1:]]
    subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL)
    figures = json.loads((work / f"{entry.name}.certificate.json").read_text("utf-8"))
    figures["command"] = entry.command
    write_text(entry.certificate, json.dumps(figures, indent=1) + "\n")
    picture(work / f"{entry.name}.extxyz", entry)


def take(entry: Entry, folders: list[Path]) -> bool:
    """Take the structure that the same command wrote to one of `folders`; whether there was one."""
    for folder in folders:
        for path in sorted(folder.glob("*.certificate.json")):
            structure = path.with_name(path.name.replace(".certificate.json", ".extxyz"))
            figures = json.loads(path.read_text("utf-8"))
            if not structure.is_file() or _bare(figures["command"]) != _bare(entry.command):
                continue
            if not made_now(figures):
                continue
            figures["command"] = entry.command
            picture(structure, entry)
            write_text(entry.certificate, json.dumps(figures, indent=1) + "\n")
            return True
    return False


def _bare(command: str) -> list[str]:
    """Return the words of a command without its output and what doesn't change the structure."""
    bare, words_left = [], shlex.split(command)
    while words_left:
        word = words_left.pop(0)
        if word in ("-o", "--output", "--processes", "--threads"):
            words_left.pop(0)
        elif word != "--json":
            bare.append(word)
    return sorted(bare)


def picture(structure: Path, entry: Entry) -> None:
    """Draw a built structure as it stands in the page."""
    entry.picture.write_bytes(structure_png(read_structure(structure), WIDEST))


def current(entry: Entry) -> bool:
    """Whether an entry was built by the command that stands in the list now."""
    if not (entry.certificate.is_file() and entry.picture.is_file()):
        return False
    made: dict[str, Any] = json.loads(entry.certificate.read_text("utf-8"))
    return bool(made.get("command") == entry.command) and made_now(made)


def made_now(figures: dict[str, Any]) -> bool:
    """Whether what was made with a shipped potential was made with its present content."""
    details, source = figures["details"], figures["source"]
    relaxed = details.get("energetics", {}).get("relaxed")
    if not (relaxed or "potential_energy_eV_per_atom" in details or "potential" in source):
        return True
    name, mark = source.get("potential", "llzo-lco"), source.get("potential_fingerprint")
    return bool(mark == fingerprint(name))


@cache
def fingerprint(name: str) -> str:
    """Return the first letters of a shipped potential's fingerprint."""
    from sinterface.potential.model import load_potential

    return load_potential(name).fingerprint[:12]


def page(listed: list[Entry]) -> str:
    """Return the page in Markdown, from the certificates that are there."""
    parts = [HEAD, _overview(listed)]
    section = ""
    for entry in listed:
        if not entry.certificate.is_file():
            continue
        if entry.section != section:
            section = entry.section
            parts.append(f"## {section}\n")
        parts.append(_entry(entry, json.loads(entry.certificate.read_text("utf-8"))))
    return "\n".join(parts)


def _overview(listed: list[Entry]) -> str:
    rows = [
        "| structure | formula | atoms | density (g/cm³) | charge |",
        "|---|---|--:|--:|--:|",
    ]
    for entry in listed:
        if not entry.certificate.is_file():
            continue
        made = json.loads(entry.certificate.read_text("utf-8"))
        rows.append(
            f"| [{entry.title}](#{entry.name}) | {made['formula']} | {made['n_atoms']:,} "
            f"| {made['density_g_per_cm3']:.3f} | {abs(made['charge_e']):g} |"
        )
    return "\n".join(rows) + "\n"


def _entry(entry: Entry, figures: dict[str, Any]) -> str:
    rows = [*words.facts(figures)]
    distances = ", ".join(
        f"{pair} {shortest:.2f} ({limit:.1f})"
        for pair, shortest, limit, _ in words.contact_rows(figures)
    )
    rows.append(("shortest distances (limit), Å", distances))
    rows += [
        (f"anions around {element} {place}".strip(), counts)
        for element, place, counts in words.polyhedron_rows(figures)
    ]
    rows += [("parent", line) for line in words.parents(figures)]
    own = words.own_figures(figures).items()
    rows += [(name, text) for name, text in own if not name.startswith(HIDDEN)]
    table = "\n".join(f"| {name} | {text} |" for name, text in rows)
    return (
        f"### {entry.title} {{ #{entry.name} }}\n\n"
        f"![{entry.title}](images/gallery/{entry.name}.png)\n\n"
        f"    {figures['command']}\n\n"
        f"| figure | value |\n|---|---|\n{table}\n"
    )


def boundary_rows(listed: list[Entry]) -> str:
    """Return the table of grain-boundaries.md from the certificates that are there."""
    rows = [
        "| boundary | atoms | edges (Å) | atoms annealed | γ at rest | γ annealed (runs) "
        "| paper, same axis |",
        "|---|--:|---|--:|--:|--:|--:|",
    ]
    for entry in listed:
        if entry.name not in PAPER_J_PER_M2 or not entry.certificate.is_file():
            continue
        made = json.loads(entry.certificate.read_text("utf-8"))
        details = made["details"]
        annealed = details.get("annealed_energy")
        if not annealed:
            continue
        error = annealed["standard_error_J_per_m2"]
        rows.append(
            f"| {details['boundary']} | {made['n_atoms']:,} "
            f"| {' × '.join(f'{edge:.1f}' for edge in made['edges_A'])} "
            f"| {annealed['n_atoms']:,} | {details['energy_J_per_m2']:.2f} "
            f"| {annealed['energy_J_per_m2']:.2f} ± {error:.2f} ({annealed['settings']['n_runs']}) "
            f"| {PAPER_J_PER_M2[entry.name]:.2f} |"
        )
    return "\n".join(rows) + "\n"


def replace_between(path: Path, mark: str, text: str) -> None:
    """Put `text` between the two lines ``<!-- mark -->`` of a page."""
    line = f"<!-- {mark} -->\n"
    before, _, after = path.read_text("utf-8").split(line)
    write_text(path, f"{before}{line}{text}{line}{after}")


def main() -> None:
    """Build what changed, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="names of the list")
    parser.add_argument("--force", action="store_true", help="build again what is up to date")
    parser.add_argument("--page", action="store_true", help="only write the page")
    parser.add_argument("--found", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--work", type=Path, default=HERE.parent / "runs" / "gallery")
    options = parser.parse_args()
    listed = list(entries((HERE / "gallery.txt").read_text("utf-8")))
    FOLDER.mkdir(parents=True, exist_ok=True)
    options.work.mkdir(parents=True, exist_ok=True)
    for entry in [] if options.page else listed:
        wanted = not options.only or entry.name in options.only
        if wanted and (options.force or not current(entry)):
            if take(entry, options.found):
                continue
            sys.stderr.write(f"{entry.command}\n")
            build(entry, options.work)
    write_text(HERE / "gallery.md", page(listed))
    replace_between(HERE / "grain-boundaries.md", "boundaries", boundary_rows(listed))
    names = {entry.name for entry in listed}
    for path in [] if options.only else FOLDER.iterdir():
        if path.stem not in names:
            path.unlink()
    sys.stdout.write(f"{HERE / 'gallery.md'}\n")


if __name__ == "__main__":
    main()
