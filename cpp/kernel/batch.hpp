// The kernel: as many atoms of one element as there are lanes, from neighbours to forces.
//
// Every quantity is a vector over the atoms of the batch, so sums over neighbours are plain sums of vectors.
// Neighbours are bucketed by element; slot k of a bucket holds the k-th neighbour of every atom, or padding beyond
// the cutoff. A slot's record: unit vector n, distance r, [fc, fc'] of each cutoff radius, the Gaussians, and the
// gradient dE/dr that triplets leave there.
#pragma once

#include "functions.hpp"
#include "harmonics.hpp"
#include "plan.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

template <class T>
struct Layout {
    int capacity, record, tangent, cutoffs, gaussians, gradient;
    std::size_t slots, ids, values, gradients, moments, moment_gradients, nodes, bytes;

    static std::size_t round_up(std::size_t n) { return (n + 63) / 64 * 64; }

    Layout(const ElementPlan<T>& plan, int neighbors) {
        constexpr std::size_t vector = sizeof(typename Lanes<T>::V);
        capacity = neighbors > 0 ? neighbors : 1;
        tangent = 4;
        cutoffs = tangent + 3;
        gaussians = cutoffs + 2 * plan.n_cutoffs;
        gradient = gaussians + plan.n_basis;
        record = gradient + 3;
        const std::size_t n_slots = std::size_t(plan.n_buckets) * std::size_t(capacity);
        slots = 0;
        ids = slots + n_slots * std::size_t(record) * vector;
        values = round_up(ids + n_slots * Lanes<T>::width * sizeof(int));
        gradients = values + std::size_t(plan.n_rows) * vector;
        moments = gradients + std::size_t(plan.n_rows) * vector;
        moment_gradients = moments + std::size_t(plan.n_moments + 1) * vector;
        nodes = moment_gradients + std::size_t(plan.n_moments + 1) * vector;
        bytes = round_up(nodes + std::size_t(3 * plan.n_nodes + plan.n_rows) * vector) + 64;
    }
};

template <class T>
struct Batch {
    typedef typename Lanes<T>::V V;
    static constexpr int width = Lanes<T>::width;

    const KernelCall<T>& call;
    const Plan<T>& model;
    const ElementPlan<T>& plan;
    const System& system;
    const Output& output;
    const Layout<T> layout;
    V* slots;
    int* ids;
    V *values, *gradients, *moments, *moment_gradients, *nodes;
    const int* atoms;
    int n_atoms;
    int count[128];  // slots in use, each bucket
    int lane_count[width];

    explicit Batch(const KernelCall<T>& c)
        : call(c), model(*c.plan), plan(c.plan->elements[c.element]), system(*c.system), output(*c.output), layout(plan, c.capacity) {
        slots = reinterpret_cast<V*>(c.workspace + layout.slots);
        ids = reinterpret_cast<int*>(c.workspace + layout.ids);
        values = reinterpret_cast<V*>(c.workspace + layout.values);
        gradients = reinterpret_cast<V*>(c.workspace + layout.gradients);
        moments = reinterpret_cast<V*>(c.workspace + layout.moments);
        moment_gradients = reinterpret_cast<V*>(c.workspace + layout.moment_gradients);
        nodes = reinterpret_cast<V*>(c.workspace + layout.nodes);
    }

    V* slot(int bucket, int k) const { return slots + (std::size_t(bucket) * layout.capacity + k) * layout.record; }
    int* slot_ids(int bucket, int k) const { return ids + (std::size_t(bucket) * layout.capacity + k) * width; }

    static void clear(V* at, int n) {
        for (int k = 0; k < n; ++k) at[k] = V{};
    }

    // ---- neighbours ------------------------------------------------------------------------------------------

    void pad(int bucket, int from, int to, int lane) {
        for (int k = from; k < to; ++k) {
            V* s = slot(bucket, k);
            s[0][lane] = T(2.0 * model.max_cutoff);
            s[1][lane] = s[2][lane] = T(0);
            slot_ids(bucket, k)[lane] = -1;
            if (call.task == Task::jvp)
                for (int d = 0; d < 3; ++d) s[layout.tangent + d][lane] = T(0);
        }
    }

