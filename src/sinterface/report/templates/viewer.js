"use strict";
(function () {
  const host = document.getElementById("viewer");
  if (!host) return;
  const data = JSON.parse(document.getElementById("scene").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const kinds = bytes(data.kinds);
  const coordinates = {};
  for (const [label, text] of Object.entries(data.frames)) {
    coordinates[label] = new Int16Array(bytes(text).buffer);
  }
  const shown = new Set(data.symbols);
  let frame = Object.keys(data.frames)[0];
  let view = null;

  function atoms(label) {
    const xyz = coordinates[label];
    return Array.from(kinds, (kind, i) => ({
      elem: data.symbols[kind], index: i, serial: i,
      x: xyz[3 * i] * data.step_A, y: xyz[3 * i + 1] * data.step_A, z: xyz[3 * i + 2] * data.step_A,
      bonds: [], bondOrder: [],
    }));
  }

  function style() {
    view.setStyle({}, {});
    data.symbols.forEach((symbol, k) => {
      if (shown.has(symbol)) {
        view.setStyle({ elem: symbol }, { sphere: { radius: data.radii_A[k], color: data.colors[k] } });
      }
    });
    view.render();
  }

  function line(start, end, color, dashed) {
    const point = (p) => ({ x: p[0], y: p[1], z: p[2] });
    view.addLine({ start: point(start), end: point(end), color: color, dashed: dashed });
  }

  function frameLines() {
    const [a, b, c] = data.cell;
    const add = (...rows) => [0, 1, 2].map((i) => rows.reduce((sum, r) => sum + r[i], 0));
    const zero = [0, 0, 0];
    const grey = "#8a8f98";
    for (const [from, rest] of [[zero, [a, b, c]], [add(a, b), [c]], [add(a, c), [b]], [add(b, c), [a]],
                                [a, [b, c]], [b, [a, c]], [c, [a, b]]]) {
      for (const edge of rest) line(from, add(from, edge), grey, false);
    }
    data.boundaries_A.forEach((z, k) => {
      const lift = [0, 0, z];
      const color = k === 0 ? "#d55e00" : "#0080c6";
      line(lift, add(lift, a), color, false);
      line(lift, add(lift, b), color, false);
      line(add(lift, a), add(lift, a, b), color, false);
      line(add(lift, b), add(lift, a, b), color, false);
    });
  }

  function orient() {
    view.setView([0, 0, 0, 0, 0, 0, 0, 1]);
    view.zoomTo();
    view.rotate(-90, "y");
    view.rotate(90, "x");
    view.rotate(18, "y");
    view.rotate(14, "x");
    view.zoom(host.clientWidth > 1.6 * host.clientHeight ? 1.5 : 1.05);
    view.render();
  }

  function load(label, keep) {
    const camera = keep ? view.getView() : null;
    frame = label;
    view.removeAllModels();
    view.addModel().addAtoms(atoms(label));
    view.setClickable({}, true, (atom) => {
      view.removeAllLabels();
      view.addLabel(`${atom.elem} ${atom.index}, z = ${atom.z.toFixed(2)} Å`,
        { position: atom, backgroundColor: "#14171f", backgroundOpacity: 0.85, fontSize: 13 });
      view.render();
    });
    style();
    if (camera) { view.setView(camera); view.render(); } else orient();
    document.querySelectorAll("[data-frame]").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.frame === label)));
  }

  function start() {
    if (view) return;
    try {
      host.textContent = "";
      view = $3Dmol.createViewer(host, { backgroundAlpha: 0, backgroundColor: "white",
        orthographic: true, antialias: true, disableFog: true });
      frameLines();
      load(frame, false);
    } catch (error) {
      view = null;
      host.textContent = "This browser offers no WebGL; the still pictures above show the same cells.";
    }
  }

  document.querySelectorAll("[data-frame]").forEach((button) =>
    button.addEventListener("click", () => { start(); if (view) load(button.dataset.frame, true); }));
  document.querySelectorAll("[data-element]").forEach((button) =>
    button.addEventListener("click", () => {
      start();
      const symbol = button.dataset.element;
      if (shown.has(symbol)) shown.delete(symbol); else shown.add(symbol);
      button.setAttribute("aria-pressed", String(shown.has(symbol)));
      if (view) style();
    }));
  document.getElementById("viewer-reset").addEventListener("click", () => { start(); if (view) orient(); });
  host.addEventListener("wheel", (event) => event.preventDefault(), { passive: false });
  new IntersectionObserver((entries, observer) => {
    if (entries.some((entry) => entry.isIntersecting)) { observer.disconnect(); start(); }
  }, { rootMargin: "200px" }).observe(host);
})();
