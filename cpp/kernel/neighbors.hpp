// Neighbours within the cutoff into the slots of their elements.
#pragma once

#include "frame.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

template <class T, class V>
__attribute__((noinline)) void pack_tangent(const Frame<T>& f, int i, int j, quads d, V* s, int lane) {
    const Output& output = f.output;
    for (int c = 0; c < 3; ++c) {
        double v = 0;
        if (output.tangents) v += output.tangents[3 * j + c] - output.tangents[3 * i + c];
        if (output.strain) v += d[0] * output.strain[c] + d[1] * output.strain[3 + c] + d[2] * output.strain[6 + c];
        s[f.layout.tangent + c][lane] = T(v);
    }
}

// How many neighbours of each element were found: in one register where that fits, for counting in memory would wait
// for each count to be written before the next is read.
struct FewCounts {
    static constexpr int most = 5;
    unsigned long long packed = 0;
    int of(int b) const { return int(packed >> (12 * b) & 4095); }
    void add(int b, bool one) { packed += (unsigned long long)(one) << (12 * b); }
};
struct ManyCounts {
    int count[max_buckets] = {};
    int of(int b) const { return count[b]; }
    void add(int b, bool one) { count[b] += one; }
};

// Candidates nearer than a second radius, of one atom after the other.
struct Nearby {
    double square;
    int *places, *counts;
};

// Every candidate is written to the next slot of its element, which moves on only if it lies within the cutoff: no
// branch, for with a skin most candidates lie outside. In the same way those near enough to repel are noted.
template <class Counts, bool shifted, bool repelled, class T>
Counts pack_atom(Nearby& nearby, const Frame<T>& f, int lane) {
    constexpr int width = Frame<T>::width;
    const System& system = f.system;
    const int i = f.atoms[lane], n = system.n_neighbors[i], mask = system.neighbor_mask;
    const int *list = system.neighbors[i], capacity = f.layout.capacity;
    const double *rows = f.rows, *translations = system.translations;
    const std::uint16_t* image = shifted ? system.images[i] : nullptr;
    const quads center = *reinterpret_cast<const quads*>(rows + 4 * std::size_t(i));
    const double limit = f.model.max_cutoff * f.model.max_cutoff;
    auto* packed = f.packed + lane;
    int* ids = f.ids + lane;
    const bool tangent = f.task == Task::jvp;
    Counts counts;
    int* near = nearby.places;
    const double near_limit = nearby.square;
    for (int k = 0; k < n; ++k) {
        const int j = list[k] & mask;
        const double* row = rows + 4 * std::size_t(j);
        quads d = *reinterpret_cast<const quads*>(row) - center;
        if constexpr (shifted) d += *reinterpret_cast<const quads*>(translations + 4 * std::size_t(image[k]));
        const int b = int(row[3]), at = counts.of(b);
        const std::size_t slot = std::size_t(b * capacity + at);
        narrow(d, packed[slot * width]);
        ids[slot * width] = j;
        if (tangent) pack_tangent(f, i, j, d, f.slot(b, at), lane);
        const quads square = d * d;
        counts.add(b, square[0] + square[1] < limit - square[2]);
        if constexpr (repelled) *near = k, near += square[0] + square[1] < near_limit - square[2];
    }
    if constexpr (repelled) *nearby.counts++ = int(near - nearby.places), nearby.places = near;
    return counts;
}

template <class T>
void pad(Frame<T>& f, int bucket, int from, int lane) {
    for (int k = from; k < f.count[bucket]; ++k) {
        f.displacements(bucket, k)[lane] = typename Four<T>::V{T(2.0 * f.model.max_cutoff), T(0), T(0), T(0)};
        f.slot_ids(bucket, k)[lane] = f.trash;
        if (f.task == Task::jvp)
            for (int c = 0; c < 3; ++c) f.slot(bucket, k)[f.layout.tangent + c][lane] = T(0);
    }
}