    void pack() {
        const int n_buckets = plan.n_buckets;
        int per_lane[width][128];
        for (int b = 0; b < n_buckets; ++b) count[b] = 0;
        for (int lane = 0; lane < width; ++lane) {
            for (int b = 0; b < n_buckets; ++b) per_lane[lane][b] = 0;
            if (lane < n_atoms) pack_atom(lane, per_lane[lane]);
            for (int b = 0; b < n_buckets; ++b)
                if (per_lane[lane][b] > count[b]) count[b] = per_lane[lane][b];
        }
        for (int lane = 0; lane < width; ++lane)
            for (int b = 0; b < n_buckets; ++b) pad(b, per_lane[lane][b], count[b], lane);
    }

    void pack_atom(int lane, int* filled) {
        const int i = atoms[lane];
        const double* x = system.positions;
        const double xi = x[3 * i], yi = x[3 * i + 1], zi = x[3 * i + 2];
        const double limit = model.max_cutoff * model.max_cutoff;
        const int* list = system.neighbors[i];
        const double* shift = system.shifts ? system.shifts[i] : nullptr;
        for (int k = 0; k < system.n_neighbors[i]; ++k) {
            const int j = list[k] & system.neighbor_mask;
            double dx = x[3 * j] - xi, dy = x[3 * j + 1] - yi, dz = x[3 * j + 2] - zi;
            if (shift) dx += shift[3 * k], dy += shift[3 * k + 1], dz += shift[3 * k + 2];
            if (dx * dx + dy * dy + dz * dz >= limit) continue;
            const int b = system.species[j];
            if (b < 0) continue;
            const int at = filled[b]++;
            V* s = slot(b, at);
            s[0][lane] = T(dx), s[1][lane] = T(dy), s[2][lane] = T(dz);
            slot_ids(b, at)[lane] = j;
            if (call.task == Task::jvp) pack_tangent(i, j, dx, dy, dz, s, lane);
        }
    }

    void pack_tangent(int i, int j, double dx, double dy, double dz, V* s, int lane) {
        for (int d = 0; d < 3; ++d) {
            double v = 0;
            if (output.tangents) v += output.tangents[3 * j + d] - output.tangents[3 * i + d];
            if (output.strain) v += dx * output.strain[d] + dy * output.strain[3 + d] + dz * output.strain[6 + d];
            s[layout.tangent + d][lane] = T(v);
        }
    }

    // ---- sums over neighbours --------------------------------------------------------------------------------

    SINTERFACE_INLINE void measure(V* s) {
        const V x = s[0], y = s[1], z = s[2];
        const V r = root<T>(x * x + y * y + z * z);
        const V inverse = T(1) / r;
        s[0] = x * inverse, s[1] = y * inverse, s[2] = z * inverse, s[3] = r;
    }

    void radial_parts(int bucket, V* s) {
        measure(s);
        const V r = s[3];
        for (int k = 0; k < plan.n_cutoffs; ++k)
            cutoff_function<T>(model.cutoff_type, model.cutoff_alpha, plan.cutoff[k], r, s[layout.cutoffs + 2 * k], s[layout.cutoffs + 2 * k + 1]);
        for (int u = plan.used_begin[bucket]; u < plan.used_begin[bucket + 1]; ++u) {
            const int k = plan.used[u];
            const V d = r - plan.shift[k];
            s[layout.gaussians + k] = exponential(-plan.eta[k] * d * d);
        }
    }

    SINTERFACE_INLINE V basis(const V* s, int k) const { return s[layout.gaussians + k] * s[layout.cutoffs + 2 * plan.which_cutoff[k]]; }
    SINTERFACE_INLINE V basis_slope(const V* s, int k) const {
        const V* fc = s + layout.cutoffs + 2 * plan.which_cutoff[k];
        return s[layout.gaussians + k] * (fc[1] - (T(2) * plan.eta[k]) * (s[3] - plan.shift[k]) * fc[0]);
    }

