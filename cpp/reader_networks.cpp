// n2p2's scaling.data and weights.ZZZ.data.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "reader.hpp"

namespace sinterface {

double Reader::sigma(const Line& line, const Scaling& scaling) const {
    const std::string& word = line.words[5];
    std::string name;
    for (const char c : word.substr(0, 5))
        if (c != '-' && c != '+') name += static_cast<char>(c | 0x20);
    const bool unused = !settings.sigma || scaling.maximum <= scaling.minimum;
    return unused && name == "nan" ? 0.0 : to_number(file, line.number, word);
}

void Reader::read_scaling(const std::string& directory) {
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

void Reader::fold_scaling(Element& element) {
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

Activation Reader::activation(const std::string& name) const {
    static const std::string names = "ltsprgcSeh";
    const std::size_t k = name.size() == 1 ? names.find(name[0]) : std::string::npos;
    if (k == std::string::npos) fail(file, 0, "unknown activation function '" + name + "'; known are l t s p r g c S e h.");
    return static_cast<Activation>(k);
}

std::vector<Reader::Shape> Reader::possible_shapes(std::size_t e, int hidden) const {
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

std::vector<std::string> Reader::activations(std::size_t e, int hidden) {
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

std::vector<Layer> Reader::layers(std::size_t e, const std::vector<int>& nodes, const std::vector<std::string>& names, int hidden) const {
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

std::size_t Reader::count(const std::vector<Layer>& layers) {
    std::size_t wanted = 0;
    for (const Layer& layer : layers) wanted += static_cast<std::size_t>(layer.inputs + 1) * static_cast<std::size_t>(layer.outputs);
    return wanted;
}

void Reader::read_network(const std::string& input, const std::string& directory, std::size_t e) {
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

void Reader::read_weights(const std::vector<Line>& lines, Element& element) const {
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

}  // namespace sinterface
