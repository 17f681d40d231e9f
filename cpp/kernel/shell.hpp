// Working memory of the narrow functions: the neighbours of one atom, and its triplets with a short third side.
//
// Here the neighbours lie in the lanes: with atoms in the lanes a triplet could be left out only where r_jk is beyond
// the cutoff for every atom of the batch.
#pragma once

#include "packing.hpp"
#include "plan.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

constexpr int max_buckets = 128;

// Neighbours element by element, each element padded to whole vectors by points out of reach.
template <class T>
struct Shell {
    typedef typename Lanes<T>::V V;
    static constexpr int width = Lanes<T>::width;
    // r, r^2, 1 / (sqrt(2) r), -1 / (2 r^2); then of dE/dr / 2: its part along r over r, its part along other neighbours
    enum Field { x, y, z, square, inverse, bend, along, pull_x, pull_y, pull_z, first_window };

    V* sums;  // more of the last four, to be added up over the lanes
    T* data;
    int stride;  // of a field
    int begin[max_buckets], count[max_buckets];

    static int round_up(int n) { return (n + width - 1) / width * width; }
    static int largest(const ElementPlan<T>& plan, int neighbors) { return round_up(neighbors) + plan.n_buckets * width; }
    static std::size_t bytes(const ElementPlan<T>& plan, int neighbors) {
        return (std::size_t(first_window + 2 * plan.n_narrow_windows) + 4 * std::size_t(width)) * std::size_t(largest(plan, neighbors)) * sizeof(T);
    }

    Shell(const ElementPlan<T>& plan, int neighbors, unsigned char* memory) : sums(reinterpret_cast<V*>(memory)), stride(largest(plan, neighbors)) {
        data = reinterpret_cast<T*>(sums + 4 * stride);
    }

    T* field(int k) const { return data + std::size_t(k) * std::size_t(stride); }
    T* window(int k) const { return field(first_window + 2 * k); }
    T* window_bend(int k) const { return field(first_window + 2 * k + 1); }  // d ln(fc) / d r^2
    int end(int bucket) const { return begin[bucket] + round_up(count[bucket]); }
};

// Near triplets, packed.
template <class T>
struct NearTriplets {
    // r_jk^2, r_ij^2 + r_ik^2, 1 / (2 r_ij r_ik), fc(r_ij) fc(r_ik)
    enum Field { square, sum, scale, taper, n_fields };

    T* data;
    std::size_t stride;
    unsigned short* chosen;  // lanes of each block of partners
    int count, n_blocks;     // count -1: not kept

    T* field(int k) const { return data + std::size_t(k) * stride; }

    // Fill the last vector with triplets that weigh nothing.
    void close() const {
        for (int k = square; k < taper; ++k) store(field(k) + count, splat<T>(T(1)));
        store(field(taper) + count, splat<T>(T(0)));
    }
};

// What the triplets of one element pair go through, as many at a time as there is room for.
template <class T>
struct Bench {
    static constexpr int room = 768, block_room = 1024;
    // cos, sum of the three squares, weight without the Gaussian, fc(r_jk) and its slope by r_jk^2; sums over the groups
    enum Field { cosine, total, weight, window, window_slope, terms, eta_terms, by_cosine, n_fields };

    T* data;
    std::size_t stride;

    static std::size_t largest(int neighbors) { return std::size_t(room) + (std::size_t(neighbors) + 1) * Lanes<T>::width; }
    static std::size_t bytes(int neighbors) { return std::size_t(n_fields) * largest(neighbors) * sizeof(T); }
    T* field(int k) const { return data + std::size_t(k) * stride; }
};

// Near triplets of every atom of a batch, kept from the sums to the gradients as far as there is room.
template <class T>
struct Kept {
    static constexpr int room = 3072, block_room = 1536;

    NearTriplets<T>* lists;  // [atom][pair], and where the free memory begins
    int n_lists;             // of an atom
    T* data;
    unsigned short* chosen;
    std::size_t stride, chosen_stride;  // of a field, of an atom

    // A list may begin at the last place and fill the whole bench.
    static std::size_t field_size(int neighbors) { return std::size_t(room) + Bench<T>::largest(neighbors) + 16; }
    static std::size_t blocks(int neighbors) { return std::size_t(block_room + Bench<T>::block_room + neighbors + 1); }
    static std::size_t bytes(const ElementPlan<T>& plan, int neighbors) {
        const std::size_t list = std::size_t(plan.n_narrow_pairs + 1) * sizeof(NearTriplets<T>);
        const std::size_t fields = NearTriplets<T>::n_fields * field_size(neighbors) * sizeof(T);
        return Lanes<T>::width * (list + fields + (blocks(neighbors) + 3) / 4 * 4 * sizeof(unsigned short));
    }
    Kept(const ElementPlan<T>& plan, int neighbors, unsigned char* memory)
        : n_lists(plan.n_narrow_pairs + 1), stride(field_size(neighbors)), chosen_stride((blocks(neighbors) + 3) / 4 * 4) {
        data = reinterpret_cast<T*>(memory);
        lists = reinterpret_cast<NearTriplets<T>*>(data + Lanes<T>::width * NearTriplets<T>::n_fields * stride);
        chosen = reinterpret_cast<unsigned short*>(lists + Lanes<T>::width * n_lists);
    }
    NearTriplets<T>* list(int atom) const { return lists + atom * n_lists; }
    NearTriplets<T> empty(int atom) const {
        return {data + std::size_t(atom) * NearTriplets<T>::n_fields * stride, stride, chosen + std::size_t(atom) * chosen_stride, 0, 0};
    }
};

// All of it, one after the other.
template <class T>
struct NarrowMemory {
    Shell<T> shell;
    Bench<T> bench;
    Kept<T> kept;

    static std::size_t bytes(const ElementPlan<T>& plan, int neighbors) {
        if (plan.n_narrow_pairs == 0) return 0;
        return Shell<T>::bytes(plan, neighbors) + Bench<T>::bytes(neighbors) + Kept<T>::bytes(plan, neighbors);
    }
    NarrowMemory(const ElementPlan<T>& plan, int neighbors, unsigned char* memory)
        : shell(plan, neighbors, memory),
          bench{reinterpret_cast<T*>(memory + Shell<T>::bytes(plan, neighbors)), Bench<T>::largest(neighbors)},
          kept(plan, neighbors, memory + Shell<T>::bytes(plan, neighbors) + Bench<T>::bytes(neighbors)) {}
};

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
