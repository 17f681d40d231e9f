// Forces of several gradients in one sweep over the neighbours: the mean of a committee and the differences of its
// further members from the first. Geometry, bases and monomials are worked out once.
//
// The force rows hold the three components of one set after the other, without gaps: four sets take three vectors.
#pragma once

#include "forces.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

// What the neighbours' gradients need of each dE/dG, made one after the other; N of them at once.
template <class V>
struct GradientSets {
    V *sums[most_at_once], *coefficients[most_at_once], *moment_gradients[most_at_once];
};

template <int D, int N, class T, class V>
SINTERFACE_INLINE void homogeneous_gradients(V x, V y, V z, const V* (&coefficient)[N], V (&t)[N][3]) {
    constexpr int n = monomials_of(D - 1);
    V m[n];
    monomials<D - 1>(splat<T>(T(1)), x, y, z, m);
    for (int a = 0; a < N; ++a)
        for (int d = 0; d < 3; ++d) t[a][d] = V{};
#pragma GCC unroll 64
    for (int k = 0; k < n; ++k)
        for (int a = 0; a < N; ++a)
            for (int d = 0; d < 3; ++d) t[a][d] += m[k] * coefficient[a][d * n + k];
}

// `polynomial` for N lists of coefficients.
template <int L, int N, class T, class V>
SINTERFACE_INLINE void polynomials(V x, V y, V z, const V* (&coefficient)[N], V (&value)[N], V (&t)[N][3]) {
    if constexpr (L == 0) {
        for (int a = 0; a < N; ++a) value[a] = coefficient[a][0], t[a][0] = t[a][1] = t[a][2] = V{};
    } else {
        homogeneous_gradients<L, N, T>(x, y, z, coefficient, t);
        for (int a = 0; a < N; ++a) {
            value[a] = T(1.0 / L) * (x * t[a][0] + y * t[a][1] + z * t[a][2]);  // Euler
            coefficient[a] += 3 * monomials_of(L - 1);
        }
        if constexpr (L == 1) {
            for (int a = 0; a < N; ++a) value[a] += coefficient[a][0];
        } else {
            V u[N][3];
            homogeneous_gradients<L - 1, N, T>(x, y, z, coefficient, u);
            for (int a = 0; a < N; ++a) {
                value[a] += T(1.0 / (L - 1)) * (x * u[a][0] + y * u[a][1] + z * u[a][2]);
                for (int d = 0; d < 3; ++d) t[a][d] += u[a][d];
            }
        }
    }
}

// A channel's part of dE/dr at `n` neighbours from `first` on, by the direction and along the distance, to `turns`.
template <int L, int N, class T>
__attribute__((noinline)) void channel_turns(const Frame<T>& f, int b, int first, int n, const MomentChannel& channel,
                                             const GradientSets<typename Frame<T>::V>& sets, bool begin) {
    typedef typename Frame<T>::V V;
    V* turn = f.turns;
    for (int k = first; k < first + n; ++k, turn += 4 * N) {
        const V* s = f.slot(b, k);
        const V* coefficient[N];
        for (int a = 0; a < N; ++a) coefficient[a] = sets.coefficients[a] + channel.coefficients;
        V value[N], t[N][3];
        polynomials<L, N, T>(s[0], s[1], s[2], coefficient, value, t);
        const V g = f.basis(s, channel.basis), slope = f.basis_slope(s, channel.basis);
        for (int a = 0; a < N; ++a) {
            if (channel.square >= 0) value[a] += T(2) * g * sets.moment_gradients[a][channel.square];
            for (int d = 0; d < 3; ++d) turn[4 * a + d] = begin ? g * t[a][d] : turn[4 * a + d] + g * t[a][d];
            turn[4 * a + 3] = begin ? slope * value[a] : turn[4 * a + 3] + slope * value[a];
        }
    }
}

// All channels of a bucket.
template <int N, class T>
void bucket_turns(const Frame<T>& f, int b, int first, int n, const GradientSets<typename Frame<T>::V>& sets) {
    const int begin = f.plan.channel_begin[b], end = f.plan.channel_begin[b + 1];
    if (begin == end) clear(f.turns, 4 * N * n);
    for (int c = begin; c < end; ++c) {
        const MomentChannel& channel = f.plan.channels[c];
#define SINTERFACE_CALL(L) channel_turns<L, N>(f, b, first, n, channel, sets, c == begin)
        SINTERFACE_BY_DEGREE(channel.degree, SINTERFACE_CALL)
#undef SINTERFACE_CALL
    }
}

// dE/dr along the distance from the radial rows.
template <int N, class T, class V>
SINTERFACE_INLINE void radial_slopes(const Frame<T>& f, int b, const V* s, const GradientSets<V>& sets, V (&along)[N]) {
    const ElementPlan<T>& plan = f.plan;
    for (int a = 0; a < N; ++a) along[a] = V{};
    for (int u = plan.radial_begin[b]; u < plan.radial_begin[b + 1]; ++u) {
        const Run& run = plan.radial_runs[u];
        const V* fc = s + f.layout.windows + 2 * run.window;
        const V twice = T(2) * fc[0];
        for (int k = run.first; k < run.last; ++k) {
            const V slope = (fc[1] - plan.eta[k] * (s[3] - plan.shift[k]) * twice) * s[f.layout.gaussians + k];
            for (int a = 0; a < N; ++a) along[a] += slope * sets.sums[a][run.offset + k - run.first];
        }
    }
}

