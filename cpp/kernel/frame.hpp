// Working memory of one batch: as many atoms of one element as there are lanes.
//
// Every quantity is a vector over the atoms of the batch, so sums over neighbours are plain sums of vectors.
// Neighbours are bucketed by element; slot k of a bucket holds the k-th neighbour of every atom, or padding beyond
// the cutoff. A slot's record: unit vector n, distance r, 1/r, [value, slope] of each window, the Gaussians, the gradient
// dE/dr that triplets leave there, what the moments add to it (by the direction, then along the distance), and the
// tangent of the displacement.
#pragma once

#include "functions.hpp"
#include "plan.hpp"
#include "shell.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

constexpr int most_at_once = 4;   // gradients of a committee in one sweep over the neighbours
constexpr int turns_at_once = 8;  // of its slots: what they need of a bucket stays in the nearest cache

template <class T>
struct Layout {
    int capacity, record, inverse, tangent, windows, gaussians, gradient, turn;
    std::size_t slots, packed, ids, values, gradients, moments, moment_gradients, coefficients, sums, nodes, energies, member_gradients, gradient_sets, set,
        turns, narrow, bytes;

    static std::size_t round_up(std::size_t n) { return (n + 63) / 64 * 64; }

    Layout(const ElementPlan<T>& plan, int neighbors, bool with_tangent) {
        constexpr std::size_t vector = sizeof(typename Lanes<T>::V);
        capacity = neighbors + 1;  // packing writes one slot further
        inverse = 4;
        windows = 5;
        gaussians = windows + 2 * plan.n_windows;
        gradient = gaussians + plan.n_basis;
        turn = gradient + (plan.n_triplet_pairs > 0 ? 3 : 0);
        tangent = turn + 4;
        record = (tangent + (with_tangent ? 3 : 0)) | 1;  // odd: a power of two would crowd few sets of the cache
        const std::size_t n_slots = std::size_t(plan.n_buckets) * std::size_t(capacity);
        slots = 0;
        packed = slots + n_slots * std::size_t(record) * vector;
        ids = packed + n_slots * 4 * vector;
        values = round_up(ids + n_slots * Lanes<T>::width * sizeof(int));
        gradients = values + std::size_t(plan.n_rows) * vector;
        moments = gradients + std::size_t(plan.n_rows) * vector;
        moment_gradients = moments + std::size_t(plan.n_moments + 1) * vector;
        coefficients = moment_gradients + std::size_t(plan.n_moments + 1) * vector;
        sums = coefficients + std::size_t(plan.n_coefficients) * vector;
        nodes = sums + std::size_t(2 * plan.n_radial) * vector;
        energies = nodes + std::size_t(3 * plan.n_nodes + plan.n_rows) * vector;
        member_gradients = energies + std::size_t(plan.n_members) * vector;
        const std::size_t stored = plan.n_members > 1 ? std::size_t(plan.n_members) : 0;
        gradient_sets = member_gradients + stored * std::size_t(plan.n_rows) * vector;
        set = std::size_t(plan.n_moments + 1 + plan.n_coefficients + plan.n_radial) | 1;  // vectors
        turns = gradient_sets + (stored > 0 ? most_at_once : 0) * set * vector;
        narrow = round_up(turns + (stored > 0 ? 4 * most_at_once * turns_at_once : 0) * vector);
        bytes = round_up(narrow + NarrowMemory<T>::bytes(plan, capacity)) + 64;
    }
};

template <class T>
struct Frame {
    typedef typename Lanes<T>::V V;
    static constexpr int width = Lanes<T>::width;

    const Plan<T>& model;
    const ElementPlan<T>& plan;
    const System& system;
    Output output;
    const Task task;
    const Layout<T> layout;
    const double* rows;
    double* force_rows;
    const std::size_t force_stride;
    const int trash;  // the row beyond the atoms
    V* slots;
    typename Four<T>::V* packed;  // displacement of each neighbour, one row a lane; read once, so that all batches have it in one place
    int* ids;
    V *values, *gradients, *moments, *moment_gradients, *coefficients, *sums, *nodes, *energies, *member_gradients, *gradient_sets, *turns;
    unsigned char* narrow;
    const int* atoms = nullptr;
    int n_atoms = 0;
    int count[max_buckets];  // slots in use, each bucket

    Frame(const KernelCall<T>& call, int batch)
        : model(*call.plan),
          plan(call.plan->elements[call.element]),
          system(*call.system),
          output(*call.output),
          task(call.task),
          layout(plan, call.capacity, call.task == Task::jvp),
          rows(call.rows),
          force_rows(call.force_rows),
          force_stride(std::size_t(call.force_stride)),
          trash(call.n_all) {
        unsigned char* memory = call.workspace + std::size_t(batch) * layout.bytes;
        slots = reinterpret_cast<V*>(memory + layout.slots);
        packed = reinterpret_cast<typename Four<T>::V*>(call.workspace + layout.packed);
        ids = reinterpret_cast<int*>(memory + layout.ids);
        values = reinterpret_cast<V*>(memory + layout.values);
        gradients = reinterpret_cast<V*>(memory + layout.gradients);
        moments = reinterpret_cast<V*>(memory + layout.moments);
        moment_gradients = reinterpret_cast<V*>(memory + layout.moment_gradients);
        coefficients = reinterpret_cast<V*>(memory + layout.coefficients);
        sums = reinterpret_cast<V*>(memory + layout.sums);
        nodes = reinterpret_cast<V*>(memory + layout.nodes);
        energies = reinterpret_cast<V*>(memory + layout.energies);
        member_gradients = reinterpret_cast<V*>(memory + layout.member_gradients);
        narrow = memory + layout.narrow;
        gradient_sets = reinterpret_cast<V*>(memory + layout.gradient_sets);
        turns = reinterpret_cast<V*>(memory + layout.turns);
    }

    V* slot(int bucket, int k) const { return slots + (std::size_t(bucket) * layout.capacity + k) * layout.record; }
    typename Four<T>::V* displacements(int bucket, int k) const { return packed + (std::size_t(bucket) * layout.capacity + k) * width; }
    int* slot_ids(int bucket, int k) const { return ids + (std::size_t(bucket) * layout.capacity + k) * width; }

    // Basis k at a slot, and its slope by r.
    SINTERFACE_INLINE V basis(const V* s, int k) const { return s[layout.gaussians + k] * s[layout.windows + 2 * plan.which_window[k]]; }
    SINTERFACE_INLINE V basis_slope(const V* s, int k) const {
        const V* fc = s + layout.windows + 2 * plan.which_window[k];
        return s[layout.gaussians + k] * (fc[1] - (T(2) * plan.eta[k]) * (s[3] - plan.shift[k]) * fc[0]);
    }
};

template <class V>
SINTERFACE_INLINE void clear(V* at, int n) {
    for (int k = 0; k < n; ++k) at[k] = V{};
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
