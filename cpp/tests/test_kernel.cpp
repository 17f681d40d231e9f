// Every instruction set of this machine on a small cluster, under the sanitizers.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

#include "../engine.hpp"
#include "catch.hpp"
#include "folder.hpp"

using namespace sinterface;

namespace {

// A cluster with all pairs within the cutoff, and one atom apart from the others.
struct Cluster {
    std::vector<double> positions;
    std::vector<int> species, atoms, counts;
    std::vector<std::vector<int>> lists;
    std::vector<const int*> pointers;
    System system{};

    Cluster(int n, int n_elements, double cutoff) {
        std::mt19937 random(3);
        std::uniform_real_distribution<double> jitter(-0.3, 0.3);
        const int side = static_cast<int>(std::ceil(std::cbrt(n)));
        for (int i = 0; i < n; ++i) {
            const int grid[3] = {i % side, i / side % side, i / side / side};
            for (const int g : grid) positions.push_back(i == n - 1 ? 1000.0 : 1.9 * g + jitter(random));
            species.push_back(i % n_elements), atoms.push_back(i);
        }
        lists.resize(static_cast<std::size_t>(n));
        find_neighbors(cutoff);
    }

    void find_neighbors(double cutoff) {
        pointers.clear(), counts.clear();
        for (std::size_t i = 0; i < lists.size(); ++i) {
            lists[i].clear();
            for (std::size_t j = 0; j < lists.size(); ++j) {
                double square = 0;
                for (std::size_t d = 0; d < 3; ++d) square += std::pow(positions[3 * j + d] - positions[3 * i + d], 2);
                if (j != i && square < cutoff * cutoff) lists[i].push_back(static_cast<int>(j));
            }
            pointers.push_back(lists[i].data()), counts.push_back(static_cast<int>(lists[i].size()));
        }
        system.positions = positions.data(), system.species = species.data();
        system.neighbors = pointers.data(), system.n_neighbors = counts.data();
        system.images = nullptr, system.translations = nullptr, system.neighbor_mask = ~0;
    }
};

struct Result {
    std::vector<double> energies, forces, virial, atom_virial;
    std::vector<int> extrapolations;
};

Result evaluate(const Engine& engine, const Cluster& cluster, Precision precision, int threads) {
    const std::size_t n = cluster.atoms.size();
    Result r{std::vector<double>(n), std::vector<double>(3 * n), std::vector<double>(9), std::vector<double>(9 * n), std::vector<int>(n)};
    Output out;
    out.energies = r.energies.data(), out.forces = r.forces.data();
    out.virial = r.virial.data(), out.atom_virial = r.atom_virial.data(), out.extrapolations = r.extrapolations.data();
    engine.run(Task::forces, precision, cluster.system, cluster.atoms.data(), static_cast<int>(n), static_cast<int>(n), out, threads);
    return r;
}

double total(const std::vector<double>& values) {
    double sum = 0;
    for (const double v : values) sum += v;
    return sum;
}

void check_forces(const Engine& engine, Cluster cluster) {
    const double cutoff = engine.potential().max_cutoff, step = 1e-4;
    const Result found = evaluate(engine, cluster, Precision::double_, 1);
    for (const std::size_t k : {0u, 4u, 8u}) {
        double energy[2];
        for (int side = 0; side < 2; ++side) {
            cluster.positions[k] += side ? -2 * step : step;
            cluster.find_neighbors(cutoff);
            energy[side] = total(evaluate(engine, cluster, Precision::double_, 1).energies);
        }
        cluster.positions[k] += step;
        CHECK(found.forces[k] == Approx((energy[1] - energy[0]) / (2 * step)).epsilon(1e-4).margin(1e-5));
    }
    for (std::size_t q = 0; q < 9; ++q) {
        double sum = 0;
        for (std::size_t i = 0; i < cluster.atoms.size(); ++i) sum += found.atom_virial[9 * i + q];
        CHECK(sum == Approx(found.virial[q]).margin(1e-9));
    }
}

void check_products(const Engine& engine, const Cluster& cluster) {
    const int n = static_cast<int>(cluster.atoms.size()), stride = engine.largest_row_count();
    std::mt19937 random(5);
    std::normal_distribution<double> normal;
    std::vector<double> gradients(static_cast<std::size_t>(n * stride)), moves(static_cast<std::size_t>(3 * n)), strain(9, 0.0);
    std::vector<double> values(gradients.size()), change(gradients.size()), forces(moves.size()), virial(9);
    for (double& g : gradients) g = normal(random);
    for (double& m : moves) m = normal(random);
    Output out;
    out.stride = stride, out.values = values.data();
    engine.run(Task::values, Precision::double_, cluster.system, cluster.atoms.data(), n, n, out, 1);
    out.values = change.data(), out.tangents = moves.data(), out.strain = strain.data();
    engine.run(Task::jvp, Precision::double_, cluster.system, cluster.atoms.data(), n, n, out, 1);
    Output back;
    back.stride = stride, back.gradients = gradients.data(), back.forces = forces.data(), back.virial = virial.data();
    engine.run(Task::vjp, Precision::double_, cluster.system, cluster.atoms.data(), n, n, back, 1);
    double one = 0, other = 0;
    for (std::size_t k = 0; k < change.size(); ++k) one += gradients[k] * change[k];
    for (std::size_t k = 0; k < forces.size(); ++k) other -= forces[k] * moves[k];
    CHECK(one == Approx(other).epsilon(1e-9));
}

// Of three members, the last two equal: what one thread finds, two find.
void check_deviations(const Engine& engine, const Cluster& cluster, Precision precision, double tolerance) {
    const std::size_t n = cluster.atoms.size();
    std::vector<double> found[2], members[2];
    for (const std::size_t threads : {1u, 2u}) {
        std::vector<double> energies(n), forces(3 * n);
        std::vector<double>&differences = found[threads - 1], &own = members[threads - 1];
        differences.assign(6 * n, 0.0), own.assign(3 * n, 0.0);
        Output out;
        out.energies = energies.data(), out.forces = forces.data();
        out.member_energies = own.data(), out.member_forces = differences.data();
        engine.run(Task::forces, precision, cluster.system, cluster.atoms.data(), static_cast<int>(n), static_cast<int>(n), out, static_cast<int>(threads));
    }
    double sum = 0, largest = 0;
    for (std::size_t k = 0; k < 3 * n; ++k) {
        CHECK(found[0][k] == found[0][3 * n + k]);
        CHECK(found[0][k] == Approx(found[1][k]).margin(tolerance));
        sum += found[0][k], largest = std::max(largest, std::abs(found[0][k]));
    }
    CHECK(sum == Approx(0).margin(100 * tolerance));
    CHECK(largest > 1e-3);
    for (std::size_t i = 0; i < n; ++i) {
        CHECK(members[0][3 * i + 1] == members[0][3 * i + 2]);
        CHECK((members[0][3 * i] == members[0][3 * i + 1]) == (cluster.species[i] == 3));
    }
}

const char* const compact = R"(number_of_elements 2
elements O Li
symfunction_short Li 20 O 0.0 4.0 p2a
symfunction_short Li 21 O O 0.0 4.0 0 180 p3
symfunction_short Li 22 Li O 1.0 4.5 90 270 e
symfunction_short O 23 -4.0 4.0 p1
symfunction_short O 24 0.0 4.0 60 120 p4
symfunction_short O 25 0.5 4.0 -40 40 p2
)";

