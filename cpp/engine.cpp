#include "engine.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "pool.hpp"

namespace sinterface {

extern const Kernel kernel_portable;
#ifdef SINTERFACE_X86
extern const Kernel kernel_avx2;
extern const Kernel kernel_avx512;
#endif

namespace {

std::vector<const Kernel*> usable_kernels() {
    std::vector<const Kernel*> kernels{&kernel_portable};
#ifdef SINTERFACE_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels.push_back(&kernel_avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        kernels.push_back(&kernel_avx512);
#endif
    return kernels;
}

template <class T>
void (*runner(const Kernel& kernel))(const KernelCall<T>*);
template <>
void (*runner(const Kernel& kernel))(const KernelCall<double>*) {
    return kernel.run_double;
}
template <>
void (*runner(const Kernel& kernel))(const KernelCall<float>*) {
    return kernel.run_single;
}
std::size_t workspace_size(const Kernel& kernel, const ElementPlan<double>& plan, int capacity) {
    return kernel.size_double(&plan, capacity);
}
std::size_t workspace_size(const Kernel& kernel, const ElementPlan<float>& plan, int capacity) {
    return kernel.size_single(&plan, capacity);
}

// Where each thread's atoms begin, so that all have as many neighbours: the materials of an interface differ in density.
std::vector<int> equal_shares(const System& system, const int* atoms, int n_atoms, int threads) {
    constexpr double own_cost = 20;  // of an atom, in neighbours
    double total = 0, sum = 0;
    for (int k = 0; k < n_atoms; ++k) total += own_cost + system.n_neighbors[atoms[k]];
    std::vector<int> starts(1, 0);
    for (int k = 0; k < n_atoms; ++k) {
        sum += own_cost + system.n_neighbors[atoms[k]];
        while (static_cast<int>(starts.size()) < threads && sum >= total * static_cast<double>(starts.size()) / threads) starts.push_back(k + 1);
    }
    starts.resize(static_cast<std::size_t>(threads), n_atoms);
    starts.push_back(n_atoms);
    return starts;
}

// A thread's scratch memory, kept from call to call.
unsigned char* scratch(std::size_t bytes) {
    thread_local std::vector<unsigned char> memory;
    if (memory.size() < bytes + 64) memory.assign(bytes + 64, 0);
    return memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64);
}

template <class T>
void run_part(const Kernel& kernel, const Plan<T>& plan, Task task, const System& system, const int* atoms, int n_atoms, const Output& output) {
    std::vector<std::vector<int>> by_element(static_cast<std::size_t>(plan.n_elements));
    int capacity = 1;
    for (int k = 0; k < n_atoms; ++k) {
        const int e = system.species[atoms[k]];
        if (e < 0) continue;
        by_element[static_cast<std::size_t>(e)].push_back(atoms[k]);
        capacity = std::max(capacity, system.n_neighbors[atoms[k]]);
    }
    for (int e = 0; e < plan.n_elements; ++e) {
        const std::vector<int>& list = by_element[static_cast<std::size_t>(e)];
        if (list.empty()) continue;
        KernelCall<T> call{};
        call.plan = &plan, call.element = e, call.system = &system;
        call.atoms = list.data(), call.n_atoms = static_cast<int>(list.size());
        call.task = task, call.output = &output, call.capacity = capacity;
        call.workspace = scratch(workspace_size(kernel, plan.elements[e], capacity));
        runner<T>(kernel)(&call);
    }
}

}  // namespace

std::vector<std::string> available_kernels() {
    std::vector<std::string> names;
    for (const Kernel* kernel : usable_kernels()) names.emplace_back(kernel->name);
    return names;
}

const Kernel& best_kernel() {
    const std::vector<const Kernel*> kernels = usable_kernels();
    const char* wanted = std::getenv("SINTERFACE_KERNEL");
    if (!wanted || !*wanted) return *kernels.back();
    std::string names;
    for (const Kernel* kernel : kernels) {
        if (std::strcmp(kernel->name, wanted) == 0) return *kernel;
        names += (names.empty() ? "" : ", ") + std::string(kernel->name);
    }
    throw PotentialError("SINTERFACE_KERNEL='" + std::string(wanted) + "' is not available on this machine; available are " + names + ".");
}

Engine::Engine(Potential potential)
    : potential_(std::move(potential)),
      plan_double_(std::make_unique<PlanStorage<double>>(potential_)),
      plan_single_(std::make_unique<PlanStorage<float>>(potential_)),
      kernel_(&best_kernel()) {}

int Engine::largest_row_count() const {
    std::size_t most = 0;
    for (const Element& element : potential_.elements) most = std::max(most, element.rows.size());
    return static_cast<int>(most);
}

void Engine::run(Task task, Precision precision, const System& system, const int* atoms, int n_atoms, int n_all, const Output& output, int threads) const {
    if (task == Task::forces && !potential_.has_networks) throw PotentialError("this potential was read without its networks; energies cannot be computed.");
    const auto part = [&](const int* first, int n, const Output& out) {
        if (precision == Precision::mixed)
            run_part<float>(*kernel_, plan_single_->plan(), task, system, first, n, out);
        else
            run_part<double>(*kernel_, plan_double_->plan(), task, system, first, n, out);
        if (task == Task::forces && potential_.repulsion.active) {
            std::vector<int> numbers;
            for (const Element& element : potential_.elements) numbers.push_back(element.atomic_number);
            add_repulsion(potential_.repulsion, numbers, system, first, n, out);
        }
    };
    threads = std::max(1, std::min(threads, n_atoms / 64));
    if (threads == 1) return part(atoms, n_atoms, output);

    // every further thread has its own rows of forces, added up in a fixed order
    const auto n = static_cast<std::size_t>(n_all);
    const auto extra = static_cast<std::size_t>(threads - 1);
    std::vector<std::vector<double>> forces(extra), virials(extra), atom_virials(extra);
    std::vector<std::exception_ptr> errors(static_cast<std::size_t>(threads));
    const std::vector<int> starts = equal_shares(system, atoms, n_atoms, threads);
    Pool::shared().run(threads, [&](int thread) {
        const auto k = static_cast<std::size_t>(thread);
        try {
            Output mine = output;
            if (k > 0) {
                if (output.forces) forces[k - 1].assign(3 * n, 0.0), mine.forces = forces[k - 1].data();
                if (output.virial) virials[k - 1].assign(9, 0.0), mine.virial = virials[k - 1].data();
                if (output.atom_virial) atom_virials[k - 1].assign(9 * n, 0.0), mine.atom_virial = atom_virials[k - 1].data();
            }
            part(atoms + starts[k], starts[k + 1] - starts[k], mine);
        } catch (...) {
            errors[k] = std::current_exception();
        }
    });
    for (const std::exception_ptr& error : errors)
        if (error) std::rethrow_exception(error);
    const auto add = [](double* into, const std::vector<double>& from) {
        for (std::size_t k = 0; k < from.size(); ++k) into[k] += from[k];
    };
    for (std::size_t t = 0; t < extra; ++t) {
        add(output.forces, forces[t]);
        add(output.virial, virials[t]);
        add(output.atom_virial, atom_virials[t]);
    }
}

}  // namespace sinterface
