// The one reader of potentials: n2p2's input.nn, scaling.data, weights.ZZZ.data and our extension.nn.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "committee.hpp"
#include "kernel/plan.hpp"
#include "potential.hpp"
#include "rows.hpp"
#include "text.hpp"

namespace sinterface {
namespace {

const char* const symbols[] = {"",   "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",  "Cl", "Ar", "K",  "Ca",
                               "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb",
                               "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm",
                               "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi",
                               "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr"};

// The keywords of input.nn before they are put together.
struct Settings {
    int declared_elements = -1;
    bool scale = false, center = false, sigma = false, normalize_nodes = false;
    double scale_min = 0, scale_max = 1;
    std::vector<int> nodes;
    int hidden_layers = -1;
    std::vector<std::string> activations;
    std::vector<std::vector<std::vector<int>>> element_nodes;  // of each element, line by line
    std::set<std::string> seen;                                // keywords that may stand once
    std::vector<int> element_hidden_layers;
    std::vector<std::vector<std::string>> element_activations;
    int elements_line = 0, cutoff_line = 0, scale_line = 0, repulsion_line = 0, units_line = 0;
    std::vector<Line> members;  // of extension.nn
};

struct Reader {
    std::string file;
    Potential potential;
    Settings settings;

    void need(const Line& line, std::size_t words) const { need_words(file, line, words); }
    double number(const Line& line, std::size_t k) const {
        need(line, k + 1);
        return to_number(file, line.number, line.words[k]);
    }
    int element(const Line& line, std::size_t k) const { return find_element(file, line, k, potential.elements); }

    // All lines of a file; one that stops within a line may be cut short, which numbers alone can't tell.
    std::vector<Line> read_lines(const std::string& path, const char* comments = "#") {
        file = path;
        TextFile text = read_text(path, comments);
        if (!text.ended) potential.warnings.push_back(path + " ends within a line: it may be cut short.");
        return std::move(text.lines);
    }

