"""Reports in a real browser: no error, no request, figures visible on a phone and on a desk."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from unit.report.synthetic_study import CARD, CERTIFICATE, make_study

from sinterface.report.study_report import write_study_report

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed"),
]

PROBE = """
<script>
window.addEventListener("load", () => {
  document.getElementById("viewer-reset").click();
  setTimeout(() => {
  const drawn = [...document.querySelectorAll("svg.figure")];
  const boxes = drawn.map((one) => one.getBoundingClientRect());
  const told = document.createElement("pre");
  told.id = "probe";
  told.textContent = JSON.stringify({
    requests: performance.getEntriesByType("resource").map((one) => one.name)
      .filter((name) => /^https?:/.test(name)),
    figures: boxes.map((box) => [box.width, box.height]),
    canvas: document.querySelectorAll("#viewer canvas").length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    errors: window.probeErrors,
  });
  document.body.append(told);
  }, 4000);
});
</script>"""

WATCH = """<script>
window.probeErrors = [];
window.addEventListener("error", (event) => window.probeErrors.push(String(event.message)));
window.addEventListener("securitypolicyviolation",
  (event) => window.probeErrors.push("blocked: " + event.blockedURI));
const original = console.error;
console.error = (...words) => { window.probeErrors.push(words.join(" ")); original(...words); };
</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    results = make_study(folder / "results")
    results.write(folder / "results")
    return write_study_report(
        folder / "report", results, folder / "results", card=CARD, certificate=CERTIFICATE
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_the_whole_page(page: Path, tmp_path: Path, width: int) -> None:
    text = page.read_text()
    watched = tmp_path / "page.html"
    watched.write_text(text.replace("<head>", f"<head>{WATCH}") + PROBE)
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--virtual-time-budget=9000", f"--window-size={width},900",
        f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"file://{watched}",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    _, _, rest = run.stdout.partition('<pre id="probe">')
    found = json.loads(rest.partition("</pre>")[0])
    assert found["requests"] == []
    assert found["errors"] == []
    assert len(found["figures"]) == 1
    assert all(box[0] > 250 and box[1] > 150 for box in found["figures"])
    assert found["canvas"] == 1
    assert found["overflow"] <= 0
