// Narrow angular functions (with the third side r_jk) of whole zeta.
//
// A term is w u^a v^(n-a) with u = (1 + cos)/2, v = (1 - cos)/2 and w = g(r_ij) g(r_ik) g(r_jk), and the cosine follows
// from the three squared sides, so dE/dr_i needs no more than dE/d(side^2) of each side.
#pragma once

#include "frame.hpp"

// Long loops stand apart: fewer registers are spilled, and gcc 12 fails on all of them in one function.
#define SINTERFACE_APART __attribute__((noinline))

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

// Padding lies outside.
template <class T, class Row>
SINTERFACE_INLINE bool within_shell(const Frame<T>& f, Row d) {
    return d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < f.plan.narrow_cutoff * f.plan.narrow_cutoff;
}

template <class T>
SINTERFACE_APART void collect_neighbors(const Frame<T>& f, int lane, Shell<T>& shell) {
    typedef Shell<T> S;
    T *x = shell.field(S::x), *y = shell.field(S::y), *z = shell.field(S::z);
    int n = 0;
    for (int b = 0; b < f.plan.n_buckets; ++b) {
        shell.begin[b] = n;
        for (int k = 0; k < f.count[b]; ++k) {
            const auto d = f.displacements(b, k)[lane];
            if (!within_shell(f, d)) continue;
            x[n] = d[0], y[n] = d[1], z[n] = d[2];
            ++n;
        }
        shell.count[b] = n - shell.begin[b];
        for (; n < shell.end(b); ++n) x[n] = y[n] = z[n] = T(2) * f.plan.narrow_cutoff;
    }
}

// A window and, if wanted, its slope.
template <bool Slope, class T, class V>
SINTERFACE_INLINE void fitted_window(const Window<T>& window, const CutoffFit<T>& fit, V r, V& fc, V& slope) {
    if (fit.scale == T(0)) return window_function(window, r, fc, slope);
    const V t = r * fit.scale - T(1);
    fc = splat<T>(fit.coefficient[fit.degree]), slope = V{};
#pragma GCC unroll 32
    for (int n = fit.degree - 1; n >= 0; --n) {
        if (Slope) slope = slope * t + fc;
        fc = fc * t + fit.coefficient[n];
    }
    fc = r < window.radius ? fc : V{};
    slope = r < window.radius ? slope * fit.scale : V{};
}

// The windows at every neighbour, and what else depends on its distance.
template <class T>
SINTERFACE_APART void measure_shell(const ElementPlan<T>& plan, const Shell<T>& shell) {
    typedef Shell<T> S;
    typedef typename Lanes<T>::V V;
    const int n = plan.n_buckets > 0 ? shell.end(plan.n_buckets - 1) : 0;
    for (int k = 0; k < n; k += S::width) {
        const V x = load(shell.field(S::x) + k), y = load(shell.field(S::y) + k), z = load(shell.field(S::z) + k);
        const V square = x * x + y * y + z * z, r = root<T>(square), inverse = T(1) / r;
        store(shell.field(S::square) + k, square);
        store(shell.field(S::inverse) + k, inverse * T(0.70710678118654752440));
        store(shell.field(S::bend) + k, T(-0.5) * inverse * inverse);
        for (int q = 0; q < plan.n_narrow_windows; ++q) {
            V fc, slope;
            fitted_window<true>(plan.narrow_windows[q], plan.narrow_fits[q], r, fc, slope);
            fc = most<T>(fc, splat<T>(T(1e-30)));  // its logarithm has a slope
            store(shell.window(q) + k, fc);
            store(shell.window_bend(q) + k, T(0.5) * inverse * slope / fc);
        }
    }
}

// A pair of elements: one lies in the lanes, the other is gone through atom by atom.
template <class T>
struct Sides {
    const Shell<T>& shell;
    int lanes, single;  // buckets
    bool same;

    Sides(const Shell<T>& of, const NarrowPair& pair) : shell(of), lanes(pair.bucket1), single(pair.bucket2), same(lanes == single) {
        if (shell.count[lanes] < shell.count[single]) lanes = pair.bucket2, single = pair.bucket1;
    }
    int first() const { return shell.begin[single]; }
    // Within one element each pair counts once: j from the vector at k on takes part with the lanes beyond it only.
    int last(int k) const {
        const int end = first() + shell.count[single];
        return same && k + Shell<T>::width - 1 < end ? k + Shell<T>::width - 1 : end;
    }
    SINTERFACE_INLINE unsigned keep(int k, int j) const { return same && j >= k ? ~0u << (j + 1 - k) : ~0u; }
};

