// What a kernel needs of a potential, as plain data: tables laid out once at load.
//
// No std containers and no functions here: each instruction set compiles its own copy of the kernel, and nothing
// that they share may become a weak symbol.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sinterface {

constexpr int max_degree = 8;    // largest degree of the monomials; larger zeta goes through triplets
constexpr int max_members = 32;  // of a committee

// Number of monomials x^a y^b z^c of degree d, and of all degrees below.
constexpr int monomials_of(int d) {
    return (d + 1) * (d + 2) / 2;
}
constexpr int monomials_below(int d) {
    return d * (d + 1) * (d + 2) / 6;
}

// A function of one variable that vanishes outside: n2p2's cutoff function fc(r), or, if compact, the core function
// (numbered as the cutoff functions are) of x = |variable - center| * scale, asymmetric: of (2 - x) x.
template <class T>
struct Window {
    int type, compact, asymmetric;
    T alpha, radius;  // 0 and 1 for compact ones
    T center, scale;
};

// A window for radius > r as a polynomial of t = scale r - 1; scale 0 where it has none. The degree is fixed: the loop unrolls.
template <class T>
struct CutoffFit {
    static constexpr int degree = sizeof(T) == 4 ? 12 : 24;
    T scale;
    T coefficient[degree + 1];
};

// Bases first..last - 1, all with one window; their sums stand from `offset` on.
struct Run {
    int window, first, last, offset;
};

// G[row] += weight * (sum over the neighbours of one element of the basis at `offset`): types 2 and 12.
template <class T>
struct RadialTerm {
    int basis, offset, row;
    T weight;
};

// Moments A_abc = sum_j basis(r_j) (x/r)^a (y/r)^b (z/r)^c of the neighbours of one element, a + b + c <= degree.
struct MomentChannel {
    int basis, degree;
    int offset;        // of A_000 among the moments
    int coefficients;  // of the polynomial dE/d(basis at a neighbour) among the coefficients
    int square;        // of sum_j basis(r_j)^2 among the moments, -1 when no row needs it
};

// Moments of two elements in one channel, contracted to S_n = sum_jk basis basis cos^n.
struct Contraction {
    int bucket1, bucket2;
    int offset1, offset2, square, degree;
    int first_row, last_row;
};

// G[row] += sum_n coefficient[n] S_n - self * square.
template <class T>
struct ContractionRow {
    int row;
    T coefficient[max_degree + 1];
    T self;
};

// Rows of two elements that need a loop over triplets; those from first_narrow on are among the narrow groups as well.
struct TripletPair {
    int bucket1, bucket2;
    int first_row, first_narrow, last_row;
    int angles;  // 1: a row needs the angle itself
};

// G[row] += prefactor a(theta) g(r_ij) g(r_ik) [g(r_jk)], a = (1 + lambda cos)^zeta or a window of the angle.
template <class T>
struct TripletRow {
    int basis, row;
    int far_side;      // 1: with g(r_jk) (types 3, 13, 21 and 24)
    int integer_zeta;  // zeta as a whole number, 0 when it is none
    T prefactor, lambda, zeta;
    Window<T> angle;  // in radians, used if compact
};

// Narrow rows (with g(r_jk)) of two elements and one window whose zeta is a whole number up to max_degree and that know no
// shift; a group has one eta. G[row] += sum_a coefficient[a] sum_jk w u^a v^(degree - a) with u = (1 + cos)/2,
// v = (1 - cos)/2 and w = fc(r_ij) fc(r_ik) fc(r_jk) exp(-eta (r_ij^2 + r_ik^2 + r_jk^2)).
struct NarrowPair {
    int bucket1, bucket2;
    int window;  // place in narrow_windows
    int first_group, last_group;
};

template <class T>
struct NarrowGroup {
    T eta, rate;  // -eta / ln 2
    int degree;
    int first_row, last_row;
};

template <class T>
struct NarrowRow {
    int row;
    T coefficient[max_degree + 1];
};

// Weights stand in the order in which the kernel takes them: outputs in blocks of this size and the last ones alone, of each
// block [input][output]; and once more for the way back, inputs in such blocks, of each block [output][input].
constexpr int weight_block = 5;

template <class T>
struct LayerPlan {
    int inputs, outputs, activation;
    const T *weights, *back;
    const T* biases;
};

// One member of a committee. Its first layer is a part of the joint one: layers[0] has no weights of its own.
template <class T>
struct MemberPlan {
    int first_node;  // of its outputs in the joint first layer
    int n_layers;
    const LayerPlan<T>* layers;
    double energy_factor, energy_offset;
};