    template <int L>
    void sum_bucket(int b) {
        V harmonic[(L + 1) * (L + 1)];
        for (int k = 0; k < count[b]; ++k) {
            V* s = slot(b, k);
            radial_parts(b, s);
            for (int t = plan.radial_begin[b]; t < plan.radial_begin[b + 1]; ++t) {
                const RadialTerm<T>& term = plan.radial[t];
                values[term.row] += term.weight * basis(s, term.basis);
            }
            if (plan.channel_begin[b] == plan.channel_begin[b + 1]) continue;
            harmonics<T, L>(s[0], s[1], s[2], harmonic);
            for (int c = plan.channel_begin[b]; c < plan.channel_begin[b + 1]; ++c) {
                const MomentChannel& channel = plan.channels[c];
                const V g = basis(s, channel.basis);
                V* a = moments + channel.offset;
                const int n = (channel.degree + 1) * (channel.degree + 1);
                for (int q = 0; q < n; ++q) a[q] += g * harmonic[q];
                if (channel.square >= 0) moments[channel.square] += g * g;
            }
        }
    }

    void sum_neighbors() {
        clear(values, plan.n_rows);
        clear(moments, plan.n_moments);
        for (int b = 0; b < plan.n_buckets; ++b) {
            switch (plan.bucket_degree[b]) {
                case -1:
                case 0:
                    sum_bucket<0>(b);
                    break;
                case 1:
                    sum_bucket<1>(b);
                    break;
                case 2:
                    sum_bucket<2>(b);
                    break;
                case 3:
                    sum_bucket<3>(b);
                    break;
                case 4:
                    sum_bucket<4>(b);
                    break;
                case 5:
                    sum_bucket<5>(b);
                    break;
                case 6:
                    sum_bucket<6>(b);
                    break;
                case 7:
                    sum_bucket<7>(b);
                    break;
                default:
                    sum_bucket<8>(b);
                    break;
            }
        }
    }

    // ---- angular functions from the moments --------------------------------------------------------------------

    void contract(const V* first, const V* second, V* out) {
        for (int k = 0; k < plan.n_contractions; ++k) {
            const Contraction& pair = plan.contractions[k];
            const V *a = first + pair.offset1, *b = second + pair.offset2;
            V legendre[max_degree + 1];
            for (int l = 0; l <= pair.degree; ++l) {
                V sum = a[l * l] * b[l * l];
                for (int q = l * l + 1; q < (l + 1) * (l + 1); ++q) sum += a[q] * b[q];
                legendre[l] = sum;
            }
            for (int r = pair.first_row; r < pair.last_row; ++r) {
                const ContractionRow<T>& row = plan.contraction_rows[r];
                V sum = row.coefficient[0] * legendre[0];
                for (int l = 1; l <= pair.degree; ++l) sum += row.coefficient[l] * legendre[l];
                out[row.row] += sum;
            }
        }
    }

    void subtract_self(const V* squares, V* out) {
        for (int k = 0; k < plan.n_contractions; ++k) {
            const Contraction& pair = plan.contractions[k];
            if (pair.square < 0) continue;
            for (int r = pair.first_row; r < pair.last_row; ++r) {
                const ContractionRow<T>& row = plan.contraction_rows[r];
                out[row.row] -= row.self * squares[pair.square];
            }
        }
    }

    void contract_gradients() {
        clear(moment_gradients, plan.n_moments);
        for (int k = 0; k < plan.n_contractions; ++k) {
            const Contraction& pair = plan.contractions[k];
            const V *a = moments + pair.offset1, *b = moments + pair.offset2;
            V *da = moment_gradients + pair.offset1, *db = moment_gradients + pair.offset2;
            V weight[max_degree + 1], self = V{};
            for (int l = 0; l <= pair.degree; ++l) weight[l] = V{};
            for (int r = pair.first_row; r < pair.last_row; ++r) {
                const ContractionRow<T>& row = plan.contraction_rows[r];
                const V p = gradients[row.row];
                for (int l = 0; l <= pair.degree; ++l) weight[l] += row.coefficient[l] * p;
                self += row.self * p;
            }
            for (int l = 0; l <= pair.degree; ++l)
                for (int q = l * l; q < (l + 1) * (l + 1); ++q) {
                    da[q] += weight[l] * b[q];
                    db[q] += weight[l] * a[q];
                }
            if (pair.square >= 0) moment_gradients[pair.square] -= self;
        }
    }

