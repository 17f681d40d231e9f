// Reading a potential's folder: what its files say, before it is put together. Of reader*.cpp only.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "committee.hpp"
#include "potential.hpp"
#include "rows.hpp"
#include "text.hpp"

namespace sinterface {

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

// Reads one file after another into `potential`; `file` is the one at hand, for messages.
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
    std::vector<Line> read_lines(const std::string& path, const char* comments = "#");

    // input.nn (reader_input.cpp).
    void read_input(const std::string& directory);
    void read_elements(const Line& line);
    void add_row(const Line& line);
    void read_cutoff_type(const Line& line);
    std::vector<int> read_nodes(const Line& line, std::size_t k) const;
    bool read_network_keyword(const Line& line);
    // What would give other energies than n2p2's without a word is an error, as it is in n2p2.
    void check_keyword(const Line& line);
    void check_settings();
    void read_keyword(const Line& line);
    // Of input.nn and extension.nn together.
    void check_rows(const std::string& directory);

    // extension.nn (reader_extension.cpp).
    void read_extension(const std::string& directory);
    // A unit by its name, or its size in Å or eV.
    double unit(const Line& line, std::size_t k) const;
    // This reader has read what a member's folder holds beside its weights: all must be as in `first`.
    void check_member(const Reader& first, const std::string& directory);
    // A member's folder holds its weights, alone or within a whole potential whose symmetry functions are the first's.
    void read_member(const std::string& parent, const Line& line);

    // scaling.data and weights.ZZZ.data (reader_networks.cpp).
    void read_scaling(const std::string& directory);
    // n2p2 writes NaN for a function that never changes, and for an element with one atom: 0 where nothing depends on it.
    double sigma(const Line& line, const Scaling& scaling) const;
    // scaled = factor * G + offset; a function that never fires becomes a constant.
    void fold_scaling(Element& element);
    Activation activation(const std::string& name) const;

    struct Shape {
        std::vector<int> nodes;    // of the hidden layers
        const char* version = "";  // of n2p2
    };
    // Versions of n2p2 understand element_nodes_short differently: as it is meant; in 2.3 the last hidden layer keeps the
    // global number; in 2.1 (and RuNNer) a line gives one layer and its nodes.
    std::vector<Shape> possible_shapes(std::size_t e, int hidden) const;
    std::vector<std::string> activations(std::size_t e, int hidden);
    std::vector<Layer> layers(std::size_t e, const std::vector<int>& nodes, const std::vector<std::string>& names, int hidden) const;
    static std::size_t count(const std::vector<Layer>& layers);
    // Of one element: its shape as `input` says, its weights in `directory`.
    void read_network(const std::string& input, const std::string& directory, std::size_t e);
    void read_weights(const std::vector<Line>& lines, Element& element) const;
};

}  // namespace sinterface
