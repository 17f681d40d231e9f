// A potential as its files describe it: rows of symmetry functions, scaling, networks.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace sinterface {

// A mistake in a potential's files; the text names the file, the line and what to do.
struct PotentialError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

enum class Activation { identity, tanh, logistic, softplus, relu, gaussian, cosine, reverse_logistic, exponential, harmonic };

constexpr int spectrum_type = 100;  // of the rows that n2p2 doesn't know

// One row of the table of symmetry functions (n2p2's types), lengths in Å.
struct Row {
    int line = 0;  // of input.nn, or of extension.nn
    int type = 0;
    int center = 0;   // element index (by atomic number) of the central atom
    int first = -1;   // element index of the neighbour, -1: any (weighted types)
    int second = -1;  // element index of the second neighbour of angular rows
    double eta = 0, shift = 0, cutoff = 0;
    double lambda = 0, zeta = 0;
    // rows of the power spectrum only: sum_jk g(r_j) h(r_k) P_degree(cos), h with the second eta and shift
    int degree = 0;
    double second_eta = 0, second_shift = 0;
    // compact functions (types 20 to 25) only
    std::string subtype;                     // p1 to p4, with an a the asymmetric ones, or e
    double left = 0;                         // inner radius, where the window begins
    double angle_left = 0, angle_right = 0;  // degrees

    bool spectrum() const { return type == spectrum_type; }
    bool compact() const { return type >= 20 && type <= 25; }
    bool weighted() const { return type == 12 || type == 13 || (type >= 23 && type <= 25); }  // by atomic numbers
    bool angular() const { return type != 2 && type != 12 && type != 20 && type != 23; }
    bool narrow() const { return type == 3 || type == 13 || type == 21 || type == 24; }  // with the third distance
};

struct Scaling {
    int line = 0;  // of scaling.data
    double minimum = 0, maximum = 0, mean = 0, sigma = 0;
};

struct Layer {
    int inputs = 0, outputs = 0;
    Activation activation = Activation::identity;
    std::vector<double> weights;  // [input][output]
    std::vector<double> biases;   // [output]
};

struct Element {
    std::string symbol;
    int atomic_number = 0;
    double atom_energy = 0;
    std::vector<Row> rows;         // in n2p2's order
    std::vector<Scaling> scaling;  // raw ranges, one a row
    std::vector<double> factor;    // scaled value = factor * G + offset
    std::vector<double> offset;
    std::vector<Layer> layers;
};

// Ziegler-Biersack-Littmark repulsion with LAMMPS' switching between two radii.
struct Repulsion {
    bool active = false;
    double inner = 0, outer = 0;
};

// A further member of a committee: networks of its own on the symmetry functions of the first member.
struct Member {
    std::string folder;  // as extension.nn names it
    double mean_energy = 0, conv_energy = 1;
    std::vector<double> atom_energies;       // of each element
    std::vector<std::vector<Layer>> layers;  // of each element
};

struct Potential {
    std::vector<Element> elements;        // by atomic number
    std::vector<Member> further_members;  // of the committee; the first is the potential itself
    int cutoff_type = 2;
    double cutoff_alpha = 0;
    double max_cutoff = 0;
    double mean_energy = 0, conv_energy = 1;
    double length_unit = 1, energy_unit = 1;  // of the files, in Å and eV; all numbers here are in these two
    bool has_networks = false;
    Repulsion repulsion;
    std::vector<std::string> warnings;
};

// Atomic number of a chemical symbol, 0 when there is none.
int atomic_number(const std::string& symbol);

// Read `directory`; without `networks` only input.nn (and extension.nn) are read.
Potential read_potential(const std::string& directory, bool networks = true);

}  // namespace sinterface
