// Dense networks: energies of the atoms by every member of the committee, and the gradients of their mean by the
// unscaled symmetry functions. The first layers of all members, nearly all of the work, are one matrix. Its weights
// come from the second level of cache, so that K batches, `stride` vectors apart in memory, share each of them.
#pragma once

#include "frame.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

// N sums for each of K batches: of the weights times in[first, last) of each batch, from `w` on.
template <int N, int K, class T, class V>
SINTERFACE_INLINE void add_products(const T* w, const V* in, std::size_t stride, int first, int last, V (&sum)[K][N]) {
    for (int j = first; j < last; ++j, w += N)
        for (int n = 0; n < N; ++n)
            for (int b = 0; b < K; ++b) sum[b][n] += w[n] * in[b * stride + j];
}

// Two blocks of weights for a single batch: enough sums that none waits for the one before.
template <int N, class T, class V>
SINTERFACE_INLINE void add_products(const T* w, const T* next, const V* in, int first, int last, V (&sum)[2][N]) {
    for (int j = first; j < last; ++j, w += N, next += N)
        for (int n = 0; n < N; ++n) sum[0][n] += w[n] * in[j], sum[1][n] += next[n] * in[j];
}

// N outputs of a layer, from output k on, with their weights at `w`.
template <int N, int K, class T, class V>
SINTERFACE_INLINE void affine(const LayerPlan<T>& layer, const T* w, const V* in, std::size_t stride, int k, V* out) {
    V sum[K][N];
    for (int b = 0; b < K; ++b)
        for (int n = 0; n < N; ++n) sum[b][n] = splat<T>(layer.biases[k + n]);
    add_products<N, K>(w, in, stride, 0, layer.inputs, sum);
    for (int b = 0; b < K; ++b)
        for (int n = 0; n < N; ++n) out[b * stride + k + n] = sum[b][n];
}

template <int K, class T, class V>
void affine_all(const LayerPlan<T>& layer, const V* in, std::size_t stride, V* out) {
    constexpr int N = weight_block;
    const T* w = layer.weights;
    int k = 0;
    if constexpr (K == 1)
        for (; layer.outputs - k >= 2 * N; k += 2 * N, w += 2 * N * layer.inputs) {
            V sum[2][N];
            for (int n = 0; n < 2 * N; ++n) sum[n / N][n % N] = splat<T>(layer.biases[k + n]);
            add_products<N>(w, w + N * layer.inputs, in, 0, layer.inputs, sum);
            for (int n = 0; n < 2 * N; ++n) out[k + n] = sum[n / N][n % N];
        }
    for (; layer.outputs - k >= N; k += N, w += N * layer.inputs) affine<N, K>(layer, w, in, stride, k, out);
    for (; k < layer.outputs; ++k, w += layer.inputs) affine<1, K>(layer, w, in, stride, k, out);
}

// N rows of the weights, which stand at `w`, times `in`: to out[j...].
template <int N, int K, class T, class V>
SINTERFACE_INLINE void transpose(const LayerPlan<T>& layer, const T* w, const V* in, std::size_t stride, int j, V* out) {
    V sum[K][N];
    for (int b = 0; b < K; ++b)
        for (int n = 0; n < N; ++n) sum[b][n] = V{};
    add_products<N, K>(w, in, stride, 0, layer.outputs, sum);
    for (int b = 0; b < K; ++b)
        for (int n = 0; n < N; ++n) out[b * stride + j + n] = sum[b][n];
}

template <int K, class T, class V>
void transpose_all(const LayerPlan<T>& layer, const V* in, std::size_t stride, V* out) {
    constexpr int N = weight_block;
    const T* w = layer.back;
    int j = 0;
    if constexpr (K == 1)
        for (; layer.inputs - j >= 2 * N; j += 2 * N, w += 2 * N * layer.outputs) {
            V sum[2][N];
            for (int n = 0; n < 2 * N; ++n) sum[n / N][n % N] = V{};
            add_products<N>(w, w + N * layer.outputs, in, 0, layer.outputs, sum);
            for (int n = 0; n < 2 * N; ++n) out[j + n] = sum[n / N][n % N];
        }
    for (; layer.inputs - j >= N; j += N, w += N * layer.outputs) transpose<N, K>(layer, w, in, stride, j, out);
    for (; j < layer.inputs; ++j, w += layer.outputs) transpose<1, K>(layer, w, in, stride, j, out);
}

template <int K, class T, class V>
void activate_all(const LayerPlan<T>& layer, std::size_t stride, V* value, V* slope) {
    for (int b = 0; b < K; ++b, value += stride, slope += stride) {
        if (layer.activation == 1)
            for (int k = 0; k < layer.outputs; ++k) activate<T>(1, value[k], value[k], slope[k]);
        else
            for (int k = 0; k < layer.outputs; ++k) activate<T>(layer.activation, value[k], value[k], slope[k]);
    }
}

