// Dense networks: energies of the batch and their gradients by the unscaled symmetry functions.
#pragma once

#include "frame.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

// N outputs of a layer, from output k on.
template <int N, class T, class V>
SINTERFACE_INLINE void affine(const LayerPlan<T>& layer, const V* in, int k, V* out) {
    V sum[N];
    for (int n = 0; n < N; ++n) sum[n] = splat<T>(layer.biases[k + n]);
    const T* w = layer.weights + k;
    for (int j = 0; j < layer.inputs; ++j, w += layer.outputs)
        for (int n = 0; n < N; ++n) sum[n] += w[n] * in[j];
    for (int n = 0; n < N; ++n) out[k + n] = sum[n];
}

// N rows of the weights times `in`, from input j on.
template <int N, class T, class V>
SINTERFACE_INLINE void transpose(const LayerPlan<T>& layer, const V* in, int j, V* out) {
    V sum[N];
    for (int n = 0; n < N; ++n) sum[n] = V{};
    const T* w = layer.weights + std::size_t(j) * layer.outputs;
    for (int k = 0; k < layer.outputs; ++k)
        for (int n = 0; n < N; ++n) sum[n] += w[std::size_t(n) * layer.outputs + k] * in[k];
    for (int n = 0; n < N; ++n) out[j + n] = sum[n];
}

template <class T>
typename Frame<T>::V networks(Frame<T>& f) {
    typedef typename Frame<T>::V V;
    const ElementPlan<T>& plan = f.plan;
    V* scaled = f.nodes;
    V* value = f.nodes + plan.n_rows;
    V* slope = value + plan.n_nodes;
    V* scratch = slope + plan.n_nodes;
    for (int k = 0; k < plan.n_rows; ++k) scaled[k] = plan.factor[k] * f.values[k] + plan.offset[k];
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
        V* target = l > 0 ? scratch : f.gradients;
        int j = 0;
        for (; j + 8 <= layer.inputs; j += 8) transpose<8>(layer, error, j, target);
        for (; j < layer.inputs; ++j) transpose<1>(layer, error, j, target);
        if (l == 0) break;
        error -= layer.inputs;
        for (j = 0; j < layer.inputs; ++j) error[j] *= target[j];
    }
    const T unit = T(plan.energy_factor);
    for (int k = 0; k < plan.n_rows; ++k) f.gradients[k] *= unit * plan.factor[k];
    return energy;
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