    void read_elements(const Line& line) {
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

    void add_row(const Line& line) {
        const Row row = read_row(file, line, potential.elements);
        potential.max_cutoff = std::max(potential.max_cutoff, row.cutoff);
        potential.elements[static_cast<std::size_t>(row.center)].rows.push_back(row);
    }

    void read_cutoff_type(const Line& line) {
        need(line, 2);
        settings.cutoff_line = line.number;
        potential.cutoff_type = to_integer(file, line.number, line.words[1], 0, 8);
        if (line.words.size() > 2) potential.cutoff_alpha = number(line, 2);
        if (potential.cutoff_alpha < 0 || potential.cutoff_alpha >= 1) fail(file, line.number, "the cutoff's alpha must be at least 0 and below 1.");
    }

    std::vector<int> read_nodes(const Line& line, std::size_t k) const {
        std::vector<int> nodes;
        for (; k < line.words.size(); ++k) nodes.push_back(to_integer(file, line.number, line.words[k], 1, 4096));
        return nodes;
    }

    bool read_network_keyword(const Line& line) {
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

    // What would give other energies than n2p2's without a word is an error, as it is in n2p2.
    void check_keyword(const Line& line) {
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

    void check_settings() {
        const auto given = [this](const char* key) { return settings.seen.count(key) > 0; };
        const int normalisation = given("mean_energy") + given("conv_energy") + given("conv_length");
        if (normalisation != 0 && normalisation != 3) fail(file, 0, "needs all or none of mean_energy, conv_energy and conv_length.");
        if (settings.sigma && (settings.scale || settings.center)) {
            settings.sigma = false;
            potential.warnings.push_back(file + ": scale_symmetry_functions_sigma counts for nothing beside the other scaling keywords, as in n2p2.");
        }
    }

    void read_keyword(const Line& line) {
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

    void read_input(const std::string& directory) {
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

    // Of input.nn and extension.nn together.
    void check_rows(const std::string& directory) {
        file = directory + "/input.nn";
        bool gaussian = false;
        for (const Element& element : potential.elements) {
            if (element.rows.empty()) fail(file, 0, "has no symfunction_short line for " + element.symbol + ".");
            for (const Row& row : element.rows) gaussian |= !row.compact();
        }
        if (gaussian && !settings.seen.count("cutoff_type")) fail(file, 0, "has no cutoff_type line.");
    }

    // A unit by its name, or its size in Å or eV.
    double unit(const Line& line, std::size_t k) const {
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

    void read_extension(const std::string& directory) {
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

    // n2p2 writes NaN for a function that never changes, and for an element with one atom: 0 where nothing depends on it.
    double sigma(const Line& line, const Scaling& scaling) const {
        const std::string& word = line.words[5];
        std::string name;
        for (const char c : word.substr(0, 5))
            if (c != '-' && c != '+') name += static_cast<char>(c | 0x20);
        const bool unused = !settings.sigma || scaling.maximum <= scaling.minimum;
        return unused && name == "nan" ? 0.0 : to_number(file, line.number, word);
    }

    void read_scaling(const std::string& directory) {
        std::vector<std::vector<char>> seen;
        for (Element& element : potential.elements) {
            element.scaling.resize(element.rows.size());
            seen.emplace_back(element.rows.size(), 0);
        }
        for (const Line& line : read_lines(directory + "/scaling.data")) {
            if (line.words.size() < 5) continue;  // nnp-train's energy and force statistics (4 columns)
            const int e = to_integer(file, line.number, line.words[0], 1, static_cast<int>(potential.elements.size())) - 1;
            Element& element = potential.elements[static_cast<std::size_t>(e)];
            const int s = to_integer(file, line.number, line.words[1], 1, static_cast<int>(element.rows.size())) - 1;
            Scaling& scaling = element.scaling[static_cast<std::size_t>(s)];
            scaling.line = line.number;
            scaling.minimum = number(line, 2), scaling.maximum = number(line, 3), scaling.mean = number(line, 4);
            if (line.words.size() > 5)
                scaling.sigma = sigma(line, scaling);
            else if (settings.sigma)
                fail(file, line.number, "has no sigma column, which scale_symmetry_functions_sigma needs.");
            seen[static_cast<std::size_t>(e)][static_cast<std::size_t>(s)] = 1;
        }
        for (std::size_t e = 0; e < seen.size(); ++e)
            for (std::size_t s = 0; s < seen[e].size(); ++s)
                if (!seen[e][s])
                    fail(file, 0,
                         "has no line for symmetry function " + std::to_string(s + 1) + " of " + potential.elements[e].symbol +
                             "; the file is cut short or belongs to another input.nn.");
        for (Element& element : potential.elements) fold_scaling(element);
    }

    // scaled = factor * G + offset; a function that never fires becomes a constant.
    void fold_scaling(Element& element) {
        int constant = 0;
        for (const Scaling& s : element.scaling) {
            const double range = settings.sigma ? s.sigma : s.maximum - s.minimum;
            const double width = settings.scale_max - settings.scale_min;
            double factor = 1, offset = 0;
            if (settings.sigma || settings.scale) {
                const double origin = (settings.sigma || settings.center) ? s.mean : s.minimum;
                factor = range > 0 ? width / range : 0;
                offset = settings.scale_min - factor * origin;
                constant += !(range > 0);
            } else if (settings.center) {
                offset = -s.mean;
            }
            if (!(std::abs(factor) < 1e30 && std::abs(offset) < 1e30))
                fail(file, 0, "the range of symmetry function " + std::to_string(element.factor.size() + 1) + " of " + element.symbol + " is far too small.");
            element.factor.push_back(factor);
            element.offset.push_back(offset);
        }
        if (constant > 0)
            potential.warnings.push_back(std::to_string(constant) + " symmetry functions of " + element.symbol +
                                         " never fired in training and count as constants.");
    }

    Activation activation(const std::string& name) const {
        static const std::string names = "ltsprgcSeh";
        const std::size_t k = name.size() == 1 ? names.find(name[0]) : std::string::npos;
        if (k == std::string::npos) fail(file, 0, "unknown activation function '" + name + "'; known are l t s p r g c S e h.");
        return static_cast<Activation>(k);
    }

    struct Shape {
        std::vector<int> nodes;    // of the hidden layers
        const char* version = "";  // of n2p2
    };

    // Versions of n2p2 understand element_nodes_short differently: as it is meant; in 2.3 the last hidden layer keeps the
    // global number; in 2.1 (and RuNNer) a line gives one layer and its nodes.
    std::vector<Shape> possible_shapes(std::size_t e, int hidden) const {
        const auto n = static_cast<std::size_t>(hidden);
        const std::vector<std::vector<int>>& lines = settings.element_nodes[e];
        if (lines.empty()) return {{settings.nodes}};
        std::vector<Shape> found;
        if (lines.back().size() >= n) found.push_back({lines.back()});
        if (n > 0 && hidden == settings.hidden_layers && settings.nodes.size() >= n) {
            if (!found.empty()) {
                found.push_back({lines.back(), "2.3"});
                found.back().nodes[n - 1] = settings.nodes[n - 1];
            }
            std::vector<int> changed = settings.nodes;
            const auto change = [&](const std::vector<int>& line) {
                if (line.size() != 2 || line[0] > hidden) return false;
                changed[static_cast<std::size_t>(line[0]) - 1] = line[1];
                return true;
            };
            if (std::all_of(lines.begin(), lines.end(), change)) found.push_back({changed, "2.1"});
        }
        if (found.empty()) found.push_back({lines.back()});
        return found;
    }

    std::vector<std::string> activations(std::size_t e, int hidden) {
        const std::vector<std::string>& own = settings.element_activations[e];
        if (own.empty()) return settings.activations;
        std::vector<std::string> names = own;
        const auto n = static_cast<std::size_t>(hidden);
        const bool global = hidden == settings.hidden_layers && settings.activations.size() > n;
        if (global && names.size() > n && names[n] != settings.activations[n]) {
            names[n] = settings.activations[n];
            potential.warnings.push_back(file + ": the output of " + potential.elements[e].symbol + " has the global activation function, as in n2p2.");
        }
        return names;
    }

    std::vector<Layer> layers(std::size_t e, const std::vector<int>& nodes, const std::vector<std::string>& names, int hidden) const {
        const std::string& symbol = potential.elements[e].symbol;
        if (static_cast<int>(nodes.size()) < hidden)
            fail(file, 0, "names " + std::to_string(nodes.size()) + " layers of nodes for " + symbol + ", needed are " + std::to_string(hidden) + ".");
        if (static_cast<int>(names.size()) < hidden + 1)
            fail(file, 0, "names " + std::to_string(names.size()) + " activation functions for " + symbol + ", needed are " + std::to_string(hidden + 1) + ".");
        std::vector<Layer> out;
        int inputs = static_cast<int>(potential.elements[e].rows.size());
        for (int k = 0; k <= hidden; ++k) {
            Layer layer;
            layer.inputs = inputs;
            layer.outputs = k < hidden ? nodes[static_cast<std::size_t>(k)] : 1;
            layer.activation = activation(names[static_cast<std::size_t>(k)]);
            inputs = layer.outputs;
            out.push_back(std::move(layer));
        }
        return out;
    }

    static std::size_t count(const std::vector<Layer>& layers) {
        std::size_t wanted = 0;
        for (const Layer& layer : layers) wanted += static_cast<std::size_t>(layer.inputs + 1) * static_cast<std::size_t>(layer.outputs);
        return wanted;
    }

    // Of one element: its shape as `input` says, its weights in `directory`.
    void read_network(const std::string& input, const std::string& directory, std::size_t e) {
        Element& element = potential.elements[e];
        file = input;
        const int hidden = settings.element_hidden_layers[e] >= 0 ? settings.element_hidden_layers[e] : settings.hidden_layers;
        if (hidden < 0) fail(file, 0, "has no global_hidden_layers_short line.");
        const std::vector<std::string> names = activations(e, hidden);
        const std::vector<Shape> shapes = possible_shapes(e, hidden);
        element.layers = layers(e, shapes[0].nodes, names, hidden);
        char name[32];
        std::snprintf(name, sizeof name, "/weights.%03d.data", element.atomic_number);
        const std::vector<Line> lines = read_lines(directory + name);
        for (std::size_t k = 1; k < shapes.size() && lines.size() != count(element.layers); ++k) {
            std::vector<Layer> other = layers(e, shapes[k].nodes, names, hidden);
            if (lines.size() != count(other)) continue;
            element.layers = std::move(other);
            potential.warnings.push_back(input + ": element_nodes_short of " + element.symbol + " is read as n2p2 " + shapes[k].version +
                                         " does, which fits the number of weights.");
        }
        read_weights(lines, element);
    }

    void read_weights(const std::vector<Line>& lines, Element& element) const {
        const std::size_t wanted = count(element.layers);
        if (lines.size() != wanted)
            fail(file, 0,
                 "holds " + std::to_string(lines.size()) + " values, the network of input.nn has " + std::to_string(wanted) +
                     "; the file is cut short or belongs to another input.nn.");
        if (lines.size() > 1 && lines.back().words.size() == 1 && lines.front().words.size() > 1)
            fail(file, lines.back().number, "the line holds less than the others; the file is cut short.");
        std::size_t next = 0;
        for (Layer& layer : element.layers) {
            const double norm = settings.normalize_nodes ? 1.0 / layer.inputs : 1.0;
            for (int k = 0; k < layer.inputs * layer.outputs; ++k, ++next)
                layer.weights.push_back(norm * to_number(file, lines[next].number, lines[next].words[0]));
            for (int k = 0; k < layer.outputs; ++k, ++next) layer.biases.push_back(norm * to_number(file, lines[next].number, lines[next].words[0]));
        }
    }

    // This reader has read what a member's folder holds beside its weights: all must be as in `first`.
    void check_member(const Reader& first, const std::string& directory) {
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
        if (std::filesystem::exists(directory + "/extension.nn", error) &&
            (own.active != common.active || own.inner != common.inner || own.outer != common.outer))
            fail(file, settings.repulsion_line, "the zbl line differs from that of the committee's first member.");
    }

    // A member's folder holds its weights, alone or within a whole potential whose symmetry functions are the first's.
    void read_member(const std::string& parent, const Line& line) {
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
};

}  // namespace

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
