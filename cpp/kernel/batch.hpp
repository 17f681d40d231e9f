// One batch after the other, from neighbours to what the caller asks for.
#pragma once

#include "forces.hpp"
#include "members.hpp"
#include "networks.hpp"
#include "tangents.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

template <class T>
void write_rows(const Frame<T>& f, const typename Frame<T>::V* rows) {
    for (int lane = 0; lane < f.n_atoms; ++lane) {
        double* out = f.output.values + std::size_t(f.atoms[lane]) * f.output.stride;
        for (int k = 0; k < f.plan.n_rows; ++k) out[k] = double(rows[k][lane]);
        for (int k = f.plan.n_rows; k < f.output.stride; ++k) out[k] = 0;
    }
}

template <class T>
void read_gradients(Frame<T>& f) {
    clear(f.gradients, f.plan.n_rows);
    for (int lane = 0; lane < f.n_atoms; ++lane) {
        const double* in = f.output.gradients + std::size_t(f.atoms[lane]) * f.output.stride;
        for (int k = 0; k < f.plan.n_rows; ++k) f.gradients[k][lane] = T(in[k]);
    }
}

// Rows of each atom outside their training range.
template <class T>
void count_extrapolations(const Frame<T>& f) {
    typename Lanes<T>::I count{};
    for (int k = 0; k < f.plan.n_rows; ++k) count -= (f.values[k] < f.plan.lowest[k]) | (f.values[k] > f.plan.highest[k]);
    for (int lane = 0; lane < f.n_atoms; ++lane) f.output.extrapolations[f.atoms[lane]] = int(count[lane]);
}

// Energies of the members and their mean, for each atom.
template <class T>
void write_energies(const Frame<T>& f) {
    const int n = f.plan.n_members;
    for (int lane = 0; lane < f.n_atoms; ++lane) {
        const std::size_t atom = std::size_t(f.atoms[lane]);
        double sum = 0;
        for (int m = 0; m < n; ++m) {
            const MemberPlan<T>& member = f.plan.members[m];
            const double energy = member.energy_factor * double(f.energies[m][lane]) + member.energy_offset;
            if (f.output.member_energies) f.output.member_energies[atom * n + m] = energy;
            sum += energy;
        }
        f.output.energies[atom] = sum / n;
    }
}

// The same pass for the mean and each difference in turn, where triplets are to be gone through.
template <class T>
void pass_members(Frame<T>& f) {
    forces_from_gradients(f);
    const Output output = f.output;
    double* const rows = f.force_rows;
    typename Frame<T>::V* const gradients = f.gradients;
    f.output.virial = f.output.atom_virial = nullptr;
    for (int m = 1; m < f.plan.n_members; ++m) {
        f.force_rows = rows + 3 * m;
        f.gradients = f.member_gradients + std::size_t(m) * f.plan.n_rows;
        forces_from_gradients(f);
    }
    f.force_rows = rows, f.gradients = gradients;
    f.output = output;
}

// After the networks.
template <class T>
void energies_and_forces(Frame<T>& f) {
    write_energies(f);
    const Output& output = f.output;
    if (output.extrapolations) count_extrapolations(f);
    if (output.member_forces && f.plan.n_members > 1)
        f.plan.n_triplet_pairs > 0 ? pass_members(f) : sweep_members(f);
    else if (f.force_rows || output.virial || output.atom_virial)
        forces_from_gradients(f);
}

// The first step: neighbours and, where they are wanted, symmetry functions.
template <class T>
void begin_batch(Nearby& nearby, Frame<T>& f, const int* atoms, int n_left) {
    f.atoms = atoms;
    f.n_atoms = n_left < Frame<T>::width ? n_left : Frame<T>::width;
    pack_neighbors(nearby, f);
    sum_neighbors(f);
    if (f.task != Task::values && f.task != Task::forces) return;
    contract(f, f.moments, f.moments, f.values);
    subtract_self(f.plan, f.moments, f.values);
    sum_triplets(f);
    sum_narrow(f);
}

template <class T>
void run_batch(Nearby& nearby, Frame<T>& f, const int* atoms, int n_left) {
    begin_batch(nearby, f, atoms, n_left);
    switch (f.task) {
        case Task::values:
            write_rows(f, f.values);
            break;
        case Task::jvp:
            tangents(f);
            write_rows(f, f.gradients);
            break;
        case Task::vjp:
            read_gradients(f);
            forces_from_gradients(f);
            break;
        case Task::forces:
            networks<1>(f, 0);
            energies_and_forces(f);
            break;
    }
}

// Two batches: they go through the networks together, and the second, whose neighbours are still in the cache, back first.
template <class T>
void run_two(Nearby& nearby, Frame<T>& one, Frame<T>& two, const int* atoms, int n_left) {
    begin_batch(nearby, one, atoms, n_left);
    begin_batch(nearby, two, atoms + Frame<T>::width, n_left - Frame<T>::width);
    networks<2>(one, one.layout.bytes / sizeof(typename Frame<T>::V));
    energies_and_forces(two);
    energies_and_forces(one);
}

// Two batches at a time where the weights would not stay in the nearest cache between one and the next.
template <class T>
bool by_twos(const KernelCall<T>& call) {
    const LayerPlan<T>& layer = call.plan->elements[call.element].joint;
    return call.task == Task::forces && std::size_t(layer.inputs) * std::size_t(layer.outputs) * sizeof(T) > 16384;
}

template <class T>
void run_call(const KernelCall<T>* call) {
    constexpr int width = Lanes<T>::width;
    Frame<T> one(*call, 0), two(*call, 1);
    Nearby nearby{call->near_square, call->near, call->n_near};
    int first = 0;
    for (; by_twos(*call) && call->n_atoms - first > width; first += 2 * width) run_two(nearby, one, two, call->atoms + first, call->n_atoms - first);
    for (; first < call->n_atoms; first += width) run_batch(nearby, one, call->atoms + first, call->n_atoms - first);
}

template <class T>
std::size_t workspace_size(const ElementPlan<T>* plan, int capacity) {
    return 2 * Layout<T>(*plan, capacity, true).bytes;
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
