// The one reader of potentials: n2p2's input.nn, scaling.data, weights.ZZZ.data and our extension.nn.
#include "reader.hpp"

namespace sinterface {

static const char* const symbols[] = {
    "",   "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",  "Cl", "Ar", "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn",
    "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb",
    "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir",
    "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr"};

int atomic_number(const std::string& symbol) {
    for (int z = 1; z < static_cast<int>(sizeof symbols / sizeof symbols[0]); ++z)
        if (symbol == symbols[z]) return z;
    return 0;
}

// Rows and energies in Å and eV: the symmetry functions' values, and so scaling and weights, stay what they are.
static void convert_units(Potential& potential) {
    const double length = potential.length_unit, energy = potential.energy_unit;
    if (length == 1 && energy == 1) return;
    potential.max_cutoff *= length;
    potential.mean_energy *= energy, potential.conv_energy /= energy;
    for (Element& element : potential.elements) {
        element.atom_energy *= energy;
        for (Row& row : element.rows) {
            row.eta /= length * length, row.second_eta /= length * length;
            for (double* each : {&row.shift, &row.second_shift, &row.cutoff, &row.left}) *each *= length;
        }
    }
    for (Member& member : potential.further_members) {
        member.mean_energy *= energy, member.conv_energy /= energy;
        for (double& atom_energy : member.atom_energies) atom_energy *= energy;
    }
}

Potential read_potential(const std::string& directory, bool networks) {
    Reader reader;
    reader.read_input(directory);
    reader.read_extension(directory);
    reader.check_rows(directory);
    if (networks) {
        reader.read_scaling(directory);
        for (std::size_t e = 0; e < reader.potential.elements.size(); ++e) reader.read_network(directory + "/input.nn", directory, e);
        reader.file = directory + "/extension.nn";
        for (const Line& line : reader.settings.members) reader.read_member(directory, line);
        reader.potential.has_networks = true;
    }
    convert_units(reader.potential);
    return std::move(reader.potential);
}

}  // namespace sinterface
