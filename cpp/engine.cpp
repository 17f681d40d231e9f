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

// Memory kept from call to call, aligned for any vector.
struct Scratch {
    std::vector<unsigned char> memory;

    void* get(std::size_t bytes) {
        if (memory.size() < bytes + 64) std::vector<unsigned char>().swap(memory), memory.resize(bytes + bytes / 4 + 64);
        return memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64);
    }
};

// Positions and elements as the kernel wants them.
const double* make_rows(const System& system, int n_all, double* rows) {
    constexpr double nowhere = 1e9;
    for (int i = 0; i <= n_all; ++i) {
        double* row = rows + 4 * static_cast<std::size_t>(i);
        const bool seen = i < n_all && system.species[i] >= 0;
        for (int d = 0; d < 3; ++d) row[d] = seen ? system.positions[3 * static_cast<std::size_t>(i) + static_cast<std::size_t>(d)] : nowhere;
        row[3] = seen ? system.species[i] : 0;
    }
    return rows;
}

template <class T>
void run_part(const Kernel& kernel, const Plan<T>& plan, Task task, const System& system, const double* rows, int n_all, const int* atoms, int n_atoms,
              const Output& output, double* force_rows, int force_stride) {
    thread_local Scratch workspace;
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
        call.rows = rows, call.force_rows = force_rows, call.force_stride = force_stride, call.n_all = n_all;
        call.atoms = list.data(), call.n_atoms = static_cast<int>(list.size());
        call.task = task, call.output = &output, call.capacity = capacity;
        call.workspace = static_cast<unsigned char*>(workspace.get(workspace_size(kernel, plan.elements[e], capacity)));
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
      kernel_(&best_kernel()) {
    if (!potential_.repulsion.active) return;
    std::vector<int> numbers;
    for (const Element& element : potential_.elements) numbers.push_back(element.atomic_number);
    repulsion_ = std::make_unique<RepulsionTable>(potential_.repulsion, numbers);
}

int Engine::largest_row_count() const {
    std::size_t most = 0;
    for (const Element& element : potential_.elements) most = std::max(most, element.rows.size());
    return static_cast<int>(most);
}

void Engine::run(Task task, Precision precision, const System& system, const int* atoms, int n_atoms, int n_all, const Output& output, int threads) const {
    if (task == Task::forces && !potential_.has_networks) throw PotentialError("this potential was read without its networks; energies cannot be computed.");
    threads = std::max(1, std::min(threads, n_atoms / 64));
    const auto n = static_cast<std::size_t>(n_all), n_threads = static_cast<std::size_t>(threads);
    thread_local Scratch positions;
    thread_local std::vector<Scratch> force_rows;  // of each thread, added up in a fixed order
    const double* rows = make_rows(system, n_all, static_cast<double*>(positions.get(4 * (n + 1) * sizeof(double))));
    if (force_rows.size() < n_threads) force_rows.resize(n_threads);
    const std::size_t members = output.member_forces ? static_cast<std::size_t>(n_members()) : 1, stride = 4 * members;
    std::vector<double*> forces(n_threads, nullptr);
    std::vector<std::vector<double>> virials(n_threads), atom_virials(n_threads);
    std::vector<std::exception_ptr> errors(n_threads);
    const std::vector<int> starts = equal_shares(system, atoms, n_atoms, threads);
    Scratch* scratches = force_rows.data();
    Pool::shared().run(threads, [&](int thread) {
        const auto k = static_cast<std::size_t>(thread);
        try {
            Output mine = output;
            if (output.forces) {
                forces[k] = static_cast<double*>(scratches[k].get(stride * (n + 1) * sizeof(double)));
                std::fill_n(forces[k], stride * (n + 1), 0.0);
            }
            if (k > 0) {
                if (output.virial) virials[k].assign(9, 0.0), mine.virial = virials[k].data();
                if (output.atom_virial) atom_virials[k].assign(9 * n, 0.0), mine.atom_virial = atom_virials[k].data();
            }
            run_share(task, precision, system, rows, n_all, atoms + starts[k], starts[k + 1] - starts[k], mine, forces[k], static_cast<int>(stride));
        } catch (...) {
            errors[k] = std::current_exception();
        }
    });
    for (const std::exception_ptr& error : errors)
        if (error) std::rethrow_exception(error);
    const auto add = [](double* into, const std::vector<double>& from) {
        for (std::size_t k = 0; k < from.size(); ++k) into[k] += from[k];
    };
    for (std::size_t t = 0; t < n_threads; ++t) {
        for (std::size_t i = 0; output.forces && i < n; ++i)
            for (std::size_t d = 0; d < 3; ++d) output.forces[3 * i + d] += forces[t][stride * i + d];
        for (std::size_t m = 1; m < members; ++m)
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t d = 0; d < 3; ++d) output.member_forces[3 * ((m - 1) * n + i) + d] += forces[t][stride * i + 4 * m + d];
        add(output.virial, virials[t]);
        add(output.atom_virial, atom_virials[t]);
    }
}

// One thread's share.
void Engine::run_share(Task task, Precision precision, const System& system, const double* rows, int n_all, const int* atoms, int n_atoms, const Output& output,
                       double* force_rows, int force_stride) const {
    if (precision == Precision::mixed)
        run_part<float>(*kernel_, plan_single_->plan(), task, system, rows, n_all, atoms, n_atoms, output, force_rows, force_stride);
    else
        run_part<double>(*kernel_, plan_double_->plan(), task, system, rows, n_all, atoms, n_atoms, output, force_rows, force_stride);
    if (task == Task::forces && repulsion_) repulsion_->add(system, atoms, n_atoms, output, force_rows, force_stride);
}

}  // namespace sinterface