    // ---- triplets ----------------------------------------------------------------------------------------------

    struct Triplet {
        V cosine, inverse1, inverse2, far, inverse_far;
    };

    SINTERFACE_INLINE Triplet triplet(const V* s, const V* t) const {
        Triplet g;
        g.cosine = s[0] * t[0] + s[1] * t[1] + s[2] * t[2];
        g.inverse1 = T(1) / s[3];
        g.inverse2 = T(1) / t[3];
        const V square = s[3] * s[3] + t[3] * t[3] - T(2) * s[3] * t[3] * g.cosine;
        g.far = root<T>(most<T>(square, splat<T>(T(1e-12))));
        g.inverse_far = T(1) / g.far;
        return g;
    }

    // angular = prefactor (1 + lambda cos)^zeta and its derivative by the cosine.
    SINTERFACE_INLINE void angular(const TripletRow<T>& row, V cosine, V& value, V& slope) const {
        const V base = most<T>(T(1) + row.lambda * cosine, splat<T>(T(0)));
        V power = splat<T>(T(1));  // base^(zeta - 1)
        if (row.integer_zeta > 0) {
            V square = base;
            for (int n = row.integer_zeta - 1; n > 0; n >>= 1, square *= square)
                if (n & 1) power *= square;
        } else {
            const double exponent = double(row.zeta) - 1;
            power = lane_by_lane<T>(base, [exponent](double t) { return t > 0 ? ::pow(t, exponent) : 0.0; });
        }
        value = row.prefactor * power * base;
        slope = (row.prefactor * row.zeta * row.lambda) * power;
    }

    SINTERFACE_INLINE void far_parts(int k, V r, V& g, V& slope) const {
        V fc, dfc;
        cutoff_function<T>(model.cutoff_type, model.cutoff_alpha, plan.cutoff[plan.which_cutoff[k]], r, fc, dfc);
        const V d = r - plan.shift[k], e = exponential(-plan.eta[k] * d * d);
        g = e * fc;
        slope = e * (dfc - (T(2) * plan.eta[k]) * d * fc);
    }

    // Visit every pair of slots; `visit(row, s, t, triplet, g3, slope3)` sees basis k at r_jk.
    template <class Visit>
    void for_triplets(Visit visit) {
        for (int p = 0; p < plan.n_triplet_pairs; ++p) {
            const TripletPair& pair = plan.triplet_pairs[p];
            const bool same = pair.bucket1 == pair.bucket2;
            for (int a = 0; a < count[pair.bucket1]; ++a)
                for (int b = same ? a + 1 : 0; b < count[pair.bucket2]; ++b) {
                    V *s = slot(pair.bucket1, a), *t = slot(pair.bucket2, b);
                    const Triplet geometry = triplet(s, t);
                    int known = -1;
                    V g3 = splat<T>(T(1)), slope3 = V{};
                    for (int r = pair.first_row; r < pair.last_row; ++r) {
                        const TripletRow<T>& row = plan.triplet_rows[r];
                        const int wanted = row.far_side ? row.basis : -2;
                        if (wanted != known) {
                            if (row.far_side)
                                far_parts(row.basis, geometry.far, g3, slope3);
                            else
                                g3 = splat<T>(T(1)), slope3 = V{};
                            known = wanted;
                        }
                        visit(row, s, t, geometry, g3, slope3);
                    }
                }
        }
    }

    void sum_triplets() {
        for_triplets([this](const TripletRow<T>& row, V* s, V* t, const Triplet& g, V g3, V) {
            V value, slope;
            angular(row, g.cosine, value, slope);
            values[row.row] += value * basis(s, row.basis) * basis(t, row.basis) * g3;
        });
    }