void check_engine(const std::string& directory, bool networks, int n_elements) {
    std::vector<Result> results;
    for (const std::string& kernel : available_kernels()) {
        setenv("SINTERFACE_KERNEL", kernel.c_str(), 1);
        const Engine engine(read_potential(directory, networks));
        REQUIRE(engine.kernel().name == kernel);
        const double cutoff = engine.potential().max_cutoff;
        check_products(engine, Cluster(19, n_elements, cutoff));
        if (!networks) continue;
        check_forces(engine, Cluster(11, n_elements, cutoff));
        const Cluster many(141, n_elements, cutoff);
        results.push_back(evaluate(engine, many, Precision::double_, 1));
        const Result mixed = evaluate(engine, many, Precision::mixed, 2), threads = evaluate(engine, many, Precision::double_, 2);
        for (std::size_t i = 0; i < many.atoms.size(); ++i) {
            CHECK(results.back().energies[i] == Approx(results[0].energies[i]).epsilon(1e-11));
            CHECK(threads.energies[i] == results.back().energies[i]);
            CHECK(mixed.energies[i] == Approx(results[0].energies[i]).epsilon(1e-4).margin(1e-4));
        }
    }
    unsetenv("SINTERFACE_KERNEL");
}

}  // namespace

TEST_CASE("wide functions by every instruction set") {
    check_engine(Folder("wide").path.string(), true, 5);
}

TEST_CASE("narrow functions by every instruction set") {
    check_engine(Folder("narrow").path.string(), true, 5);
}

TEST_CASE("compact functions by every instruction set") {
    const Folder folder;
    folder.write("input.nn", compact);
    check_engine(folder.path.string(), false, 2);
}

TEST_CASE("a committee by every instruction set") {
    const Folder folder("wide");
    std::filesystem::create_directory(folder.path / "second");
    for (const char* name : {"003", "008", "027", "040", "057"}) {
        const std::string file = std::string("weights.") + name + ".data";
        folder.write("second/" + file, folder.read("weights.040.data"));
    }
    folder.write("extension.nn", "committee_member second\ncommittee_member second\n");
    check_engine(folder.path.string(), true, 5);
    for (const std::string& kernel : available_kernels()) {
        setenv("SINTERFACE_KERNEL", kernel.c_str(), 1);
        const Engine engine(read_potential(folder.path.string()));
        const Cluster cluster(141, 5, engine.potential().max_cutoff);
        check_deviations(engine, cluster, Precision::double_, 1e-10);
        check_deviations(engine, cluster, Precision::mixed, 1e-4);
    }
    unsetenv("SINTERFACE_KERNEL");
}

TEST_CASE("an unknown instruction set is refused") {
    setenv("SINTERFACE_KERNEL", "abacus", 1);
    CHECK_THROWS_AS(best_kernel(), PotentialError);
    unsetenv("SINTERFACE_KERNEL");
}
