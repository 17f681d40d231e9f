// Dense networks: energies of the batch by every member of the committee, and the gradients of their mean by the
// unscaled symmetry functions. The first layers of all members, nearly all of the work, are one matrix.
#pragma once

#include "frame.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

// N outputs of a layer, from output k on; returns the end of their weights.
template <int N, class T, class V>
SINTERFACE_INLINE const T* affine(const LayerPlan<T>& layer, const T* w, const V* in, int k, V* out) {
    V sum[N];
    for (int n = 0; n < N; ++n) sum[n] = splat<T>(layer.biases[k + n]);
    for (int j = 0; j < layer.inputs; ++j, w += N)
        for (int n = 0; n < N; ++n) sum[n] += w[n] * in[j];
    for (int n = 0; n < N; ++n) out[k + n] = sum[n];
    return w;
}

template <class T, class V>
void affine_all(const LayerPlan<T>& layer, const V* in, V* out) {
    const T* w = layer.weights;
    int k = 0;
    for (; weight_block(layer.outputs - k) == 10; k += 10) w = affine<10>(layer, w, in, k, out);
    for (; weight_block(layer.outputs - k) == 4; k += 4) w = affine<4>(layer, w, in, k, out);
    for (; k < layer.outputs; ++k) w = affine<1>(layer, w, in, k, out);
}

// N rows of the weights times `in`, from input j on; of the outputs only `count` from `first` on.
template <int N, class T, class V>
SINTERFACE_INLINE void transpose(const T* w, int first, int count, const V* in, int j, V* out) {
    V sum[N];
    for (int n = 0; n < N; ++n) sum[n] = V{};
    w += N * first;
    for (int k = first; k < first + count; ++k, w += N)
        for (int n = 0; n < N; ++n) sum[n] += w[n] * in[k];
    for (int n = 0; n < N; ++n) out[j + n] = sum[n];
}

template <class T, class V>
void transpose_all(const LayerPlan<T>& layer, int first, int count, const V* in, V* out) {
    const T* w = layer.back;
    int j = 0;
    for (; weight_block(layer.inputs - j) == 10; j += 10, w += 10 * layer.outputs) transpose<10>(w, first, count, in, j, out);
    for (; weight_block(layer.inputs - j) == 4; j += 4, w += 4 * layer.outputs) transpose<4>(w, first, count, in, j, out);
    for (; j < layer.inputs; ++j, w += layer.outputs) transpose<1>(w, first, count, in, j, out);
}

template <class T, class V>
SINTERFACE_INLINE void activate_all(const LayerPlan<T>& layer, V* value, V* slope) {
    for (int k = 0; k < layer.outputs; ++k) activate<T>(layer.activation, value[k], value[k], slope[k]);
}

// Output of one member from the sums of its first layer in `value`; leaves its derivatives by them in `slope`. The
// further layers' nodes come from `value2` and `slope2` on.
template <class T, class V>
V member_output(const MemberPlan<T>& member, V* value, V* slope, V* value2, V* slope2, V* scratch) {
    activate_all(member.layers[0], value, slope);
    const V* in = value;
    V* error = slope;
    for (int l = 1; l < member.n_layers; ++l) {
        const LayerPlan<T>& layer = member.layers[l];
        affine_all(layer, in, value2);
        activate_all(layer, value2, slope2);
        in = value2, error = slope2;
        value2 += layer.outputs, slope2 += layer.outputs;
    }
    const V output = in[0];
    for (int l = member.n_layers - 1; l > 0; --l) {
        const LayerPlan<T>& layer = member.layers[l];
        transpose_all(layer, 0, layer.outputs, error, scratch);
        error = l > 1 ? error - layer.inputs : slope;
        for (int j = 0; j < layer.inputs; ++j) error[j] *= scratch[j];
    }
    return output;
}

// Gradients of the energies of all members: their mean, and of each further member the difference from the first.
template <class T, class V>
void separate_gradients(Frame<T>& f, const V* error) {
    const ElementPlan<T>& plan = f.plan;
    const int n = plan.n_rows;
    for (int m = 0; m < plan.n_members; ++m) {
        const MemberPlan<T>& member = plan.members[m];
        transpose_all(plan.joint, member.first_node, member.layers[0].outputs, error, f.member_gradients + std::size_t(m) * n);
    }
    for (int k = 0; k < n; ++k) {
        const V first = f.member_gradients[k];
        V sum = V{};
        for (int m = 1; m < plan.n_members; ++m) {
            V& own = f.member_gradients[std::size_t(m) * n + k];
            own = (own - first) * plan.factor[k];
            sum += own;
        }
        f.gradients[k] = first * plan.factor[k] + sum * T(1.0 / plan.n_members);
    }
}

// Outputs of all members; gradients of the mean energy.
template <class T, class V>
void networks(Frame<T>& f, V* outputs) {
    const ElementPlan<T>& plan = f.plan;
    const bool separate = f.output.member_forces && plan.n_members > 1;
    V* scaled = f.nodes;
    V* value = f.nodes + plan.n_rows;
    V* slope = value + plan.n_nodes;
    V* scratch = slope + plan.n_nodes;
    for (int k = 0; k < plan.n_rows; ++k) scaled[k] = plan.factor[k] * f.values[k] + plan.offset[k];
    affine_all(plan.joint, scaled, value);
    for (int m = 0; m < plan.n_members; ++m) {
        const MemberPlan<T>& member = plan.members[m];
        V* error = slope + member.first_node;
        outputs[m] = member_output(member, value + member.first_node, error, value + plan.joint.outputs, slope + plan.joint.outputs, scratch);
        const T unit = T(separate ? member.energy_factor : member.energy_factor / plan.n_members);
        for (int k = 0; k < member.layers[0].outputs; ++k) error[k] *= unit;
    }
    if (separate) return separate_gradients(f, slope);
    transpose_all(plan.joint, 0, plan.joint.outputs, slope, f.gradients);
    for (int k = 0; k < plan.n_rows; ++k) f.gradients[k] *= plan.factor[k];
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
