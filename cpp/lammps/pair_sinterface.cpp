#include "pair_sinterface.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "atom.h"
#include "error.h"
#include "force.h"
#include "memory.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "update.h"

using namespace LAMMPS_NS;

PairSinterface::PairSinterface(LAMMPS* lmp) : Pair(lmp) {
    single_enable = 0;
    restartinfo = 0;
    one_coeff = 1;
    manybody_flag = 1;
    centroidstressflag = CENTROID_AVAIL;
    unit_convert_flag = 0;
    comm_reverse = 3;
    nextra = 4;  // atoms and functions outside the training range, largest deviation of an energy and of a force
    pvector = new double[4]();
}

PairSinterface::~PairSinterface() {
    delete[] pvector;
    if (!allocated) return;
    memory->destroy(setflag);
    memory->destroy(cutsq);
}

void PairSinterface::allocate() {
    const int n = atom->ntypes + 1;
    memory->create(setflag, n, n, "pair:setflag");
    memory->create(cutsq, n, n, "pair:cutsq");
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) setflag[i][j] = 0, cutsq[i][j] = 0;
    allocated = 1;
}

// pair_style sinterface [precision double|mixed] [threads N]
void PairSinterface::settings(int narg, char** arg) {
    for (int k = 0; k < narg; k += 2) {
        const std::string key = arg[k], value = k + 1 < narg ? arg[k + 1] : "";
        if (key == "precision" && (value == "double" || value == "mixed")) {
            precision_ = value == "mixed" ? sinterface::Precision::mixed : sinterface::Precision::double_;
        } else if (key == "threads" && std::atoi(value.c_str()) > 0) {
            threads_ = std::atoi(value.c_str());
        } else {
            error->all(FLERR, "pair_style sinterface takes 'precision double|mixed' and 'threads N', got '" + key + " " + value + "'.");
        }
    }
}

// pair_coeff * * DIRECTORY element-of-type-1 ... (NULL for the types of another style)
void PairSinterface::coeff(int narg, char** arg) {
    if (!allocated) allocate();
    const int n_types = atom->ntypes;
    if (narg != 3 + n_types || std::strcmp(arg[0], "*") != 0 || std::strcmp(arg[1], "*") != 0)
        error->all(FLERR, "pair_coeff of sinterface is: * * DIRECTORY and one element for each of the " + std::to_string(n_types) + " atom types.");
    try {
        engine_ = std::make_unique<sinterface::Engine>(sinterface::read_potential(arg[2]));
    } catch (const std::exception& problem) {
        error->all(FLERR, std::string(problem.what()));
    }
    const std::vector<sinterface::Element>& elements = engine_->potential().elements;
    element_of_type_.assign(static_cast<std::size_t>(n_types) + 1, -1);
    for (int t = 1; t <= n_types; ++t) {
        const std::string name = arg[2 + t];
        if (name == "NULL") continue;
        const auto found = std::find_if(elements.begin(), elements.end(), [&](const sinterface::Element& e) { return e.symbol == name; });
        if (found == elements.end()) error->all(FLERR, "The potential '" + std::string(arg[2]) + "' knows no element '" + name + "'.");
        element_of_type_[static_cast<std::size_t>(t)] = static_cast<int>(found - elements.begin());
    }
    for (int i = 1; i <= n_types; ++i)
        for (int j = i; j <= n_types; ++j)
            setflag[i][j] = element_of_type_[static_cast<std::size_t>(i)] >= 0 && element_of_type_[static_cast<std::size_t>(j)] >= 0;
}

void PairSinterface::init_style() {
    if (std::strcmp(update->unit_style, "metal") != 0) error->all(FLERR, "pair_style sinterface needs 'units metal' (eV and Angstrom).");
    if (force->newton_pair == 0) error->all(FLERR, "pair_style sinterface needs 'newton on'.");
    neighbor->add_request(this, NeighConst::REQ_FULL);
    want_at_setup();
}

double PairSinterface::init_one(int i, int j) {
    if (setflag[i][j] == 0) error->all(FLERR, "pair_style sinterface has no elements for some atom types.");
    return engine_->potential().max_cutoff;
}

void PairSinterface::compute(int eflag, int vflag) {
    ev_init(eflag, vflag);
    const int n_all = atom->nlocal + atom->nghost;
    const auto n = static_cast<std::size_t>(n_all);
    species_.resize(n);
    for (std::size_t i = 0; i < n; ++i) species_[i] = element_of_type_[static_cast<std::size_t>(atom->type[i])];
    energies_.assign(n, 0.0);

    sinterface::System system{};
    system.positions = atom->x[0], system.species = species_.data();
    system.neighbors = list->firstneigh, system.n_neighbors = list->numneigh;
    system.neighbor_mask = NEIGHMASK;
    sinterface::Output output;
    double total_virial[9] = {};
    output.energies = energies_.data();
    output.forces = n_all > 0 ? atom->f[0] : nullptr;
    output.virial = vflag_global ? total_virial : nullptr;
    if (vflag_atom || cvflag_atom) {
        atom_virial_.assign(9 * n, 0.0);
        output.atom_virial = atom_virial_.data();
    }
    begin_watch(output, n_all);
    if (list->inum > 0) {
        try {
            engine_->run(sinterface::Task::forces, precision_, system, list->ilist, list->inum, n_all, output, threads_);
        } catch (const std::exception& problem) {
            error->one(FLERR, std::string(problem.what()));
        }
    }
    if (eflag_either)
        for (int k = 0; k < list->inum; ++k) {
            const int i = list->ilist[k];
            if (eflag_global) eng_vdwl += energies_[static_cast<std::size_t>(i)];
            if (eflag_atom) eatom[i] += energies_[static_cast<std::size_t>(i)];
        }
    end_watch(output, n_all);
    tally_virial(total_virial, n_all);
    if (vflag_fdotr) virial_fdotr_compute();
}

// LAMMPS' orders: xx yy zz xy xz yz, and for the centroid (not symmetric: the place, then the force) yx zx zy after them.
void PairSinterface::tally_virial(const double* total, int n_all) {
    static const int place[6][2] = {{0, 0}, {4, 4}, {8, 8}, {1, 3}, {2, 6}, {5, 7}};
    static const int centroid[9] = {0, 4, 8, 1, 2, 5, 3, 6, 7};
    for (int k = 0; k < 6 && vflag_global; ++k) virial[k] += 0.5 * (total[place[k][0]] + total[place[k][1]]);
    for (int i = 0; i < n_all && (vflag_atom || cvflag_atom); ++i) {
        const double* w = atom_virial_.data() + 9 * static_cast<std::size_t>(i);
        for (int k = 0; k < 6 && vflag_atom; ++k) vatom[i][k] += 0.5 * (w[place[k][0]] + w[place[k][1]]);
        for (int k = 0; k < 9 && cvflag_atom; ++k) cvatom[i][k] += w[centroid[k]];
    }
}

double PairSinterface::memory_usage() {
    return static_cast<double>(species_.capacity() * sizeof(int) + (energies_.capacity() + atom_virial_.capacity()) * sizeof(double));
}
