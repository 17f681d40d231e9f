// Neighbours within the cutoff into the slots of their elements.
#pragma once

#include "frame.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

template <class T, class V>
void pack_tangent(const Frame<T>& f, int i, int j, const quads& d, V* s, int lane) {
    const Output& output = f.output;
    for (int c = 0; c < 3; ++c) {
        double v = 0;
        if (output.tangents) v += output.tangents[3 * j + c] - output.tangents[3 * i + c];
        if (output.strain) v += d[0] * output.strain[c] + d[1] * output.strain[3 + c] + d[2] * output.strain[6 + c];
        s[f.layout.tangent + c][lane] = T(v);
    }
}

// Every candidate is written to the next slot of its element, which moves on only if it lies within the cutoff: no
// branch, for with a skin most candidates lie outside.
template <class T>
void pack_atom(Frame<T>& f, int lane, int* filled) {
    constexpr int width = Frame<T>::width;
    const System& system = f.system;
    const int i = f.atoms[lane];
    const quads center = *reinterpret_cast<const quads*>(f.rows + 4 * std::size_t(i));
    const double limit = f.model.max_cutoff * f.model.max_cutoff;
    const int* list = system.neighbors[i];
    const double* shift = system.shifts ? system.shifts[i] : nullptr;
    const int n = system.n_neighbors[i];
    for (int k = 0; k < n; ++k) {
        const int j = list[k] & system.neighbor_mask;
        const double* row = f.rows + 4 * std::size_t(j);
        quads d = *reinterpret_cast<const quads*>(row) - center;
        if (shift) d += quads{shift[3 * k], shift[3 * k + 1], shift[3 * k + 2], 0};
        const int b = int(row[3]), at = filled[b];
        auto* s = f.slot(b, at);
        T* numbers = reinterpret_cast<T*>(s) + lane;
        numbers[0] = T(d[0]), numbers[width] = T(d[1]), numbers[2 * width] = T(d[2]);
        f.slot_ids(b, at)[lane] = j;
        if (f.task == Task::jvp) pack_tangent(f, i, j, d, s, lane);
        filled[b] = at + (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < limit);
    }
}

template <class T>
void pad(Frame<T>& f, int bucket, int from, int lane) {
    for (int k = from; k < f.count[bucket]; ++k) {
        auto* s = f.slot(bucket, k);
        s[0][lane] = T(2.0 * f.model.max_cutoff);
        s[1][lane] = s[2][lane] = T(0);
        f.slot_ids(bucket, k)[lane] = f.trash;
        if (f.task == Task::jvp)
            for (int d = 0; d < 3; ++d) s[f.layout.tangent + d][lane] = T(0);
    }
}

template <class T>
void pack_neighbors(Frame<T>& f) {
    const int n_buckets = f.plan.n_buckets;
    int filled[Frame<T>::width][max_buckets];
    for (int b = 0; b < n_buckets; ++b) f.count[b] = 0;
    for (int lane = 0; lane < Frame<T>::width; ++lane) {
        for (int b = 0; b < n_buckets; ++b) filled[lane][b] = 0;
        if (lane < f.n_atoms) pack_atom(f, lane, filled[lane]);
        for (int b = 0; b < n_buckets; ++b)
            if (filled[lane][b] > f.count[b]) f.count[b] = filled[lane][b];
    }
    for (int lane = 0; lane < Frame<T>::width; ++lane)
        for (int b = 0; b < n_buckets; ++b) pad(f, b, filled[lane][b], lane);
}

// Unit vector, distance, windows and Gaussians of a slot.
template <class T, class V>
SINTERFACE_INLINE void measure(const Frame<T>& f, int bucket, V* s) {
    const ElementPlan<T>& plan = f.plan;
    const V x = s[0], y = s[1], z = s[2];
    const V r = root<T>(x * x + y * y + z * z);
    const V inverse = T(1) / r;
    s[0] = x * inverse, s[1] = y * inverse, s[2] = z * inverse, s[3] = r;
    for (int k = 0; k < plan.n_windows; ++k) {
        V* fc = s + f.layout.windows + 2 * k;
        window_function(plan.windows[k], r, fc[0], fc[1]);
    }
    for (int u = plan.used_begin[bucket]; u < plan.used_begin[bucket + 1]; ++u) {
        const int k = plan.used[u];
        const V d = r - plan.shift[k];
        s[f.layout.gaussians + k] = power_of_two(plan.rate[k] * (d * d));
    }
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