// Pack the neighbours of the vector at k that are within the cutoff of single ones.
template <class T>
SINTERFACE_APART void add_near(const ElementPlan<T>& plan, int window, const Sides<T>& sides, int k, NearTriplets<T>& near) {
    typedef Shell<T> S;
    typedef NearTriplets<T> N;
    typedef typename Lanes<T>::V V;
    const S& shell = sides.shell;
    const T *x = shell.field(S::x), *y = shell.field(S::y), *z = shell.field(S::z), *square = shell.field(S::square), *inverse = shell.field(S::inverse);
    const T *fc = shell.window(window), cutoff = plan.narrow_windows[window].radius;
    const V xk = load(x + k), yk = load(y + k), zk = load(z + k), square_k = load(square + k), inverse_k = load(inverse + k), fc_k = load(fc + k);
    const V limit = splat<T>(cutoff * cutoff);
    T *squares = near.field(N::square) + near.count, *sums = near.field(N::sum) + near.count;
    T *scales = near.field(N::scale) + near.count, *tapers = near.field(N::taper) + near.count;
    unsigned short* chosen = near.chosen + near.n_blocks;
    std::size_t n = 0;
    for (int j = sides.first(), last = sides.last(k); j < last; ++j) {
        const V dx = xk - x[j], dy = yk - y[j], dz = zk - z[j], far = dx * dx + dy * dy + dz * dz;
        const unsigned bits = chosen_lanes(far < limit) & sides.keep(k, j);
        const Packing<T> packing(bits);
        packing.append(squares + n, far);
        packing.append(sums + n, square_k + square[j]);
        packing.append(scales + n, inverse_k * inverse[j]);
        packing.append(tapers + n, fc_k * fc[j]);
        *chosen++ = static_cast<unsigned short>(bits);
        n += unsigned(__builtin_popcount(bits));
    }
    near.count += int(n);
    near.n_blocks = int(chosen - near.chosen);
}

// `use(near, sides, first k, last k)` on near triplets of the pair, as many vectors at a time as there is room for, beginning
// in the memory at `near`; the list of the whole pair if it could be kept.
template <class T, class Use>
NearTriplets<T> for_near(const ElementPlan<T>& plan, const NarrowPair& pair, const Shell<T>& shell, NearTriplets<T> near, Use use) {
    const Sides<T> sides(shell, pair);
    const int begin = shell.begin[sides.lanes], end = shell.end(sides.lanes);
    near.count = near.n_blocks = 0;
    int first = begin;
    for (int k = begin; k < end; k += Shell<T>::width) {
        add_near(plan, pair.window, sides, k, near);
        const int next = k + Shell<T>::width;
        const bool full = near.count > Bench<T>::room || near.n_blocks > Bench<T>::block_room;
        if (!full && next < end) continue;
        near.close();
        use(near, sides, first, next);
        if (next == end) break;
        near.count = near.n_blocks = 0;
        first = next;
    }
    if (first != begin) near.count = -1;
    return near;
}

// The cosine, the window at the third side and what the Gaussians take.
template <bool Slope, class T>
SINTERFACE_APART void measure_far(const ElementPlan<T>& plan, int window, const NearTriplets<T>& near, const Bench<T>& bench) {
    typedef NearTriplets<T> N;
    typedef Bench<T> B;
    typedef typename Lanes<T>::V V;
    for (int k = 0; k < near.count; k += Lanes<T>::width) {
        const V square = load(near.field(N::square) + k), sum = load(near.field(N::sum) + k), taper = load(near.field(N::taper) + k);
        const V r = root<T>(most<T>(square, splat<T>(T(1e-12))));
        V fc, slope;
        fitted_window<Slope>(plan.narrow_windows[window], plan.narrow_fits[window], r, fc, slope);
        store(bench.field(B::cosine) + k, (sum - square) * load(near.field(N::scale) + k));
        store(bench.field(B::total) + k, sum + square);
        store(bench.field(B::weight) + k, Slope ? taper : taper * fc);
        if (!Slope) continue;
        store(bench.field(B::window) + k, fc);
        store(bench.field(B::window_slope) + k, slope * (T(0.5) / r));
    }
}

