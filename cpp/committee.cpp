#include "committee.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "text.hpp"

namespace sinterface {
namespace {

const char* const shared = "; members of a committee share their symmetry functions.";

bool same(const Row& a, const Row& b) {
    const auto all = [](const Row& r) {
        return std::tie(r.type, r.first, r.second, r.eta, r.shift, r.cutoff, r.lambda, r.zeta, r.subtype, r.left, r.angle_left, r.angle_right, r.degree,
                        r.second_eta, r.second_shift);
    };
    return all(a) == all(b);
}

void check_same_rows(const Element& first, const Element& member, const std::string& file) {
    const std::size_t common = std::min(first.rows.size(), member.rows.size());
    for (std::size_t k = 0; k < common; ++k)
        if (!same(first.rows[k], member.rows[k]))
            fail(file, member.rows[k].line,
                 "symmetry function " + std::to_string(k + 1) + " of " + member.symbol + " is not the first member's (line " +
                     std::to_string(first.rows[k].line) + " of its input.nn)" + shared);
    if (first.rows.size() != member.rows.size())
        fail(file, member.rows.size() > common ? member.rows[common].line : member.rows.back().line,
             "has " + std::to_string(member.rows.size()) + " symmetry functions for " + member.symbol + ", the first member has " +
                 std::to_string(first.rows.size()) + shared);
}

}  // namespace

void check_same_functions(const Potential& first, const Potential& member, const std::string& file, int elements_line, int cutoff_line) {
    bool equal = first.elements.size() == member.elements.size();
    for (std::size_t e = 0; equal && e < first.elements.size(); ++e) equal = first.elements[e].symbol == member.elements[e].symbol;
    if (!equal) fail(file, elements_line, "the elements are not those of the committee's first member.");
    if (first.cutoff_type != member.cutoff_type || first.cutoff_alpha != member.cutoff_alpha)
        fail(file, cutoff_line, std::string("the cutoff function is not the first member's") + shared);
    for (std::size_t e = 0; e < first.elements.size(); ++e) check_same_rows(first.elements[e], member.elements[e], file);
}

void check_same_scaling(const Potential& first, const Potential& member, const std::string& file, bool sigma) {
    for (std::size_t e = 0; e < first.elements.size(); ++e)
        for (std::size_t k = 0; k < first.elements[e].scaling.size(); ++k) {
            const Scaling &a = first.elements[e].scaling[k], &b = member.elements[e].scaling[k];
            if (a.minimum == b.minimum && a.maximum == b.maximum && a.mean == b.mean && (!sigma || a.sigma == b.sigma)) continue;
            fail(file, b.line,
                 "the scaling of symmetry function " + std::to_string(k + 1) + " of " + first.elements[e].symbol +
                     " is not the first member's; train the members of a committee on the same scaling.data.");
        }
}

void energy_deviations(const double* energies, int members, int n, double* out) {
    for (int i = 0; i < n; ++i, energies += members) {
        double sum = 0, square = 0;  // of the differences from the first
        for (int m = 1; m < members; ++m) {
            const double d = energies[m] - energies[0];
            sum += d, square += d * d;
        }
        out[i] = std::sqrt(std::max(0.0, square / members - sum / members * (sum / members)));
    }
}

void force_deviations(const double* differences, int members, int n_all, int n, double* out) {
    for (int i = 0; i < n; ++i) {
        double sum[3] = {0, 0, 0}, square = 0;
        for (int m = 1; m < members; ++m)
            for (int k = 0; k < 3; ++k) {
                const double d = differences[(static_cast<std::size_t>(m - 1) * static_cast<std::size_t>(n_all) + static_cast<std::size_t>(i)) * 3 +
                                             static_cast<std::size_t>(k)];
                sum[k] += d, square += d * d;
            }
        const double mean = (sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]) / members / members;
        out[i] = std::sqrt(std::max(0.0, square / members - mean));
    }
}

}  // namespace sinterface
