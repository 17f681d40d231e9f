"""The report of a study of any kind: one HTML file that opens offline, a BibTeX file beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from sinterface.files import write_text
from sinterface.report import content, references, study_words, viewer
from sinterface.report.palette import element_color
from sinterface.report.sections import MANY_ROWS, shown_section, way_between
from sinterface.report.study_methods import methods, reference_keys
from sinterface.report.study_results import StudyResults, Value, heading
from sinterface.report.study_structures import ShownStructure, shown_structures

REPORT_NAME = "report.html"
BIBTEX_NAME = "references.bib"


def write_study_report(
    directory: Path,
    results: StudyResults,
    folder: Path,
    *,
    card: Mapping[str, Any] | None = None,
    certificate: Mapping[str, Any] | None = None,
) -> Path:
    """Write ``report.html`` and ``references.bib`` into `directory`; return the page.

    Parameters
    ----------
    directory
        Folder of the report; made when missing.
    results
        What the study found.
    folder
        Folder of ``results.json``, to which its paths are relative.
    card
        Content of the potential's ``potential.toml``, with ``cutoff_A`` and ``fingerprint`` where
        known; None where a reference calculator moved the atoms.
    certificate
        Content of the potential's ``certificate.json``, where there is one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    context = report_context(results, folder, way_between(directory, folder), card, certificate)
    entries = context["references"]
    write_text(directory / BIBTEX_NAME, "\n\n".join(one.bibtex for one in entries) + "\n")
    path = directory / REPORT_NAME
    write_text(path, _rendered(context))
    return path


def report_context(
    results: StudyResults,
    folder: Path,
    link: str,
    card: Mapping[str, Any] | None,
    certificate: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return all that the template shows."""
    compared = study_words.comparisons(results)
    paragraphs = methods(results, card)
    sources = tuple(
        dict.fromkeys(
            other.source for _, other, _ in compared if other.source in references.known_keys()
        )
    )
    keys = reference_keys(paragraphs, sources)
    entries = references.references(keys)
    numbers = {entry.key: index for index, entry in enumerate(entries, 1)}
    structures = shown_structures(results.structures, folder, link)
    error_key, error_header, error_rows = content.error_table(card or {})
    return {
        "results": results,
        "subtitle": _subtitle(results),
        "headlines": study_words.headlines(results),
        "comparison": study_words.comparison_sentence(compared),
        "compared": [_compared_row(*one, numbers) for one in compared],
        "limits": study_words.limits(results, card, certificate),
        "value_headings": value_headings(results.values),
        "values": value_rows(results.values),
        "folded": len(results.values) > MANY_ROWS,
        "sections": [shown_section(one, folder, link) for one in results.sections],
        "structures": structures,
        "scenes": _scenes(structures),
        "elements": sorted({symbol for one in structures for symbol in one.scene["symbols"]}),
        "card": content.rows([card], skip=(error_key,)) if card else [],
        "error_header": error_header,
        "error_rows": error_rows,
        "certificate": certificate,
        "methods": [_cited(text, own, numbers) for text, own in paragraphs],
        "references": entries,
        "settings": content.rows([results.settings]),
        "provenance": content.rows([_told(results.provenance)]),
        "stages": _stages(results.provenance),
        "link": link,
    }


def _subtitle(results: StudyResults) -> str:
    parts = [f"{len(results.values)} values"] if results.values else []
    resolved = sum(one.resolved for one in results.values)
    parts += [f"{resolved} resolved"] if results.values else []
    parts += [f"{results.scale} scale"] if results.scale else []
    return " · ".join(parts)


def value_headings(values: Sequence[Value]) -> list[str]:
    """Return the names of the conditions that the values have."""
    return [study_words.spoken(name) for name in _conditions(values).values()]


def _conditions(values: Sequence[Value]) -> dict[str, str]:
    return {heading(one): one.name for value in values for one in value.conditions}


def value_rows(values: Sequence[Value]) -> list[dict[str, Any]]:
    """Return a line a value: name, conditions in the order of `value_headings`, number, reason."""
    columns = list(_conditions(values))
    rows = []
    for value in values:
        told = {heading(one): study_words.condition_text(one) for one in value.conditions}
        rows.append(
            {
                "name": value.name,
                "conditions": [told.get(name, "") for name in columns],
                "value": study_words.value_text(value),
                "interval": study_words.interval_text(value),
                "resolved": value.resolved,
                "reason": value.reason,
            }
        )
    return rows


def _compared_row(value: Value, other: Any, verdict: Any, numbers: Mapping[str, int]) -> Any:
    number = numbers.get(other.source)
    return {
        "name": value.name,
        "where": study_words.conditions_text(value.conditions),
        "value": study_words.value_text(value),
        "interval": study_words.interval_text(value),
        "published": other.text(),
        "what": other.what,
        "by": other.by,
        "key": other.source if number else "",
        "number": number,
        "source": other.source,
        "verdict": verdict.verdict,
        "words": verdict.words,
    }


def _cited(text: str, keys: Sequence[str], numbers: Mapping[str, int]) -> Mapping[str, Any]:
    return {"text": text, "cited": [(key, numbers[key]) for key in keys]}


def _scenes(structures: Sequence[ShownStructure]) -> str:
    """Return the JSON of the rotatable view, safe to stand inside a script element."""
    scenes = {one.name: one.scene for one in structures}
    return json.dumps({"scenes": scenes}).replace("<", r"\u003c")


def _told(provenance: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in provenance.items()
        if key not in ("stages", "settings", "dynamics")
    }


def _stages(provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    stages = provenance.get("stages", {})
    rows = []
    for name, told in stages.items() if isinstance(stages, Mapping) else ():
        entry = told if isinstance(told, Mapping) else {"hash": told}
        seconds = entry.get("wall_s")
        rows.append(
            {
                "name": name,
                "hash": str(entry.get("hash") or "")[:12],
                "seed": entry.get("seed"),
                "ended": str(entry.get("ended") or "")[:19].replace("T", " "),
                "seconds": "" if seconds is None else f"{float(seconds):.0f}",
            }
        )
    return rows


def _rendered(context: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sinterface.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates = files("sinterface.report") / "templates"
    environment.globals |= {
        "element_color": element_color,
        "library": viewer.script() if context["structures"] else "",
        "library_licence": viewer.licence() if context["structures"] else "",
        "css": (templates / "report.css").read_text(encoding="utf-8"),
        "viewer_script": (templates / "viewer.js").read_text(encoding="utf-8"),
    }
    return environment.get_template("study-report.html.j2").render(**context)