    // Derivatives of one triplet's term: by the cosine, r_ij, r_ik and r_jk.
    SINTERFACE_INLINE void term_slopes(const TripletRow<T>& row, const V* s, const V* t, const Triplet& g, V g3, V slope3, V (&out)[4]) const {
        V value, slope;
        angular(row, g.cosine, value, slope);
        const V g1 = basis(s, row.basis), g2 = basis(t, row.basis);
        out[0] = slope * g1 * g2 * g3;
        out[1] = value * basis_slope(s, row.basis) * g2 * g3;
        out[2] = value * g1 * basis_slope(t, row.basis) * g3;
        out[3] = value * g1 * g2 * slope3;
    }

    void triplet_gradients() {
        for_triplets([this](const TripletRow<T>& row, V* s, V* t, const Triplet& g, V g3, V slope3) {
            V d[4];
            term_slopes(row, s, t, g, g3, slope3, d);
            const V p = gradients[row.row];
            V *ds = s + layout.gradient, *dt = t + layout.gradient;
            for (int k = 0; k < 3; ++k) {
                const V separation = (s[k] * s[3] - t[k] * t[3]) * g.inverse_far;
                ds[k] += p * (d[0] * (t[k] - g.cosine * s[k]) * g.inverse1 + d[1] * s[k] + d[3] * separation);
                dt[k] += p * (d[0] * (s[k] - g.cosine * t[k]) * g.inverse2 + d[2] * t[k] - d[3] * separation);
            }
        });
    }

    void triplet_tangents(V* out) {
        for_triplets([this, out](const TripletRow<T>& row, V* s, V* t, const Triplet& g, V g3, V slope3) {
            V d[4];
            term_slopes(row, s, t, g, g3, slope3, d);
            const V *vs = s + layout.tangent, *vt = t + layout.tangent;
            V sum = V{};
            for (int k = 0; k < 3; ++k) {
                const V separation = (s[k] * s[3] - t[k] * t[3]) * g.inverse_far;
                sum += vs[k] * (d[0] * (t[k] - g.cosine * s[k]) * g.inverse1 + d[1] * s[k] + d[3] * separation);
                sum += vt[k] * (d[0] * (s[k] - g.cosine * t[k]) * g.inverse2 + d[2] * t[k] - d[3] * separation);
            }
            out[row.row] += sum;
        });
    }

    // ---- networks ----------------------------------------------------------------------------------------------

    template <int N>
    SINTERFACE_INLINE void affine(const LayerPlan<T>& layer, const V* in, int k, V* out) {
        V sum[N];
        for (int n = 0; n < N; ++n) sum[n] = splat<T>(layer.biases[k + n]);
        const T* w = layer.weights + k;
        for (int j = 0; j < layer.inputs; ++j, w += layer.outputs)
            for (int n = 0; n < N; ++n) sum[n] += w[n] * in[j];
        for (int n = 0; n < N; ++n) out[k + n] = sum[n];
    }

    template <int N>
    SINTERFACE_INLINE void transpose(const LayerPlan<T>& layer, const V* in, int j, V* out) {
        V sum[N];
        for (int n = 0; n < N; ++n) sum[n] = V{};
        const T* w = layer.weights + std::size_t(j) * layer.outputs;
        for (int k = 0; k < layer.outputs; ++k)
            for (int n = 0; n < N; ++n) sum[n] += w[std::size_t(n) * layer.outputs + k] * in[k];
        for (int n = 0; n < N; ++n) out[j + n] = sum[n];
    }

