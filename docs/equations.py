"""Equations as MathML, which browsers draw themselves: the pages need no script and no network.

A hook of MkDocs (`hooks` in mkdocs.yml).
"""

from __future__ import annotations

import html
import re
from typing import Any

from latex2mathml.converter import convert

MARKED = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<latex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL
)
"""What pymdownx.arithmatex leaves in a page: \\(inline\\) in a span, \\[displayed\\] in a div."""


def on_page_content(page_html: str, **_: Any) -> str:
    """Return a page's HTML with MathML in place of LaTeX."""
    return MARKED.sub(_mathml, page_html)


def _mathml(found: re.Match[str]) -> str:
    shown = "block" if found["tag"] == "div" else "inline"
    return convert(html.unescape(found["latex"]).strip(), display=shown)