template <int N>
struct Degree {
    static constexpr int value = N;
};

template <class Visit>
SINTERFACE_INLINE void with_degree(int degree, Visit visit) {
    static_assert(max_degree == 8, "one case for each degree");
    switch (degree) {
        case 1:
            return visit(Degree<1>());
        case 2:
            return visit(Degree<2>());
        case 3:
            return visit(Degree<3>());
        case 4:
            return visit(Degree<4>());
        case 5:
            return visit(Degree<5>());
        case 6:
            return visit(Degree<6>());
        case 7:
            return visit(Degree<7>());
        default:
            return visit(Degree<8>());
    }
}

// terms[a] = u^a v^(N-a)
template <int N, class V>
SINTERFACE_INLINE void mixed_powers(V u, V v, V first, V (&terms)[N + 1]) {
    terms[N] = first;
    for (int a = N - 1; a >= 0; --a) terms[a] = terms[a + 1] * v;
    V power = u;
    for (int a = 1; a <= N; ++a, power *= u) terms[a] *= power;
}

// Sums of one group's terms, and its rows from them.
template <int N, class T>
SINTERFACE_APART void sum_group(Frame<T>& f, int lane, const NarrowGroup<T>& group, int count, const Bench<T>& bench) {
    typedef Bench<T> B;
    typedef typename Lanes<T>::V V;
    V sums[N + 1], terms[N + 1];
    clear(sums, N + 1);
    for (int k = 0; k < count; k += Lanes<T>::width) {
        const V half = T(0.5) * load(bench.field(B::cosine) + k);
        const V weight = load(bench.field(B::weight) + k) * power_of_two(group.rate * load(bench.field(B::total) + k));
        mixed_powers<N>(T(0.5) + half, T(0.5) - half, weight, terms);
        for (int a = 0; a <= N; ++a) sums[a] += terms[a];
    }
    T moments[N + 1];
    for (int a = 0; a <= N; ++a) moments[a] = sum_lanes<T>(sums[a]);
    for (int r = group.first_row; r < group.last_row; ++r) {
        const NarrowRow<T>& row = f.plan.narrow_rows[r];
        T sum = 0;
        for (int a = 0; a <= N; ++a) sum += row.coefficient[a] * moments[a];
        f.values[row.row][lane] += sum;
    }
}

// Each triplet's part of the energy (but for fc(r_jk)), the same times eta, and its slope by the cosine, added to those
// of the groups before.
template <int N, class T>
SINTERFACE_APART void differentiate_group(const Frame<T>& f, int lane, const NarrowGroup<T>& group, bool first, int count, const Bench<T>& bench) {
    typedef Bench<T> B;
    typedef typename Lanes<T>::V V;
    T value[N + 1] = {}, slope[N];
    for (int r = group.first_row; r < group.last_row; ++r) {
        const NarrowRow<T>& row = f.plan.narrow_rows[r];
        const T p = f.gradients[row.row][lane];
        for (int a = 0; a <= N; ++a) value[a] += p * row.coefficient[a];
    }
    for (int a = 0; a < N; ++a) slope[a] = T(0.5) * (T(a + 1) * value[a + 1] - T(N - a) * value[a]);
    V terms[N];
    T *sums = bench.field(B::terms), *eta_sums = bench.field(B::eta_terms), *slopes = bench.field(B::by_cosine);
    for (int k = 0; k < count; k += Lanes<T>::width) {
        const V half = T(0.5) * load(bench.field(B::cosine) + k), u = T(0.5) + half, v = T(0.5) - half;
        const V weight = load(bench.field(B::weight) + k) * power_of_two(group.rate * load(bench.field(B::total) + k));
        mixed_powers<N - 1>(u, v, splat<T>(T(1)), terms);
        V low = value[0] * terms[0], by_cosine = slope[0] * terms[0];
        for (int a = 1; a < N; ++a) low += value[a] * terms[a], by_cosine += slope[a] * terms[a];
        V term = (low * v + value[N] * terms[N - 1] * u) * weight, eta_term = group.eta * term;
        by_cosine *= weight;
        if (!first) term += load(sums + k), eta_term += load(eta_sums + k), by_cosine += load(slopes + k);
        store(sums + k, term);
        store(eta_sums + k, eta_term);
        store(slopes + k, by_cosine);
    }
}