// The neighbours of one slot take -dE/dr, row after row.
template <int N, class T, class V>
SINTERFACE_INLINE void scatter_all(const Frame<T>& f, const int* id, double* rows, const V (&g)[N][3]) {
    constexpr int width = Frame<T>::width, n_quads = (3 * N + 3) / 4;
    quads row[n_quads][width];
    for (int q = 0; q < n_quads; ++q) {
        V part[4];
        for (int k = 0; k < 4; ++k) part[k] = 4 * q + k < 3 * N ? g[(4 * q + k) / 3][(4 * q + k) % 3] : V{};
        to_rows(part[0], part[1], part[2], part[3], row[q]);
    }
    for (int lane = 0; lane < width; ++lane) {
        quads* at = reinterpret_cast<quads*>(rows + f.force_stride * std::size_t(id[lane]));
        for (int q = 0; q < n_quads; ++q) at[q] -= row[q][lane];
    }
}

// dE/dr of all sets at one slot.
template <int N, class T, class V>
SINTERFACE_INLINE void slot_gradients(const Frame<T>& f, int b, const V* s, const V* turn, const GradientSets<V>& sets, V (&g)[N][3]) {
    V along[N];
    radial_slopes<N>(f, b, s, sets, along);
    const V inverse = s[f.layout.inverse];
    for (int a = 0; a < N; ++a, turn += 4) {
        along[a] += turn[3] - (turn[0] * s[0] + turn[1] * s[1] + turn[2] * s[2]) * inverse;
        for (int d = 0; d < 3; ++d) g[a][d] = along[a] * s[d] + turn[d] * inverse;
    }
}

// N sets from `first` on. The first set of all alone has a virial.
template <int N, class T>
__attribute__((noinline)) void sweep(Frame<T>& f, int first, const GradientSets<typename Frame<T>::V>& sets) {
    typedef typename Frame<T>::V V;
    double* rows = f.force_rows + 3 * first;
    const bool virial = first == 0 && (f.output.virial || f.output.atom_virial);
    Sums<V> sums;
    V own[N][3];  // forces on the central atoms
    for (int a = 0; a < N; ++a)
        for (int d = 0; d < 3; ++d) own[a][d] = V{};
    for (int b = 0; b < f.plan.n_buckets; ++b)
        for (int begin = 0; begin < f.count[b]; begin += turns_at_once) {
            const int n = f.count[b] - begin < turns_at_once ? f.count[b] - begin : turns_at_once;
            bucket_turns<N>(f, b, begin, n, sets);
            for (int k = begin; k < begin + n; ++k) {
                V g[N][3];
                slot_gradients<N>(f, b, f.slot(b, k), f.turns + 4 * N * (k - begin), sets, g);
                for (int a = 0; a < N; ++a)
                    for (int d = 0; d < 3; ++d) own[a][d] += g[a][d];
                scatter_all<N>(f, f.slot_ids(b, k), rows, g);
                if (virial) add_virial(f, f.slot(b, k), f.slot_ids(b, k), g[0], sums);
            }
        }
    for (int lane = 0; lane < f.n_atoms; ++lane)
        for (int a = 0; a < N; ++a)
            for (int d = 0; d < 3; ++d) rows[f.force_stride * std::size_t(f.atoms[lane]) + 3 * a + d] += double(own[a][d][lane]);
    if (virial) write_virial(f, sums);
}

// dE/dbasis of each radial basis.
template <class T, class V>
void radial_coefficients(const Frame<T>& f, V* sums) {
    const ElementPlan<T>& plan = f.plan;
    clear(sums, plan.n_radial);
    for (int t = 0; t < plan.term_begin[plan.n_buckets]; ++t) sums[plan.terms[t].offset] += plan.terms[t].weight * f.gradients[plan.terms[t].row];
}

// All sets of one committee, `most_at_once` in a sweep.
template <class T>
void sweep_members(Frame<T>& f) {
    typedef typename Frame<T>::V V;
    V *const gradients = f.gradients, *const coefficients = f.coefficients, *const moment_gradients = f.moment_gradients;
    GradientSets<V> sets;
    for (int first = 0; first < f.plan.n_members; first += most_at_once) {
        const int n = f.plan.n_members - first < most_at_once ? f.plan.n_members - first : most_at_once;
        for (int a = 0; a < n; ++a) {
            const std::size_t at = std::size_t(a) * f.layout.set;
            if (first + a > 0) f.gradients = f.member_gradients + std::size_t(first + a) * f.plan.n_rows;
            f.moment_gradients = sets.moment_gradients[a] = f.gradient_sets + at;
            f.coefficients = sets.coefficients[a] = f.moment_gradients + f.plan.n_moments + 1;
            sets.sums[a] = f.coefficients + f.plan.n_coefficients;
            contract_gradients(f);
            polynomial_gradients(f);
            radial_coefficients(f, sets.sums[a]);
        }
        switch (n) {
            case 1:
                sweep<1>(f, first, sets);
                break;
            case 2:
                sweep<2>(f, first, sets);
                break;
            case 3:
                sweep<3>(f, first, sets);
                break;
            default:
                sweep<4>(f, first, sets);
                break;
        }
    }
    f.gradients = gradients, f.coefficients = coefficients, f.moment_gradients = moment_gradients;
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