// Lists lie far apart in memory where the atoms of a batch do: each is called for while the one before is read.
inline void fetch_list(const System& system, int i) {
    const char *list = reinterpret_cast<const char*>(system.neighbors[i]), *end = list + sizeof(int) * std::size_t(system.n_neighbors[i]);
    for (; list < end; list += 64) __builtin_prefetch(list);
    if (!system.images) return;
    const char *image = reinterpret_cast<const char*>(system.images[i]), *last = image + sizeof(std::uint16_t) * std::size_t(system.n_neighbors[i]);
    for (; image < last; image += 64) __builtin_prefetch(image);
}

template <class Counts, bool shifted, bool repelled, class T>
void pack_lanes(Nearby& nearby, Frame<T>& f) {
    const int n_buckets = f.plan.n_buckets;
    Counts counts[Frame<T>::width];
    for (int lane = 0; lane < f.n_atoms; ++lane) {
        if (lane + 1 < f.n_atoms) fetch_list(f.system, f.atoms[lane + 1]);
        counts[lane] = pack_atom<Counts, shifted, repelled>(nearby, f, lane);
    }
    for (int b = 0; b < n_buckets; ++b) {
        f.count[b] = 0;
        for (int lane = 0; lane < f.n_atoms; ++lane) f.count[b] = counts[lane].of(b) > f.count[b] ? counts[lane].of(b) : f.count[b];
        for (int lane = 0; lane < Frame<T>::width; ++lane) pad(f, b, counts[lane].of(b), lane);
    }
}

template <class Counts, class T>
__attribute__((noinline)) void pack_all(Nearby& nearby, Frame<T>& f) {
    if (nearby.square > 0)
        f.system.images ? pack_lanes<Counts, true, true>(nearby, f) : pack_lanes<Counts, false, true>(nearby, f);
    else
        f.system.images ? pack_lanes<Counts, true, false>(nearby, f) : pack_lanes<Counts, false, false>(nearby, f);
}

template <class T>
void pack_neighbors(Nearby& nearby, Frame<T>& f) {
    if (f.plan.n_buckets <= FewCounts::most && f.layout.capacity <= 4095)
        pack_all<FewCounts>(nearby, f);
    else
        pack_all<ManyCounts>(nearby, f);
}

// Unit vectors, distances, windows and Gaussians of a bucket, one after the other: short loops over the slots hide the
// latency of roots, divisions and exponentials.
template <class T>
void measure(const Frame<T>& f, int bucket) {
    typedef typename Frame<T>::V V;
    const ElementPlan<T>& plan = f.plan;
    const int n = f.count[bucket];
    for (int k = 0; k < n; ++k) {
        V* s = f.slot(bucket, k);
        V x, y, z;
        from_rows<T>(f.displacements(bucket, k), x, y, z);
        const V r = root<T>(x * x + y * y + z * z), inverse = T(1) / r;
        s[0] = x * inverse, s[1] = y * inverse, s[2] = z * inverse, s[3] = r;
        s[f.layout.inverse] = inverse;
    }
    for (int w = 0; w < plan.n_windows; ++w)
        for (int k = 0; k < n; ++k) {
            V* s = f.slot(bucket, k);
            V* fc = s + f.layout.windows + 2 * w;
            window_function(plan.windows[w], s[3], fc[0], fc[1]);
        }
    for (int u = plan.used_begin[bucket]; u < plan.used_begin[bucket + 1]; ++u) {
        const Run& run = plan.used[u];
        for (int k = 0; k < n; ++k) {
            V* s = f.slot(bucket, k);
            V* gaussian = s + f.layout.gaussians;
            const V r = s[3], square = r * r;
            if (plan.shifted)
                for (int b = run.first; b < run.last; ++b) gaussian[b] = power_of_two(plan.rate[b] * ((r - plan.shift[b]) * (r - plan.shift[b])));
            else
                for (int b = run.first; b < run.last; ++b) gaussian[b] = power_of_two(plan.rate[b] * square);
        }
    }
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