    // Energies of the batch; gradients of the energy by the unscaled symmetry functions.
    V networks() {
        V* scaled = nodes;
        V* value = nodes + plan.n_rows;
        V* slope = value + plan.n_nodes;
        V* scratch = slope + plan.n_nodes;
        for (int k = 0; k < plan.n_rows; ++k) scaled[k] = plan.factor[k] * values[k] + plan.offset[k];
        const V* in = scaled;
        for (int l = 0; l < plan.n_layers; ++l) {
            const LayerPlan<T>& layer = plan.layers[l];
            int k = 0;
            for (; k + 10 <= layer.outputs; k += 10) affine<10>(layer, in, k, value);
            for (; k + 4 <= layer.outputs; k += 4) affine<4>(layer, in, k, value);
            for (; k < layer.outputs; ++k) affine<1>(layer, in, k, value);
            for (k = 0; k < layer.outputs; ++k) activate<T>(layer.activation, value[k], value[k], slope[k]);
            in = value;
            value += layer.outputs;
            slope += layer.outputs;
        }
        const V energy = in[0];
        V* error = slope - 1;
        for (int l = plan.n_layers - 1; l >= 0; --l) {
            const LayerPlan<T>& layer = plan.layers[l];
            V* before = l > 0 ? error - layer.inputs : gradients;
            V* target = l > 0 ? scratch : gradients;
            int j = 0;
            for (; j + 8 <= layer.inputs; j += 8) transpose<8>(layer, error, j, target);
            for (; j < layer.inputs; ++j) transpose<1>(layer, error, j, target);
            if (l > 0)
                for (j = 0; j < layer.inputs; ++j) before[j] *= target[j];
            error = before;
        }
        const T unit = T(plan.energy_factor);
        for (int k = 0; k < plan.n_rows; ++k) gradients[k] *= unit * plan.factor[k];
        return energy;
    }

    // ---- forces ------------------------------------------------------------------------------------------------

    // dE/dr of one slot from the radial terms and the moments of its bucket.
    template <int L>
    SINTERFACE_INLINE void slot_gradient(int b, const V* s, V& gx, V& gy, V& gz) {
        V along = V{};
        for (int t = plan.radial_begin[b]; t < plan.radial_begin[b + 1]; ++t) {
            const RadialTerm<T>& term = plan.radial[t];
            along += term.weight * gradients[term.row] * basis_slope(s, term.basis);
        }
        V tx = V{}, ty = V{}, tz = V{};
        if (plan.channel_begin[b] != plan.channel_begin[b + 1]) {
            V harmonic[(L + 1) * (L + 1)], weight[(L + 1) * (L + 1)];
            harmonics<T, L>(s[0], s[1], s[2], harmonic);
            clear(weight, (L + 1) * (L + 1));
            for (int c = plan.channel_begin[b]; c < plan.channel_begin[b + 1]; ++c) {
                const MomentChannel& channel = plan.channels[c];
                const V g = basis(s, channel.basis), slope = basis_slope(s, channel.basis);
                const V* da = moment_gradients + channel.offset;
                const int n = (channel.degree + 1) * (channel.degree + 1);
                V sum = V{};
                for (int q = 0; q < n; ++q) {
                    weight[q] += g * da[q];
                    sum += da[q] * harmonic[q];
                }
                along += slope * sum;
                if (channel.square >= 0) along += T(2) * g * slope * moment_gradients[channel.square];
            }
            harmonics_gradient<T, L>(s[0], s[1], s[2], weight, tx, ty, tz);
            const V inverse = T(1) / s[3], radial = tx * s[0] + ty * s[1] + tz * s[2];
            tx = (tx - radial * s[0]) * inverse;
            ty = (ty - radial * s[1]) * inverse;
            tz = (tz - radial * s[2]) * inverse;
        }
        gx = along * s[0] + tx;
        gy = along * s[1] + ty;
        gz = along * s[2] + tz;
    }

    template <int L>
    void scatter_bucket(int b, V (&own)[3], V (&virial)[6]) {
        for (int k = 0; k < count[b]; ++k) {
            V* s = slot(b, k);
            V g[3];
            slot_gradient<L>(b, s, g[0], g[1], g[2]);
            if (plan.n_triplet_pairs > 0)
                for (int d = 0; d < 3; ++d) g[d] += s[layout.gradient + d];
            scatter(s, slot_ids(b, k), g, own, virial);
        }
    }

