// LAMMPS `pair_style sinterface`: the core behind LAMMPS' neighbour lists and domain decomposition.
#pragma once

#include <memory>
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

private:
    void allocate();
    void tally_virial(const double* total, int n_all);

    std::unique_ptr<sinterface::Engine> engine_;
    sinterface::Precision precision_ = sinterface::Precision::double_;
    int threads_ = 1;
    std::vector<int> element_of_type_;  // -1: NULL, an atom of another pair style
    std::vector<int> species_;
    std::vector<double> energies_, atom_virial_;
};

}  // namespace LAMMPS_NS
