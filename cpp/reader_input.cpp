// n2p2's input.nn: elements, symmetry functions, the shape of the networks.
#include <algorithm>
#include <cmath>

#include "reader.hpp"

namespace sinterface {

std::vector<Line> Reader::read_lines(const std::string& path, const char* comments) {
    file = path;
    TextFile text = read_text(path, comments);
    if (!text.ended) potential.warnings.push_back(path + " ends within a line: it may be cut short.");
    return std::move(text.lines);
}

void Reader::read_elements(const Line& line) {
    for (std::size_t k = 1; k < line.words.size(); ++k) {
        Element element;
        element.symbol = line.words[k];
        element.atomic_number = atomic_number(element.symbol);
        if (element.atomic_number == 0) fail(file, line.number, "'" + element.symbol + "' is no chemical symbol.");
        for (const Element& other : potential.elements)
            if (other.symbol == element.symbol) fail(file, line.number, "element '" + element.symbol + "' stands twice.");
        potential.elements.push_back(std::move(element));
    }
    std::sort(potential.elements.begin(), potential.elements.end(), [](const Element& a, const Element& b) { return a.atomic_number < b.atomic_number; });
    settings.elements_line = line.number;
    settings.element_nodes.resize(potential.elements.size());
    settings.element_hidden_layers.assign(potential.elements.size(), -1);
    settings.element_activations.resize(potential.elements.size());
}

void Reader::add_row(const Line& line) {
    const Row row = read_row(file, line, potential.elements);
    potential.max_cutoff = std::max(potential.max_cutoff, row.cutoff);
    potential.elements[static_cast<std::size_t>(row.center)].rows.push_back(row);
}

void Reader::read_cutoff_type(const Line& line) {
    need(line, 2);
    settings.cutoff_line = line.number;
    potential.cutoff_type = to_integer(file, line.number, line.words[1], 0, 8);
    if (line.words.size() > 2) potential.cutoff_alpha = number(line, 2);
    if (potential.cutoff_alpha < 0 || potential.cutoff_alpha >= 1) fail(file, line.number, "the cutoff's alpha must be at least 0 and below 1.");
}

std::vector<int> Reader::read_nodes(const Line& line, std::size_t k) const {
    std::vector<int> nodes;
    for (; k < line.words.size(); ++k) nodes.push_back(to_integer(file, line.number, line.words[k], 1, 4096));
    return nodes;
}

bool Reader::read_network_keyword(const Line& line) {
    const std::string& key = line.words[0];
    const std::vector<std::string>& words = line.words;
    if (key == "global_hidden_layers_short") {
        need(line, 2), settings.hidden_layers = to_integer(file, line.number, words[1], 0, 32);
    } else if (key == "global_nodes_short") {
        settings.nodes = read_nodes(line, 1);
    } else if (key == "global_activation_short") {
        settings.activations.assign(words.begin() + 1, words.end());
    } else if (key == "element_hidden_layers_short") {
        need(line, 3), settings.element_hidden_layers[static_cast<std::size_t>(element(line, 1))] = to_integer(file, line.number, words[2], 0, 32);
    } else if (key == "element_nodes_short") {
        need(line, 3), settings.element_nodes[static_cast<std::size_t>(element(line, 1))].push_back(read_nodes(line, 2));
    } else if (key == "element_activation_short") {
        need(line, 3), settings.element_activations[static_cast<std::size_t>(element(line, 1))].assign(words.begin() + 2, words.end());
    } else if (key == "normalize_nodes") {
        settings.normalize_nodes = true;
    } else {
        return false;
    }
    return true;
}

void Reader::check_keyword(const Line& line) {
    static const std::set<std::string> once{"number_of_elements",
                                            "cutoff_type",
                                            "scale_symmetry_functions",
                                            "center_symmetry_functions",
                                            "scale_min_short",
                                            "scale_symmetry_functions_sigma",
                                            "scale_max_short",
                                            "mean_energy",
                                            "conv_energy",
                                            "conv_length",
                                            "normalize_nodes",
                                            "global_hidden_layers_short",
                                            "global_nodes_short",
                                            "global_activation_short"};
    const std::string& key = line.words[0];
    if (once.count(key) && !settings.seen.insert(key).second) fail(file, line.number, "the keyword '" + key + "' stands twice.");
    if (key == "nnp_type" || key == "nn_type") {
        need(line, 2);
        if (line.words[1][0] != '2' && line.words[1] != "0")
            fail(file, line.number, "nnp_type '" + line.words[1].substr(0, 40) + "' is not supported; only short-range potentials (2G-HDNNP) are.");
    } else if (key == "global_symfunction_short" || key == "element_symfunction_short") {
        fail(file, line.number, "'" + key + "' is a keyword of RuNNer that n2p2 doesn't read; write symfunction_short lines instead.");
    }
}

void Reader::check_settings() {
    const auto given = [this](const char* key) { return settings.seen.count(key) > 0; };
    const int normalisation = given("mean_energy") + given("conv_energy") + given("conv_length");
    if (normalisation != 0 && normalisation != 3) fail(file, 0, "needs all or none of mean_energy, conv_energy and conv_length.");
    if (settings.sigma && (settings.scale || settings.center)) {
        settings.sigma = false;
        potential.warnings.push_back(file + ": scale_symmetry_functions_sigma counts for nothing beside the other scaling keywords, as in n2p2.");
    }
}

void Reader::read_keyword(const Line& line) {
    const std::string& key = line.words[0];
    check_keyword(line);
    if (read_network_keyword(line)) return;
    if (key == "number_of_elements") {
        need(line, 2), settings.declared_elements = to_integer(file, line.number, line.words[1], 1, 118);
    } else if (key == "atom_energy") {
        potential.elements[static_cast<std::size_t>(element(line, 1))].atom_energy = number(line, 2);
    } else if (key == "cutoff_type") {
        read_cutoff_type(line);
    } else if (key == "scale_symmetry_functions") {
        settings.scale = true, settings.scale_line = line.number;
    } else if (key == "center_symmetry_functions") {
        settings.center = true, settings.scale_line = line.number;
    } else if (key == "scale_symmetry_functions_sigma") {
        settings.sigma = true, settings.scale_line = line.number;
    } else if (key == "scale_min_short") {
        settings.scale_min = number(line, 1), settings.scale_line = line.number;
    } else if (key == "scale_max_short") {
        settings.scale_max = number(line, 1), settings.scale_line = line.number;
    } else if (key == "mean_energy") {
        potential.mean_energy = number(line, 1);
    } else if (key == "conv_energy") {
        potential.conv_energy = number(line, 1);
        if (std::abs(potential.conv_energy) < 1e-30) fail(file, line.number, "conv_energy must not be zero.");
    } else if (key == "conv_length") {
        if (number(line, 1) <= 0) fail(file, line.number, "conv_length must be above zero.");  // it cancels out in every function
    } else if (key == "symfunction_short") {
        add_row(line);
    }  // keywords of training alone don't matter here
}

void Reader::read_input(const std::string& directory) {
    const std::vector<Line> lines = read_lines(directory + "/input.nn", "#!");
    for (const Line& line : lines)
        if (line.words[0] == "elements") {
            if (!potential.elements.empty()) fail(file, line.number, "the 'elements' line stands twice.");
            read_elements(line);
        }
    if (potential.elements.empty()) fail(file, 0, "has no 'elements' line.");
    for (const Line& line : lines) read_keyword(line);
    if (settings.declared_elements >= 0 && settings.declared_elements != static_cast<int>(potential.elements.size()))
        fail(file, 0,
             "number_of_elements says " + std::to_string(settings.declared_elements) + ", the 'elements' line names " +
                 std::to_string(potential.elements.size()) + ".");
    for (Element& element : potential.elements) sort_rows(element.rows);
    check_settings();
}

void Reader::check_rows(const std::string& directory) {
    file = directory + "/input.nn";
    bool gaussian = false;
    for (const Element& element : potential.elements) {
        if (element.rows.empty()) fail(file, 0, "has no symfunction_short line for " + element.symbol + ".");
        for (const Row& row : element.rows) gaussian |= !row.compact();
    }
    if (gaussian && !settings.seen.count("cutoff_type")) fail(file, 0, "has no cutoff_type line.");
}

}  // namespace sinterface
