// What LAMMPS can watch beside energies and forces: atoms outside the training range, and a committee's deviations.
// Per-atom arrays go through `fix pair`, whose flags ask for those that cost something; sums through `compute pair`.
#include <algorithm>
#include <cstring>
#include <string>

#include "../committee.hpp"
#include "atom.h"
#include "comm.h"
#include "error.h"
#include "pair_sinterface.hpp"
#include "update.h"

using namespace LAMMPS_NS;

// A run's first forces come with all that is ever asked for: with the deviations they differ in their last bits, and fix pair
// asks at the first setup only, so that a run continued from a restart file would part from one that was never stopped.
void PairSinterface::want_at_setup() {
    for (Watched* w : {&watch_.extrapolations, &watch_.energy_std, &watch_.force_std}) w->wanted = w->asked;
}

// Called before the engine runs: where it puts what was asked for.
void PairSinterface::begin_watch(sinterface::Output& output, int n_all) {
    const auto n = static_cast<std::size_t>(n_all);
    const auto members = static_cast<std::size_t>(engine_->n_members());
    watch_.extrapolations.step = watch_.force_std.step = watch_.energy_std.step = -1;
    if (watch_.extrapolations.wanted || eflag_global) {
        watch_.counts.assign(n, 0);
        output.extrapolations = watch_.counts.data();
    }
    if (members == 1) return;
    watch_.member_energies.assign(n * members, 0.0);
    output.member_energies = watch_.member_energies.data();
    if (watch_.force_std.wanted) {
        watch_.member_forces.assign(3 * n * (members - 1), 0.0);
        output.member_forces = watch_.member_forces.data();
    }
}

// Called after it: deviations of the atoms of this rank.
void PairSinterface::end_watch(const sinterface::Output& output, int n_all) {
    const int members = engine_->n_members(), n = atom->nlocal;
    const auto fresh = [&](Watched& w) {
        w.values.assign(static_cast<std::size_t>(n) + 1, 0.0);  // never empty: LAMMPS takes a null pointer for an error
        w.step = update->ntimestep;
        return w.values.data();
    };
    if (output.extrapolations) std::copy_n(watch_.counts.data(), n, fresh(watch_.extrapolations));
    if (output.member_energies) sinterface::energy_deviations(watch_.member_energies.data(), members, n, fresh(watch_.energy_std));
    if (output.member_forces) {
        for (watch_.sent_member = 0; watch_.sent_member < members - 1; ++watch_.sent_member) comm->reverse_comm(this, 3);
        sinterface::force_deviations(watch_.member_forces.data(), members, n_all, n, fresh(watch_.force_std));
    }
    if (eflag_global) sum_watch();
    watch_.extrapolations.wanted = watch_.energy_std.wanted = watch_.force_std.wanted = 0;
}

// `compute pair` adds up over the ranks: a maximum stands on the first one only.
void PairSinterface::sum_watch() {
    std::fill(pvector, pvector + nextra, 0.0);
    for (const double count : watch_.extrapolations.values) pvector[0] += count > 0, pvector[1] += count;
    double largest[2] = {0, 0}, of_all[2];
    for (const double d : watch_.energy_std.values) largest[0] = std::max(largest[0], d);
    if (watch_.force_std.step == update->ntimestep)
        for (const double d : watch_.force_std.values) largest[1] = std::max(largest[1], d);
    MPI_Allreduce(largest, of_all, 2, MPI_DOUBLE, MPI_MAX, world);
    if (comm->me == 0) pvector[2] = of_all[0], pvector[3] = of_all[1];
}

PairSinterface::Watched* PairSinterface::watched(const std::string& name) {
    if (name == "extrapolations") return &watch_.extrapolations;
    if (name == "energy_std") return &watch_.energy_std;
    if (name == "force_std") return &watch_.force_std;
    return nullptr;
}

// fix pair N sinterface NAME 1 sets NAME_flag on each N-th step.
void* PairSinterface::extract(const char* name, int& dimension) {
    dimension = 0;
    const std::string flag = "_flag";
    std::string text = name;
    if (text.size() <= flag.size() || text.substr(text.size() - flag.size()) != flag) return nullptr;
    Watched* found = watched(text.substr(0, text.size() - flag.size()));
    if (found == nullptr) return nullptr;
    found->asked = true;
    return &found->wanted;
}

void* PairSinterface::extract_peratom(const char* name, int& columns) {
    Watched* found = watched(name);
    if (!found) error->all(FLERR, "pair_style sinterface has no '" + std::string(name) + "' for fix pair; it has extrapolations, energy_std and force_std.");
    columns = 0;
    if (found != &watch_.extrapolations && engine_ && engine_->n_members() == 1)
        error->all(FLERR, std::string(name) + " needs a committee; the potential has one member.");
    if (found->step == update->ntimestep) return found->values.data();
    if (update->whichflag != 0)
        error->all(FLERR, "'" + std::string(name) + "' was not asked for on this step; write 'fix ID all pair N sinterface " + name + " 1'.");
    return nullptr;  // fix pair is being defined
}

int PairSinterface::pack_reverse_comm(int n, int first, double* buffer) {
    const std::size_t n_all = static_cast<std::size_t>(atom->nlocal + atom->nghost);
    const double* from = watch_.member_forces.data() + 3 * (static_cast<std::size_t>(watch_.sent_member) * n_all + static_cast<std::size_t>(first));
    std::copy_n(from, 3 * n, buffer);
    return 3 * n;
}

void PairSinterface::unpack_reverse_comm(int n, int* list, double* buffer) {
    const std::size_t n_all = static_cast<std::size_t>(atom->nlocal + atom->nghost);
    double* into = watch_.member_forces.data() + 3 * static_cast<std::size_t>(watch_.sent_member) * n_all;
    for (int i = 0; i < n; ++i)
        for (int k = 0; k < 3; ++k) into[3 * static_cast<std::size_t>(list[i]) + static_cast<std::size_t>(k)] += buffer[3 * i + k];
}
