// Our extension.nn: units, short-range repulsion, power-spectrum functions, the members of a committee.
#include <algorithm>
#include <filesystem>
#include <map>

#include "kernel/plan.hpp"
#include "reader.hpp"

namespace sinterface {

double Reader::unit(const Line& line, std::size_t k) const {
    static const std::map<std::string, double> sizes[] = {
        {{"angstrom", 1.0}, {"bohr", 0.529177210903}},
        {{"ev", 1.0}, {"hartree", 27.211386245988}, {"rydberg", 13.605693122994}, {"kcal/mol", 0.0433641043}, {"kj/mol", 0.0103642697}}};
    need(line, k + 1);
    std::string name = line.words[k], known;
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    for (const auto& [word, size] : sizes[k - 1]) {
        if (word == name) return size;
        known += word + ", ";
    }
    if (name.find_first_not_of("+.0123456789e-") != std::string::npos)
        fail(file, line.number, "unknown unit '" + name.substr(0, 40) + "'; known are " + known + "or a number in " + (k == 1 ? "Angstrom." : "eV."));
    const double size = number(line, k);
    if (!(size >= 1e-6 && size <= 1e6)) fail(file, line.number, "a unit must be a positive number of a sensible size.");
    return size;
}

void Reader::read_extension(const std::string& directory) {
    const std::string path = directory + "/extension.nn";
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return;
    for (const Line& line : read_lines(path)) {
        const std::string& key = line.words[0];
        if (key == "format_version") {
            need(line, 2);
            if (to_integer(file, line.number, line.words[1], 0, 1000000) != 1)
                fail(file, line.number, "format version " + line.words[1] + " is not known here (1 is); use a newer sinterface.");
        } else if (key == "zbl") {
            potential.repulsion = {true, number(line, 1), number(line, 2)}, settings.repulsion_line = line.number;
            if (!(potential.repulsion.inner > 0 && potential.repulsion.outer > potential.repulsion.inner))
                fail(file, line.number, "zbl needs an inner radius above 0 and a larger outer radius.");
        } else if (key == "units") {
            potential.length_unit = unit(line, 1), potential.energy_unit = unit(line, 2), settings.units_line = line.number;
        } else if (key == "spectrum") {  // after n2p2's rows, in the order of the lines
            const Row row = read_spectrum_row(file, line, potential.elements);
            potential.max_cutoff = std::max(potential.max_cutoff, row.cutoff);
            potential.elements[static_cast<std::size_t>(row.center)].rows.push_back(row);
        } else if (key == "committee_member") {
            need(line, 2), settings.members.push_back(line);
            if (static_cast<int>(settings.members.size()) >= max_members)
                fail(file, line.number, "a committee has at most " + std::to_string(max_members) + " members.");
        } else {
            fail(file, line.number, "unknown keyword '" + key + "'; known are format_version, units, zbl, spectrum and committee_member.");
        }
    }
}

void Reader::check_member(const Reader& first, const std::string& directory) {
    read_extension(directory);
    check_rows(directory);
    check_same_functions(first.potential, potential, file, settings.elements_line, settings.cutoff_line);
    const Settings &a = first.settings, &b = settings;
    if (a.scale != b.scale || a.center != b.center || a.sigma != b.sigma || a.scale_min != b.scale_min || a.scale_max != b.scale_max)
        fail(file, b.scale_line, "scales the symmetry functions otherwise than the committee's first member.");
    std::error_code error;
    file = directory + "/extension.nn";
    if (!settings.members.empty()) fail(file, settings.members[0].number, "a member of a committee cannot be a committee itself.");
    if (std::filesystem::exists(directory + "/extension.nn", error) &&
        (potential.length_unit != first.potential.length_unit || potential.energy_unit != first.potential.energy_unit))
        fail(file, settings.units_line, "has other units than the committee's first member.");
    const Repulsion &own = potential.repulsion, &common = first.potential.repulsion;
    if (std::filesystem::exists(directory + "/extension.nn", error) && (own.active != common.active || own.inner != common.inner || own.outer != common.outer))
        fail(file, settings.repulsion_line, "the zbl line differs from that of the committee's first member.");
}

void Reader::read_member(const std::string& parent, const Line& line) {
    const std::string directory = (std::filesystem::path(parent) / line.words[1]).string();
    std::error_code error;
    if (!std::filesystem::is_directory(directory, error)) fail(file, line.number, "there is no folder '" + directory + "' of a committee's member.");
    Reader member;
    std::string input = parent + "/input.nn";
    if (std::filesystem::exists(directory + "/input.nn", error)) {
        input = directory + "/input.nn";
        member.read_input(directory);
        member.check_member(*this, directory);
    } else {
        member.potential = potential, member.settings = settings;
        for (Element& element : member.potential.elements) element.layers.clear();
    }
    if (std::filesystem::exists(directory + "/scaling.data", error)) {
        for (Element& element : member.potential.elements) element.factor.clear(), element.offset.clear();
        member.read_scaling(directory);
        check_same_scaling(potential, member.potential, member.file, settings.sigma);
    }
    Member found{line.words[1], member.potential.mean_energy, member.potential.conv_energy, {}, {}};
    for (std::size_t e = 0; e < potential.elements.size(); ++e) {
        member.read_network(input, directory, e);
        found.atom_energies.push_back(member.potential.elements[e].atom_energy);
        found.layers.push_back(std::move(member.potential.elements[e].layers));
    }
    for (const std::string& warning : member.potential.warnings)
        if (std::find(potential.warnings.begin(), potential.warnings.end(), warning) == potential.warnings.end()) potential.warnings.push_back(warning);
    potential.further_members.push_back(std::move(found));
}

}  // namespace sinterface
