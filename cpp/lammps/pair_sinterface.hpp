// LAMMPS `pair_style sinterface`: the core behind LAMMPS' neighbour lists and domain decomposition.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../engine.hpp"
#include "pair.h"

namespace LAMMPS_NS {

class PairSinterface : public Pair {
public:
    explicit PairSinterface(LAMMPS* lmp);
    ~PairSinterface() override;

    void compute(int eflag, int vflag) override;
    void settings(int narg, char** arg) override;
    void coeff(int narg, char** arg) override;
    void init_style() override;
    double init_one(int i, int j) override;
    double memory_usage() override;
    void* extract(const char* name, int& dimension) override;
    void* extract_peratom(const char* name, int& columns) override;
    int pack_reverse_comm(int n, int first, double* buffer) override;
    void unpack_reverse_comm(int n, int* list, double* buffer) override;

private:
    // A per-atom array for `fix pair`, made on the steps on which it is wanted.
    struct Watched {
        int wanted = 0;      // on the next step; a fix sets it
        bool asked = false;  // whether a fix ever will
        bigint step = -1;    // of its values
        std::vector<double> values;
    };
    struct Watch {
        Watched extrapolations, energy_std, force_std;
        std::vector<int> counts;
        std::vector<double> member_energies, member_forces;
        int sent_member = 0;  // whose forces go to the atoms' owners
    };

    void allocate();
    void tally_virial(const double* total, int n_all);
    void want_at_setup();
    void begin_watch(sinterface::Output& output, int n_all);
    void end_watch(const sinterface::Output& output, int n_all);
    void sum_watch();
    Watched* watched(const std::string& name);

    std::unique_ptr<sinterface::Engine> engine_;
    sinterface::Precision precision_ = sinterface::Precision::double_;
    int threads_ = 1;
    std::vector<int> element_of_type_;  // -1: NULL, an atom of another pair style
    std::vector<int> species_;
    std::vector<double> energies_, atom_virial_;
    Watch watch_;
};

}  // namespace LAMMPS_NS
