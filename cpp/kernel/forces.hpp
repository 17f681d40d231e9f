// Forces and virial from dE/dG.
#pragma once

#include "moments.hpp"
#include "narrow.hpp"
#include "triplets.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

template <class V>
struct Sums {
    V own[3] = {V{}, V{}, V{}};                    // force on the central atoms
    V virial[6] = {V{}, V{}, V{}, V{}, V{}, V{}};  // xx yy zz yz xz xy
};

template <class T, class V>
SINTERFACE_INLINE void add_virial(const Frame<T>& f, const V* s, const int* id, const V (&g)[3], Sums<V>& sums) {
    const V x = s[0] * s[3], y = s[1] * s[3], z = s[2] * s[3];
    const V w[6] = {x * g[0], y * g[1], z * g[2], y * g[2], x * g[2], x * g[1]};
    for (int k = 0; k < 6; ++k) sums.virial[k] -= w[k];
    if (!f.output.atom_virial) return;
    for (int lane = 0; lane < Frame<T>::width; ++lane) {
        if (id[lane] == f.trash) continue;
        const double r[3] = {double(x[lane]), double(y[lane]), double(z[lane])};
        for (int a = 0; a < 3; ++a)
            for (int c = 0; c < 3; ++c) f.output.atom_virial[9 * id[lane] + 3 * a + c] -= r[a] * double(g[c][lane]);
    }
}

// The neighbour takes -dE/dr, the central atom the opposite.
template <class T, class V>
SINTERFACE_INLINE void scatter(const Frame<T>& f, const V* s, const int* id, const V (&g)[3], Sums<V>& sums) {
    constexpr int width = Frame<T>::width;
    for (int d = 0; d < 3; ++d) sums.own[d] += g[d];
    if (f.force_rows) {
        quads row[width];
        to_rows(g[0], g[1], g[2], V{}, row);
        for (int lane = 0; lane < width; ++lane) *reinterpret_cast<loose_quads*>(f.force_rows + f.force_stride * std::size_t(id[lane])) -= row[lane];
    }
    if (f.output.virial || f.output.atom_virial) add_virial(f, s, id, g, sums);
}

template <class T, class V>
void write_virial(const Frame<T>& f, const Sums<V>& sums) {
    if (!f.output.virial) return;
    static const int place[6][2] = {{0, 0}, {4, 4}, {8, 8}, {5, 7}, {2, 6}, {1, 3}};
    for (int k = 0; k < 6; ++k) {
        double sum = 0;
        for (int lane = 0; lane < f.n_atoms; ++lane) sum += double(sums.virial[k][lane]);
        f.output.virial[place[k][0]] += sum;
        if (place[k][1] != place[k][0]) f.output.virial[place[k][1]] += sum;
    }
}

// dE/dr of one slot.
template <class T, class V>
SINTERFACE_INLINE void slot_gradient(const Frame<T>& f, int b, const V* s, V (&g)[3]) {
    const ElementPlan<T>& plan = f.plan;
    V along = radial_slope(f, b, s);
    if (plan.channel_begin[b] == plan.channel_begin[b + 1]) {
        for (int d = 0; d < 3; ++d) g[d] = along * s[d];
    } else {
        const V *turn = s + f.layout.turn, inverse = s[f.layout.inverse];
        along += turn[3] - (turn[0] * s[0] + turn[1] * s[1] + turn[2] * s[2]) * inverse;
        for (int d = 0; d < 3; ++d) g[d] = along * s[d] + turn[d] * inverse;
    }
    if (plan.n_triplet_pairs > 0)
        for (int d = 0; d < 3; ++d) g[d] += s[f.layout.gradient + d];
}

template <class T>
void forces_from_gradients(Frame<T>& f) {
    typedef typename Frame<T>::V V;
    contract_gradients(f);
    neighbor_coefficients(f);
    if (f.plan.n_triplet_pairs > 0) triplet_gradients(f), narrow_gradients(f);
    Sums<V> sums;
    for (int b = 0; b < f.plan.n_buckets; ++b) {
        moment_gradients(f, b);
        for (int k = 0; k < f.count[b]; ++k) {
            const V* s = f.slot(b, k);
            V g[3];
            slot_gradient(f, b, s, g);
            scatter(f, s, f.slot_ids(b, k), g, sums);
        }
    }
    for (int lane = 0; lane < f.n_atoms && f.force_rows; ++lane)
        for (int d = 0; d < 3; ++d) f.force_rows[f.force_stride * std::size_t(f.atoms[lane]) + d] += double(sums.own[d][lane]);
    write_virial(f, sums);
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
