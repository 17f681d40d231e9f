"""The references of a report, read from one BibTeX file."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Reference:
    """One entry.

    Attributes
    ----------
    key, authors, title, journal, volume, pages, year, doi
        Its fields; empty where missing.
    bibtex
        The entry as it stands in the file.
    """

    key: str
    authors: str
    title: str
    journal: str
    volume: str
    pages: str
    year: str
    doi: str
    bibtex: str


def references(keys: tuple[str, ...] = ()) -> list[Reference]:
    """Return the entries named by `keys`, in that order; all of them when none is named."""
    found = _entries()
    return [found[key] for key in keys] if keys else list(found.values())


def known_keys() -> frozenset[str]:
    """Return the keys of all entries."""
    return frozenset(_entries())


@functools.cache
def _entries() -> dict[str, Reference]:
    folder = files("sinterface.report") / "templates"
    text = (folder / "references.bib").read_text(encoding="utf-8")
    return {entry.key: entry for entry in map(_parse, re.split(r"\n(?=@)", text.strip()))}


def _parse(bibtex: str) -> Reference:
    fields = dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", bibtex, flags=re.MULTILINE))
    names = [_name(person) for person in fields.get("author", "").split(" and ")]
    key = re.match(r"@\w+\{([^,]+),", bibtex)
    return Reference(
        key=key.group(1) if key else "",
        authors=", ".join(names),
        title=fields.get("title", "").replace(" - ", " – "),
        journal=fields.get("journal", ""),
        volume=fields.get("volume", ""),
        pages=fields.get("pages", "").replace("--", "–"),
        year=fields.get("year", ""),
        doi=fields.get("doi", ""),
        bibtex=bibtex.strip(),
    )


def _name(person: str) -> str:
    """Return "K. Kim" for "Kim, Kwangnam" and "et al." for "others"."""
    if person.strip() == "others":
        return "et al."
    last, _, first = person.partition(", ")
    return " ".join([*(f"{part[0]}." for part in first.split()), last])