    // The neighbour takes -dE/dr, the central atom the opposite.
    SINTERFACE_INLINE void scatter(const V* s, const int* id, const V (&g)[3], V (&own)[3], V (&virial)[6]) {
        double* forces = output.forces;
        for (int d = 0; d < 3; ++d) own[d] += g[d];
        if (forces)
            for (int lane = 0; lane < width; ++lane) {
                const int j = id[lane];
                if (j < 0) continue;
                for (int d = 0; d < 3; ++d) forces[3 * j + d] -= double(g[d][lane]);
            }
        if (!output.virial && !output.atom_virial) return;
        const V x = s[0] * s[3], y = s[1] * s[3], z = s[2] * s[3];
        const V w[6] = {x * g[0], y * g[1], z * g[2], y * g[2], x * g[2], x * g[1]};
        for (int k = 0; k < 6; ++k) virial[k] -= w[k];
        if (output.atom_virial)
            for (int lane = 0; lane < width; ++lane)
                if (id[lane] >= 0) {
                    const double r[3] = {double(x[lane]), double(y[lane]), double(z[lane])};
                    for (int a = 0; a < 3; ++a)
                        for (int c = 0; c < 3; ++c) output.atom_virial[9 * id[lane] + 3 * a + c] -= r[a] * double(g[c][lane]);
                }
    }

    void scatter_forces() {
        V own[3] = {V{}, V{}, V{}}, virial[6] = {V{}, V{}, V{}, V{}, V{}, V{}};
        for (int b = 0; b < plan.n_buckets; ++b) {
            switch (plan.bucket_degree[b]) {
                case -1:
                case 0:
                    scatter_bucket<0>(b, own, virial);
                    break;
                case 1:
                    scatter_bucket<1>(b, own, virial);
                    break;
                case 2:
                    scatter_bucket<2>(b, own, virial);
                    break;
                case 3:
                    scatter_bucket<3>(b, own, virial);
                    break;
                case 4:
                    scatter_bucket<4>(b, own, virial);
                    break;
                case 5:
                    scatter_bucket<5>(b, own, virial);
                    break;
                case 6:
                    scatter_bucket<6>(b, own, virial);
                    break;
                case 7:
                    scatter_bucket<7>(b, own, virial);
                    break;
                default:
                    scatter_bucket<8>(b, own, virial);
                    break;
            }
        }
        for (int lane = 0; lane < n_atoms && output.forces; ++lane)
            for (int d = 0; d < 3; ++d) output.forces[3 * atoms[lane] + d] += double(own[d][lane]);
        if (!output.virial) return;
        static const int place[6][2] = {{0, 0}, {4, 4}, {8, 8}, {5, 7}, {2, 6}, {1, 3}};
        for (int k = 0; k < 6; ++k) {
            double sum = 0;
            for (int lane = 0; lane < n_atoms; ++lane) sum += double(virial[k][lane]);
            output.virial[place[k][0]] += sum;
            if (place[k][1] != place[k][0]) output.virial[place[k][1]] += sum;
        }
    }

    // ---- derivative along a displacement -------------------------------------------------------------------------

    // Tangents of the moments (into moment_gradients) and of the radial rows (into gradients).
    template <int L>
    void tangent_bucket(int b) {
        V harmonic[(L + 1) * (L + 1)], change[(L + 1) * (L + 1)];
        for (int k = 0; k < count[b]; ++k) {
            const V* s = slot(b, k);
            const V* v = s + layout.tangent;
            const V along = v[0] * s[0] + v[1] * s[1] + v[2] * s[2];
            for (int t = plan.radial_begin[b]; t < plan.radial_begin[b + 1]; ++t) {
                const RadialTerm<T>& term = plan.radial[t];
                gradients[term.row] += term.weight * basis_slope(s, term.basis) * along;
            }
            if (plan.channel_begin[b] == plan.channel_begin[b + 1]) continue;
            const V inverse = T(1) / s[3];
            const V tangent[3] = {(v[0] - along * s[0]) * inverse, (v[1] - along * s[1]) * inverse, (v[2] - along * s[2]) * inverse};
            harmonics<T, L>(s[0], s[1], s[2], harmonic);
            harmonics_tangent<T, L>(s[0], s[1], s[2], tangent, change);
            for (int c = plan.channel_begin[b]; c < plan.channel_begin[b + 1]; ++c) {
                const MomentChannel& channel = plan.channels[c];
                const V g = basis(s, channel.basis), slope = basis_slope(s, channel.basis) * along;
                V* a = moment_gradients + channel.offset;
                const int n = (channel.degree + 1) * (channel.degree + 1);
                for (int q = 0; q < n; ++q) a[q] += slope * harmonic[q] + g * change[q];
                if (channel.square >= 0) moment_gradients[channel.square] += T(2) * g * slope;
            }
        }
    }