// dE/d(r_jk^2) into `total`, and what dE/d(r_ij^2) + dE/d(r_jk^2) is made of: a part for both neighbours into `weight`, one
// that takes the bend of each into `cosine` and one that takes the bend of its window into `terms`.
template <class T>
SINTERFACE_APART void combine_groups(const NearTriplets<T>& near, const Bench<T>& bench) {
    typedef Bench<T> B;
    typedef typename Lanes<T>::V V;
    for (int k = 0; k < near.count; k += Lanes<T>::width) {
        const V fc = load(bench.field(B::window) + k), term = load(bench.field(B::terms) + k);
        const V by_cosine = load(bench.field(B::by_cosine) + k) * fc, by_sum = load(bench.field(B::eta_terms) + k) * fc;
        const V far = term * load(bench.field(B::window_slope) + k) - by_sum;
        store(bench.field(B::total) + k, far - by_cosine * load(near.field(NearTriplets<T>::scale) + k));
        store(bench.field(B::weight) + k, far - by_sum);
        store(bench.field(B::cosine) + k, by_cosine * load(bench.field(B::cosine) + k));
        store(bench.field(B::terms) + k, term * fc);
    }
}

// From triplets back to neighbours.
template <class T>
SINTERFACE_APART void add_to_neighbors(int window, const unsigned short* chosen, const Bench<T>& bench, const Sides<T>& sides, int first, int last) {
    typedef Shell<T> S;
    typedef Bench<T> B;
    typedef typename Lanes<T>::V V;
    const S& shell = sides.shell;
    const T *x = shell.field(S::x), *y = shell.field(S::y), *z = shell.field(S::z), *bend = shell.field(S::bend), *window_bend = shell.window_bend(window);
    const T *squares = bench.field(B::total), *both = bench.field(B::weight), *turns = bench.field(B::cosine), *terms = bench.field(B::terms);
    std::size_t n = 0;
    for (int k = first; k < last; k += S::width) {
        const V xk = load(x + k), yk = load(y + k), zk = load(z + k), bend_k = load(bend + k), window_bend_k = load(window_bend + k);
        V along = V{}, xs = V{}, ys = V{}, zs = V{};
        V* sums = shell.sums + 4 * sides.first();
        for (int j = sides.first(), end = sides.last(k); j < end; ++j, sums += 4) {
            const unsigned bits = *chosen++;
            const Spreading<T> spreading(bits);
            const V far = spreading.read(squares + n), alike = spreading.read(both + n), turn = spreading.read(turns + n), term = spreading.read(terms + n);
            along += alike + turn * bend_k + term * window_bend_k;
            xs += far * x[j], ys += far * y[j], zs += far * z[j];
            sums[0] += alike + turn * bend[j] + term * window_bend[j];
            sums[1] += far * xk, sums[2] += far * yk, sums[3] += far * zk;
            n += unsigned(__builtin_popcount(bits));
        }
        T* own = shell.field(S::along) + k;
        store(own, load(own) + along);
        own = shell.field(S::pull_x) + k, store(own, load(own) + xs);
        own = shell.field(S::pull_y) + k, store(own, load(own) + ys);
        own = shell.field(S::pull_z) + k, store(own, load(own) + zs);
    }
}

template <class T, class Visit>
void for_groups(const ElementPlan<T>& plan, const NarrowPair& pair, Visit visit) {
    for (int g = pair.first_group; g < pair.last_group; ++g) {
        const NarrowGroup<T>& group = plan.narrow_groups[g];
        with_degree(group.degree, [&](auto degree) { visit(degree, group, g == pair.first_group); });
    }
}

template <class T>
void clear_gradients(const Shell<T>& shell, int n) {
    typedef typename Lanes<T>::V V;
    for (int c = Shell<T>::along; c <= Shell<T>::pull_z; ++c)
        for (int k = 0; k < n; k += Shell<T>::width) store(shell.field(c) + k, V{});
    clear(shell.sums, 4 * n);
}

