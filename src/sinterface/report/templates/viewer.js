"use strict";
(function () {
  const host = document.getElementById("viewer");
  if (!host) return;
  const given = JSON.parse(document.getElementById("scene").textContent);
  const scenes = given.scenes || { "": given };
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const hidden = new Set();
  let data, kinds, coordinates, frame;
  let view = null;

  function choose(name) {
    data = scenes[name];
    kinds = bytes(data.kinds);
    coordinates = {};
    for (const [label, text] of Object.entries(data.frames)) {
      coordinates[label] = new Int16Array(bytes(text).buffer);
    }
    frame = Object.keys(data.frames)[0];
  }
  choose(Object.keys(scenes)[0]);

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
      if (!hidden.has(symbol)) {
        view.setStyle({ elem: symbol }, { sphere: { radius: data.radii_A[k], color: data.colors[k] } });
      }
    });
    view.render();
  }

  function line(start, end, color, radius) {
    const point = (p) => ({ x: p[0], y: p[1], z: p[2] });
    view.addCylinder({ start: point(start), end: point(end), color: color, radius: radius,
      fromCap: 2, toCap: 2 });
  }

  function frameLines() {
    const [a, b, c] = data.cell;
    const add = (...rows) => [0, 1, 2].map((i) => rows.reduce((sum, r) => sum + r[i], 0));
    const zero = [0, 0, 0];
    const grey = "#8a8f98";
    for (const [from, rest] of [[zero, [a, b, c]], [add(a, b), [c]], [add(a, c), [b]], [add(b, c), [a]],
                                [a, [b, c]], [b, [a, c]], [c, [a, b]]]) {
      for (const edge of rest) line(from, add(from, edge), grey, 0.05);
    }
    data.boundaries_A.forEach((z, k) => {
      const lift = [0, 0, z];
      const color = k === 0 ? "#d55e00" : "#0080c6";
      line(lift, add(lift, a), color, 0.14);
      line(lift, add(lift, b), color, 0.14);
      line(add(lift, a), add(lift, a, b), color, 0.14);
      line(add(lift, b), add(lift, a, b), color, 0.14);
    });
  }

  // The normal to the right on wide screens (x up, y to the eye), upwards on narrow ones.
  function orient() {
    const upright = host.clientWidth < 1.1 * host.clientHeight;
    const half = Math.SQRT1_2;
    view.zoomTo();
    const camera = view.getView().slice(0, 4);
    view.setView([...camera, ...(upright ? [-half, 0, 0, half] : [0.5, 0.5, 0.5, 0.5])]);
    view.rotate(upright ? 20 : -16, "vy");
    view.rotate(14, "vx");
    view.render();
    view.zoom(fit());
    view.render();
  }

  // By how much the picture may grow until the cell's corners meet the frame.
  function fit() {
    const [a, b, c] = data.cell;
    const places = [];
    for (const i of [0, 1]) for (const j of [0, 1]) for (const k of [0, 1]) {
      places.push(view.modelToScreen({ x: i * a[0] + j * b[0] + k * c[0],
        y: i * a[1] + j * b[1] + k * c[1], z: i * a[2] + j * b[2] + k * c[2] }));
    }
    const span = (axis) => Math.max(...places.map((p) => p[axis])) - Math.min(...places.map((p) => p[axis]));
    return 0.92 * Math.min(host.clientWidth / span("x"), host.clientHeight / span("y"));
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
  document.querySelectorAll("[data-scene]").forEach((button) =>
    button.addEventListener("click", () => {
      start();
      choose(button.dataset.scene);
      document.querySelectorAll("[data-scene]").forEach((other) =>
        other.setAttribute("aria-pressed", String(other === button)));
      if (!view) return;
      view.removeAllLabels();
      view.removeAllShapes();
      frameLines();
      load(frame, false);
    }));
  document.querySelectorAll("[data-element]").forEach((button) =>
    button.addEventListener("click", () => {
      start();
      const symbol = button.dataset.element;
      if (hidden.has(symbol)) hidden.delete(symbol); else hidden.add(symbol);
      button.setAttribute("aria-pressed", String(!hidden.has(symbol)));
      if (view) style();
    }));
  document.getElementById("viewer-reset").addEventListener("click", () => { start(); if (view) orient(); });
  // The wheel scrolls the page until the view has been clicked.
  host.addEventListener("wheel", (event) => {
    if (!host.contains(document.activeElement)) event.stopPropagation();
  }, { capture: true });
  host.addEventListener("pointerdown", () => host.focus({ preventScroll: true }));
  new IntersectionObserver((entries, observer) => {
    if (entries.some((entry) => entry.isIntersecting)) { observer.disconnect(); start(); }
  }, { rootMargin: "200px" }).observe(host);
})();
