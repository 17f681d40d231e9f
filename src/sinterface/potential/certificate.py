"""The stability certificate of a potential, where it has one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.files import write_text

if TYPE_CHECKING:
    from sinterface.potential.model import Potential

CERTIFICATE_NAME = "certificate.json"


@dataclass(frozen=True)
class Standing:
    """What a certificate says of a potential.

    Attributes
    ----------
    state
        ``"pass"``, ``"fail"``, ``"not judged"``, ``"none"`` or ``"of another potential"`` (its
        files have changed since, or the certificate was copied).
    length
        ``"full"``, ``"quick"``, or empty.
    failed
        Names of the checks that failed.
    """

    state: str
    length: str = ""
    failed: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain strings."""
        return {"state": self.state, "length": self.length, "failed": list(self.failed)}


def standing(potential: Potential) -> Standing:
    """Return what the certificate beside a potential's files says."""
    content = _read(potential.directory / CERTIFICATE_NAME)
    if not content:
        return Standing("none")
    if content.get("potential", {}).get("fingerprint") != potential.fingerprint:
        return Standing("of another potential")
    failed = tuple(line["name"] for line in content["lines"] if line["verdict"] == "fail")
    return Standing(str(content["verdict"]), str(content["length"]), failed)


def warning(potential: Potential) -> str:
    """Return what a person must know before relying on a potential; empty if nothing."""
    found = standing(potential)
    name = potential.directory.name
    advice = (
        f"Make one: sinterface certify {name if _is_shipped(potential) else potential.directory}"
    )
    if found.state == "none":
        return f"The potential '{name}' has no stability certificate. {advice}"
    if found.state == "of another potential":
        return (
            f"The stability certificate beside the potential '{name}' belongs to other files than "
            f"those there now. {advice}"
        )
    if found.state == "fail":
        return (
            f"The potential '{name}' failed its stability certificate: {', '.join(found.failed)}. "
            f"See {potential.directory / CERTIFICATE_NAME}"
        )
    if found.state != "pass":
        return f"The stability certificate of the potential '{name}' is incomplete. {advice}"
    if found.length == "quick":
        return f"The potential '{name}' has passed a quick certificate only. {advice}"
    return ""


def keep_certificate(potential: Potential, content: Mapping[str, Any]) -> Path | None:
    """Lay a certificate, without its curves, beside the potential's files.

    Return its path, None if it wasn't laid.

    A quick one doesn't replace a full one of the same potential, and nothing is written where
    the folder is read-only.
    """
    old = standing(potential)
    if content["length"] == "quick" and old.length == "full":
        return None
    path = potential.directory / CERTIFICATE_NAME
    try:
        short = {key: value for key, value in content.items() if key != "details"}
        write_text(path, json.dumps(short, indent=1, allow_nan=False) + "\n")
    except PermissionError:
        return None
    return path


def certificate_of(potential: Potential) -> dict[str, Any] | None:
    """Return the certificate beside a potential's files; None unless there is one of these."""
    content = _read(potential.directory / CERTIFICATE_NAME)
    mark = content.get("potential", {}).get("fingerprint")
    return content if content and mark == potential.fingerprint else None


def _is_shipped(potential: Potential) -> bool:
    from sinterface.potential.model import SHIPPED

    return potential.directory.parent == SHIPPED.resolve()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    keys = ("lines", "verdict", "length", "potential")
    return content if isinstance(content, dict) and all(key in content for key in keys) else {}