    void tangents() {
        clear(gradients, plan.n_rows);
        clear(moment_gradients, plan.n_moments);
        for (int b = 0; b < plan.n_buckets; ++b) {
            switch (plan.bucket_degree[b]) {
                case -1:
                case 0:
                    tangent_bucket<0>(b);
                    break;
                case 1:
                    tangent_bucket<1>(b);
                    break;
                case 2:
                    tangent_bucket<2>(b);
                    break;
                case 3:
                    tangent_bucket<3>(b);
                    break;
                case 4:
                    tangent_bucket<4>(b);
                    break;
                case 5:
                    tangent_bucket<5>(b);
                    break;
                case 6:
                    tangent_bucket<6>(b);
                    break;
                case 7:
                    tangent_bucket<7>(b);
                    break;
                default:
                    tangent_bucket<8>(b);
                    break;
            }
        }
        contract(moment_gradients, moments, gradients);
        contract(moments, moment_gradients, gradients);
        subtract_self(moment_gradients, gradients);
        triplet_tangents(gradients);
    }

    // ---- one batch -----------------------------------------------------------------------------------------------

    void write_rows(const V* rows) {
        for (int lane = 0; lane < n_atoms; ++lane) {
            double* out = output.values + std::size_t(atoms[lane]) * output.stride;
            for (int k = 0; k < plan.n_rows; ++k) out[k] = double(rows[k][lane]);
            for (int k = plan.n_rows; k < output.stride; ++k) out[k] = 0;
        }
    }

    void read_gradients() {
        for (int k = 0; k < plan.n_rows; ++k) gradients[k] = V{};
        for (int lane = 0; lane < n_atoms; ++lane) {
            const double* in = output.gradients + std::size_t(atoms[lane]) * output.stride;
            for (int k = 0; k < plan.n_rows; ++k) gradients[k][lane] = T(in[k]);
        }
    }

    void forces_from_gradients() {
        contract_gradients();
        if (plan.n_triplet_pairs > 0) {
            for (int b = 0; b < plan.n_buckets; ++b)
                for (int k = 0; k < count[b]; ++k) clear(slot(b, k) + layout.gradient, 3);
            triplet_gradients();
        }
        scatter_forces();
    }

    void run(const int* batch_atoms, int n) {
        atoms = batch_atoms;
        n_atoms = n;
        pack();
        sum_neighbors();
        contract(moments, moments, values);
        subtract_self(moments, values);
        sum_triplets();
        switch (call.task) {
            case Task::values:
                write_rows(values);
                break;
            case Task::jvp:
                tangents();
                write_rows(gradients);
                break;
            case Task::vjp:
                read_gradients();
                forces_from_gradients();
                break;
            case Task::forces: {
                const V energy = networks();
                for (int lane = 0; lane < n; ++lane) output.energies[atoms[lane]] = plan.energy_factor * double(energy[lane]) + plan.energy_offset;
                if (output.forces || output.virial || output.atom_virial) forces_from_gradients();
                break;
            }
        }
    }
};

template <class T>
void run_call(const KernelCall<T>* call) {
    Batch<T> batch(*call);
    for (int first = 0; first < call->n_atoms; first += Lanes<T>::width) {
        const int left = call->n_atoms - first;
        batch.run(call->atoms + first, left < Lanes<T>::width ? left : Lanes<T>::width);
    }
}

template <class T>
std::size_t workspace_size(const ElementPlan<T>* plan, int capacity) {
    return Layout<T>(*plan, capacity).bytes;
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