// Output of one member from the sums of its first layer in `value`, to `outputs`; leaves its derivatives by them in
// `slope`. The further layers' nodes come from `value2` and `slope2` on.
template <int K, class T, class V>
void member_output(const MemberPlan<T>& member, std::size_t stride, V* value, V* slope, V* value2, V* slope2, V* scratch, V* outputs) {
    activate_all<K>(member.layers[0], stride, value, slope);
    const V* in = value;
    V* error = slope;
    for (int l = 1; l < member.n_layers; ++l) {
        const LayerPlan<T>& layer = member.layers[l];
        affine_all<K>(layer, in, stride, value2);
        activate_all<K>(layer, stride, value2, slope2);
        in = value2, error = slope2;
        value2 += layer.outputs, slope2 += layer.outputs;
    }
    for (int b = 0; b < K; ++b) outputs[b * stride] = in[b * stride];
    for (int l = member.n_layers - 1; l > 0; --l) {
        const LayerPlan<T>& layer = member.layers[l];
        transpose_all<K>(layer, error, stride, scratch);
        error = l > 1 ? error - layer.inputs : slope;
        for (int b = 0; b < K; ++b)
            for (int j = 0; j < layer.inputs; ++j) error[b * stride + j] *= scratch[b * stride + j];
    }
}

// N rows' gradients of the energies of all members: their mean, and of each further member the difference from the first.
template <int N, int K, class T, class V>
SINTERFACE_INLINE void separate(const Frame<T>& f, const T* w, const V* error, std::size_t stride, int j) {
    const ElementPlan<T>& plan = f.plan;
    V first[K][N] = {}, total[K][N] = {};
    for (int m = 0; m < plan.n_members; ++m) {
        const MemberPlan<T>& member = plan.members[m];
        V sum[K][N];
        for (int b = 0; b < K; ++b)
            for (int n = 0; n < N; ++n) sum[b][n] = V{};
        add_products<N, K>(w + N * member.first_node, error, stride, member.first_node, member.first_node + member.layers[0].outputs, sum);
        V* out = f.member_gradients + std::size_t(m) * plan.n_rows + j;
        for (int b = 0; b < K; ++b)
            for (int n = 0; n < N; ++n) {
                if (m == 0) {
                    first[b][n] = sum[b][n];
                } else {
                    out[b * stride + n] = sum[b][n] - first[b][n];
                    total[b][n] += out[b * stride + n];
                }
            }
    }
    for (int b = 0; b < K; ++b)
        for (int n = 0; n < N; ++n) f.gradients[b * stride + j + n] = first[b][n] + total[b][n] * T(1.0 / plan.n_members);
}

template <int K, class T, class V>
void separate_gradients(const Frame<T>& f, const V* error, std::size_t stride) {
    constexpr int N = weight_block;
    const LayerPlan<T>& layer = f.plan.joint;
    const T* w = layer.back;
    int j = 0;
    for (; layer.inputs - j >= N; j += N, w += N * layer.outputs) separate<N, K>(f, w, error, stride, j);
    for (; j < layer.inputs; ++j, w += layer.outputs) separate<1, K>(f, w, error, stride, j);
}

// Outputs of all members; gradients of the mean energy. For `f` and the K - 1 batches that follow it in memory.
template <int K, class T>
void networks(const Frame<T>& f, std::size_t stride) {
    typedef typename Frame<T>::V V;
    const ElementPlan<T>& plan = f.plan;
    const bool separate = f.output.member_forces && plan.n_members > 1;
    V* scaled = f.nodes;
    V* value = f.nodes + plan.n_rows;
    V* slope = value + plan.n_nodes;
    V* scratch = slope + plan.n_nodes;
    for (int b = 0; b < K; ++b)
        for (int k = 0; k < plan.n_rows; ++k) scaled[b * stride + k] = plan.factor[k] * f.values[b * stride + k] + plan.offset[k];
    affine_all<K>(plan.joint, scaled, stride, value);
    for (int m = 0; m < plan.n_members; ++m) {
        const MemberPlan<T>& member = plan.members[m];
        V* error = slope + member.first_node;
        member_output<K>(member, stride, value + member.first_node, error, value + plan.joint.outputs, slope + plan.joint.outputs, scratch, f.energies + m);
        const T unit = T(separate ? member.energy_factor : member.energy_factor / plan.n_members);
        for (int b = 0; b < K; ++b)
            for (int k = 0; k < member.layers[0].outputs; ++k) error[b * stride + k] *= unit;
    }
    if (separate)
        separate_gradients<K>(f, slope, stride);
    else
        transpose_all<K>(plan.joint, slope, stride, f.gradients);
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
