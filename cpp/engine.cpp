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

// Of the rows of forces of a committee.
std::size_t force_stride(std::size_t members) {
    return (3 * members + 3) / 4 * 4;
}

// What one thread adds to, kept from call to call.
struct Share {
    Scratch memory;
    double* forces = nullptr;
    std::size_t stride = 4;  // of their rows: three numbers for each member
    std::size_t n_sets = 1;
    std::vector<double> virial, atom_virial;

    // Cleared; the first thread adds to the caller's virials directly.
    Output begin(Output output, std::size_t n, std::size_t members, bool first_thread) {
        n_sets = members, stride = force_stride(members);
        const std::size_t size = stride * (n + 1) + 4;
        forces = output.forces ? static_cast<double*>(memory.get(size * sizeof(double))) : nullptr;
        if (forces) std::fill_n(forces, size, 0.0);
        virial.assign(first_thread || !output.virial ? 0 : 9, 0.0);
        atom_virial.assign(first_thread || !output.atom_virial ? 0 : 9 * n, 0.0);
        if (!virial.empty()) output.virial = virial.data();
        if (!atom_virial.empty()) output.atom_virial = atom_virial.data();
        return output;
    }

    // To the caller's rows of the atoms [first, last) of `n`.
    void add(const Output& output, std::size_t first, std::size_t last, std::size_t n) const {
        for (std::size_t m = 0; forces && m < n_sets; ++m) {
            double* rows = m == 0 ? output.forces : output.member_forces + 3 * (m - 1) * n;
            for (std::size_t i = first; i < last; ++i)
                for (std::size_t d = 0; d < 3; ++d) rows[3 * i + d] += forces[stride * i + 3 * m + d];
        }
        for (std::size_t k = 9 * first; !atom_virial.empty() && k < 9 * last; ++k) output.atom_virial[k] += atom_virial[k];
    }

    void add_total(const Output& output) const {
        for (std::size_t k = 0; k < virial.size(); ++k) output.virial[k] += virial[k];
    }
};

struct Memory {
    Scratch positions;
    std::vector<Share> shares;
};

// Candidates that may repel, of the atoms of one stretch.
struct Nearby {
    std::vector<int> places, counts;

    void make_room(const System& system, const int* atoms, int n_atoms) {
        std::size_t candidates = 1;
        for (int k = 0; k < n_atoms; ++k) candidates += static_cast<std::size_t>(system.n_neighbors[atoms[k]]);
        if (places.size() < candidates) places.resize(candidates);
        if (counts.size() < static_cast<std::size_t>(n_atoms)) counts.resize(static_cast<std::size_t>(n_atoms));
    }
};

// Calls of the kernel for the stretches [first, last) of the schedule.
template <class T>
void run_part(const Kernel& kernel, const Plan<T>& plan, const RepulsionTable* repulsion, KernelCall<T> call, const Schedule& schedule, int first, int last) {
    thread_local Scratch workspace;
    thread_local Nearby nearby;
    call.plan = &plan, call.capacity = schedule.capacity;
    call.near_square = repulsion ? repulsion->outer() * repulsion->outer() : 0.0;
    for (int k = first; k < last; ++k) {
        const Stretch& part = schedule.stretches[static_cast<std::size_t>(k)];
        call.element = part.element;
        call.atoms = schedule.atoms.data() + part.first, call.n_atoms = part.last - part.first;
        call.workspace = static_cast<unsigned char*>(workspace.get(workspace_size(kernel, plan.elements[part.element], call.capacity)));
        if (repulsion) nearby.make_room(*call.system, call.atoms, call.n_atoms);
        call.near = nearby.places.data(), call.n_near = nearby.counts.data();
        runner<T>(kernel)(&call);
        if (repulsion) repulsion->add(*call.system, call.atoms, call.n_atoms, call.near, call.n_near, *call.output, call.force_rows, call.force_stride);
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
    const int width = kernel_->bytes / (precision == Precision::mixed ? 4 : 8);
    const Schedule schedule = make_schedule(system, atoms, n_atoms, static_cast<int>(potential_.elements.size()), potential_.max_cutoff, width, threads);
    thread_local Memory kept;
    Memory& memory = kept;  // of this thread, also for those that help it
    if (memory.shares.size() < n_threads) memory.shares.resize(n_threads);
    const double* rows = make_rows(system, n_all, static_cast<double*>(memory.positions.get(4 * (n + 1) * sizeof(double))));
    const std::size_t members = output.member_forces ? static_cast<std::size_t>(n_members()) : 1;
    std::vector<std::exception_ptr> errors(n_threads);
    Pool::shared().run(threads, [&](int thread) {
        const auto k = static_cast<std::size_t>(thread);
        try {
            const Output mine = memory.shares[k].begin(output, n, members, thread == 0);
            run_share(task, precision, system, schedule, thread, rows, n_all, mine, memory.shares[k].forces, static_cast<int>(force_stride(members)));
        } catch (...) {
            errors[k] = std::current_exception();
        }
    });
    for (const std::exception_ptr& error : errors)
        if (error) std::rethrow_exception(error);
    Pool::shared().run(threads, [&](int thread) {  // the shares are added up in a fixed order
        const std::size_t first = n * static_cast<std::size_t>(thread) / n_threads, last = n * static_cast<std::size_t>(thread + 1) / n_threads;
        for (std::size_t k = 0; k < n_threads; ++k) memory.shares[k].add(output, first, last, n);
    });
    for (std::size_t k = 0; k < n_threads; ++k) memory.shares[k].add_total(output);
}

// One thread's share.
void Engine::run_share(Task task, Precision precision, const System& system, const Schedule& schedule, int thread, const double* rows, int n_all,
                       const Output& output, double* force_rows, int force_stride) const {
    const int first = schedule.share_begin[static_cast<std::size_t>(thread)], last = schedule.share_begin[static_cast<std::size_t>(thread) + 1];
    if (first == last) return;
    const auto call = [&](auto blank) {
        blank.system = &system, blank.rows = rows, blank.n_all = n_all;
        blank.force_rows = force_rows, blank.force_stride = force_stride;
        blank.task = task, blank.output = &output;
        return blank;
    };
    const RepulsionTable* repulsion = task == Task::forces ? repulsion_.get() : nullptr;
    if (precision == Precision::mixed)
        run_part(*kernel_, plan_single_->plan(), repulsion, call(KernelCall<float>{}), schedule, first, last);
    else
        run_part(*kernel_, plan_double_->plan(), repulsion, call(KernelCall<double>{}), schedule, first, last);
}

}  // namespace sinterface
