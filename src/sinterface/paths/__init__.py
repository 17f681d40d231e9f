"""Minimum-energy paths of single hops: nudged elastic bands and the cases worth asking.

What a script or a stage of a study calls (all return frozen dataclasses):

- ``hop.Hop``: two end points of one hop, its name and what balances its charge;
  ``hop.hop_between(initial, final)`` makes one of any two structures of the same atoms;
- ``lco.lco_hop("single" | "divacancy", crystal=..., repeat=(4, 4, 1))``: Li along the layer of LCO;
- ``llzo.llzo_hops(atoms)``: hops between occupied and empty Li sites of cubic LLZO, best first,
  ``llzo.doped_llzo(cobalt="Li" | "La" | "Zr" | None)`` a cell to look in;
- ``layered_interface.cobalt_vacancy_hop(interface, side="upper" | "lower")``: Li from a Co vacancy
  of the outermost CoO2 layer into the inner Li layer;
- ``band.find_path(hop, potential, directory, ...)`` -> ``result.MinimumEnergyPath``: ends relaxed,
  IDPP near the ion, improved tangent, climbing image; resumes after a kill;
  ``band.find_first_path(hops, ...)`` takes the first hop whose ends are minima;
- ``result.read_path(directory)``: a finished path again;
- ``sinterface.report.path_figures.draw_path(path, folder)``: curve (SVG, PDF, PNG, CSV), picture.
"""