template <class T>
struct ElementPlan {
    int n_buckets;  // one for each element
    int n_rows;
    const T *factor, *offset;
    const T *lowest, *highest;  // training range of each row, widened by rounding
    int n_windows;
    const Window<T>* windows;
    int n_basis;  // basis k: exp(-eta (r - shift)^2) times a window of r
    const T *eta, *shift;
    const T* rate;  // -eta / ln 2
    const int* which_window;
    int shifted;            // 1: a basis has a shift
    const int* used_begin;  // [n_buckets + 1] bases that the bucket needs
    const Run* used;
    const int* radial_begin;  // bases of its radial rows
    const Run* radial_runs;
    int n_radial;  // bases in all these runs
    const int* term_begin;
    const RadialTerm<T>* terms;
    const int* channel_begin;
    const MomentChannel* channels;
    int n_moments, n_coefficients;
    int n_contractions;
    const Contraction* contractions;
    const ContractionRow<T>* contraction_rows;
    int n_triplet_pairs;
    const TripletPair* triplet_pairs;
    const TripletRow<T>* triplet_rows;
    int n_narrow_pairs;
    const NarrowPair* narrow_pairs;
    const NarrowGroup<T>* narrow_groups;
    const NarrowRow<T>* narrow_rows;
    int n_narrow_windows;
    const Window<T>* narrow_windows;
    const CutoffFit<T>* narrow_fits;  // of each narrow window
    T narrow_cutoff;                  // the largest of them
    int n_members;                    // 0: no networks
    const MemberPlan<T>* members;
    LayerPlan<T> joint;  // the first layers of all members side by side; `back` holds the factors of the rows as well
    int n_nodes;         // of all layers of all members together
};

template <class T>
struct Plan {
    int n_elements;
    const ElementPlan<T>* elements;
    double max_cutoff;
};

// Atoms and their full neighbour lists, owned by the caller.
struct System {
    const double* positions;      // [n][3]
    const int* species;           // element index of each atom (ghosts too), negative: not seen
    const int* const* neighbors;  // [n] list of each atom
    const int* n_neighbors;       // [n]
    // Periodic images by number, two bytes a pair instead of three coordinates: large lists stream from memory.
    const std::uint16_t* const* images;  // [n] -> [k] number of the translation added to r_j - r_i, or null
    const double* translations;          // [number][4], aligned to 32 bytes
    int neighbor_mask;                   // applied to list entries (LAMMPS' NEIGHMASK)
};

enum class Task { forces, values, vjp, jvp };

struct Output {
    double* energies = nullptr;         // [n] written (forces): mean over the members, as all that follows
    double* forces = nullptr;           // [n][3] accumulated (by the engine, from the force rows)
    double* virial = nullptr;           // [9] accumulated: sum r_ij (x) f_ij
    double* atom_virial = nullptr;      // [n][9] accumulated, the pair's share at the neighbour
    double* values = nullptr;           // [n][stride] written (values, jvp)
    double* member_energies = nullptr;  // [n][members] written (forces)
    double* member_forces = nullptr;    // [members - 1][n_all][3] accumulated (forces): of each further member less the first's
    int* extrapolations = nullptr;      // [n] written (forces): rows outside their training range
    const double* gradients = nullptr;  // [n][stride] dE/dG read (vjp)
    const double* tangents = nullptr;   // [n][3] read (jvp)
    const double* strain = nullptr;     // [9] read (jvp)
    int stride = 0;
};

// Work on `n_atoms` atoms of one element. `workspace` is 64-byte aligned and at least as large as `workspace_size` says.
//
// Positions come in rows of four doubles, forces in rows of whole fours, 32-byte aligned, with one more row than there are atoms: neighbours
// that are none stand there, far away.
template <class T>
struct KernelCall {
    const Plan<T>* plan;
    const double* rows;  // [n_all + 1][4] x, y, z and element index; of atoms not seen: far away
    double* force_rows;  // [n_all + 1][force_stride] + 4 accumulated (forces, vjp): three of the mean, then three of each further
    int force_stride;    //   member's difference from the first, where wanted; the stride is a multiple of four
    int n_all;
    int element;
    const System* system;
    const int* atoms;
    int n_atoms;
    Task task;
    const Output* output;
    unsigned char* workspace;
    int capacity;        // largest number of neighbours of one atom
    double near_square;  // candidates nearer than its root are noted as well, 0: none
    int* near;           // their places in the atoms' lists, written one atom after the other; room for all candidates and one
    int* n_near;         // [n_atoms] how many of each atom
};

struct Kernel {
    const char* name;
    int bytes;  // of a vector
    void (*run_double)(const KernelCall<double>*);
    void (*run_single)(const KernelCall<float>*);
    std::size_t (*size_double)(const ElementPlan<double>*, int capacity);
    std::size_t (*size_single)(const ElementPlan<float>*, int capacity);
};

}  // namespace sinterface