// Add the atom's dE/dr of every neighbour to the record of its slot.
template <class T>
void hand_over(Frame<T>& f, int lane, const Shell<T>& shell) {
    typedef Shell<T> S;
    for (int b = 0; b < f.plan.n_buckets; ++b) {
        int n = shell.begin[b];
        for (int k = 0; k < f.count[b]; ++k) {
            if (!within_shell(f, f.displacements(b, k)[lane])) continue;
            auto* s = f.slot(b, k);
            const auto* sums = shell.sums + 4 * n;
            const T along = shell.field(S::along)[n] + sum_lanes<T>(sums[0]);
            for (int d = 0; d < 3; ++d)
                s[f.layout.gradient + d][lane] += T(2) * (along * shell.field(S::x + d)[n] - shell.field(S::pull_x + d)[n] - sum_lanes<T>(sums[d + 1]));
            ++n;
        }
    }
}

template <class T>
void sum_narrow(Frame<T>& f) {
    if (f.plan.n_narrow_pairs == 0) return;
    NarrowMemory<T> memory(f.plan, f.layout.capacity, f.narrow);
    const Bench<T>& bench = memory.bench;
    for (int lane = 0; lane < f.n_atoms; ++lane) {
        collect_neighbors(f, lane, memory.shell);
        measure_shell(f.plan, memory.shell);
        NearTriplets<T>* lists = memory.kept.list(lane);
        NearTriplets<T>& free = lists[f.plan.n_narrow_pairs] = memory.kept.empty(lane);
        int room = Kept<T>::room, block_room = Kept<T>::block_room;
        for (int p = 0; p < f.plan.n_narrow_pairs; ++p) {
            const NarrowPair& pair = f.plan.narrow_pairs[p];
            NearTriplets<T>& list = lists[p] = for_near(f.plan, pair, memory.shell, free, [&](const NearTriplets<T>& near, const Sides<T>&, int, int) {
                measure_far<false>(f.plan, pair.window, near, bench);
                for_groups(f.plan, pair,
                           [&](auto degree, const NarrowGroup<T>& group, bool) { sum_group<decltype(degree)::value>(f, lane, group, near.count, bench); });
            });
            if (list.count > room || list.n_blocks > block_room) list.count = -1;
            if (list.count < 0) continue;
            const int size = Shell<T>::round_up(list.count);
            free.data += size, free.chosen += list.n_blocks;
            room -= size, block_room -= list.n_blocks;
        }
    }
}

// Add dE/dr of every slot to its record.
template <class T>
void narrow_gradients(Frame<T>& f) {
    if (f.plan.n_narrow_pairs == 0) return;
    NarrowMemory<T> memory(f.plan, f.layout.capacity, f.narrow);
    const Shell<T>& shell = memory.shell;
    const Bench<T>& bench = memory.bench;
    for (int lane = 0; lane < f.n_atoms; ++lane) {
        collect_neighbors(f, lane, memory.shell);
        measure_shell(f.plan, shell);
        const bool kept = f.task == Task::forces;
        const NearTriplets<T>* lists = memory.kept.list(lane);
        const NearTriplets<T> free = kept ? lists[f.plan.n_narrow_pairs] : memory.kept.empty(lane);
        clear_gradients(shell, shell.end(f.plan.n_buckets - 1));
        for (int p = 0; p < f.plan.n_narrow_pairs; ++p) {
            const NarrowPair& pair = f.plan.narrow_pairs[p];
            const auto differentiate = [&](const NearTriplets<T>& near, const Sides<T>& sides, int first, int last) {
                measure_far<true>(f.plan, pair.window, near, bench);
                for_groups(f.plan, pair, [&](auto degree, const NarrowGroup<T>& group, bool is_first) {
                    differentiate_group<decltype(degree)::value>(f, lane, group, is_first, near.count, bench);
                });
                combine_groups(near, bench);
                add_to_neighbors(pair.window, near.chosen, bench, sides, first, last);
            };
            const Sides<T> sides(shell, pair);
            if (kept && lists[p].count >= 0)
                differentiate(lists[p], sides, shell.begin[sides.lanes], shell.end(sides.lanes));
            else
                for_near(f.plan, pair, shell, free, differentiate);
        }
        hand_over(f, lane, shell);
    }
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
