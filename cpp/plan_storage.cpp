#include "plan_storage.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "cutoff_fit.hpp"

namespace sinterface {
namespace {

// Coefficients of (1 + lambda t)^zeta for whole zeta, by power of t.
std::vector<double> binomial_coefficients(double lambda, int zeta) {
    std::vector<double> out(1, 1.0);
    for (int n = 1; n <= zeta; ++n) out.push_back(out.back() * lambda * (zeta - n + 1) / n);
    return out;
}

// Coefficients of Legendre's polynomial by power.
std::vector<double> legendre_coefficients(int degree) {
    std::vector<double> out(static_cast<std::size_t>(degree) + 1, 0.0);
    for (int k = 0; 2 * k <= degree; ++k) {
        double c = k % 2 ? -1 : 1;  // (-1)^k (2l - 2k)! / (2^l k! (l - k)! (l - 2k)!)
        for (int n = degree - 2 * k + 1; n <= 2 * degree - 2 * k; ++n) c *= n;
        for (int n = 2; n <= k; ++n) c /= n;
        for (int n = 2; n <= degree - k; ++n) c /= n;
        out[static_cast<std::size_t>(degree - 2 * k)] = std::ldexp(c, -degree);
    }
    return out;
}

// Wide functions of whole, not too large zeta and the power spectrum need no triplets.
bool through_moments(const Row& row) {
    return row.spectrum() || (row.type == 9 && row.zeta == std::floor(row.zeta) && row.zeta <= max_degree);
}

int degree_of(const Row& row) {
    return row.spectrum() ? row.degree : static_cast<int>(row.zeta);
}

using WindowKey = std::tuple<std::string, double, double>;  // subtype (none: the cutoff function), left, cutoff
using BasisKey = std::tuple<double, double, int>;           // eta, shift, window

constexpr double degree = 3.14159265358979323846 / 180;

// The core function of a subtype (p1 to p4, a: asymmetric; e) between two ends, numbered as the cutoff functions.
template <class T>
Window<T> compact_window(const std::string& subtype, bool asymmetric, double left, double right) {
    Window<T> window{};
    window.type = subtype[0] == 'e' ? 4 : 4 + (subtype[1] - '0');
    window.compact = 1, window.asymmetric = asymmetric;
    window.radius = T(1);
    window.center = static_cast<T>(0.5 * (left + right)), window.scale = static_cast<T>(2 / (right - left));
    return window;
}

template <class T>
Window<T> radial_window(const Row& row, const Potential& potential) {
    if (row.compact()) return compact_window<T>(row.subtype, row.subtype.size() == 3, row.left, row.cutoff);
    Window<T> window{};
    window.type = potential.cutoff_type;
    window.alpha = static_cast<T>(potential.cutoff_alpha), window.radius = static_cast<T>(row.cutoff);
    return window;
}

// What one pair of elements adds to a row, through triplets; n2p2's angular windows are never asymmetric.
template <class T>
TripletRow<T> triplet_row(const Row& row, int index, int basis, double weight) {
    TripletRow<T> out{};
    out.basis = basis, out.row = index, out.far_side = row.narrow();
    if (row.compact()) {
        out.prefactor = static_cast<T>(weight);
        out.angle = compact_window<T>(row.subtype, false, row.angle_left * degree, row.angle_right * degree);
        return out;
    }
    out.integer_zeta = row.zeta == std::floor(row.zeta) ? static_cast<int>(row.zeta) : 0;
    out.prefactor = static_cast<T>(weight * std::pow(2.0, 1.0 - row.zeta));
    out.lambda = static_cast<T>(row.lambda), out.zeta = static_cast<T>(row.zeta);
    return out;
}

// Neighbouring bases of one window as one run; `offset` counts them.
void append_runs(const std::set<int>& bases, const std::vector<int>& window, std::vector<Run>& runs, int& offset) {
    const std::size_t begin = runs.size();
    for (const int k : bases) {
        const int w = window[static_cast<std::size_t>(k)];
        if (runs.size() > begin && runs.back().last == k && runs.back().window == w)
            ++runs.back().last;
        else
            runs.push_back({w, k, k + 1, offset});
        ++offset;
    }
}

// prefactor (1 + lambda cos)^zeta as a sum of u^a v^(degree - a): cos = u - v and u + v = 1.
template <class T>
NarrowRow<T> narrow_row(const TripletRow<T>& row, int degree) {
    std::vector<double> sum(1, static_cast<double>(row.prefactor));
    for (int n = 0; n < degree; ++n) {
        const double lambda = n < row.integer_zeta ? static_cast<double>(row.lambda) : 0.0;
        sum.push_back(0);
        for (std::size_t a = sum.size(); a-- > 0;) sum[a] = (1 - lambda) * sum[a] + (a > 0 ? (1 + lambda) * sum[a - 1] : 0.0);
    }
    NarrowRow<T> out{};
    out.row = row.row;
    for (std::size_t a = 0; a < sum.size(); ++a) out.coefficient[a] = static_cast<T>(sum[a]);
    return out;
}

// What the sums S_n of a pair of channels add to a row; the power spectrum keeps the terms j = k.
template <class T>
ContractionRow<T> contraction_row(const Row& row, int index) {
    const bool same = row.first == row.second;
    const double factor = row.spectrum() ? 1.0 : (same ? 0.5 : 1.0) * std::pow(2.0, 1.0 - row.zeta);
    const std::vector<double> c = row.spectrum() ? legendre_coefficients(row.degree) : binomial_coefficients(row.lambda, degree_of(row));
    ContractionRow<T> out{};
    out.row = index;
    for (std::size_t n = 0; n < c.size(); ++n) out.coefficient[n] = static_cast<T>(factor * c[n]);
    if (same && !row.spectrum()) out.self = static_cast<T>(factor * std::pow(1.0 + row.lambda, row.zeta));
    return out;
}

struct WeightedPair {
    int first, second;
    double weight;
};

// The element pairs that a row sums over, with their weights (weighted types: by atomic numbers).
std::vector<WeightedPair> pairs_of(const Row& row, const Potential& potential) {
    std::vector<WeightedPair> pairs;
    const int n = static_cast<int>(potential.elements.size());
    const auto z = [&](int e) { return static_cast<double>(potential.elements[static_cast<std::size_t>(e)].atomic_number); };
    if (row.weighted() && !row.angular()) {
        for (int a = 0; a < n; ++a) pairs.push_back({a, -1, z(a)});
    } else if (row.weighted()) {
        for (int a = 0; a < n; ++a)
            for (int b = a; b < n; ++b) pairs.push_back({a, b, z(a) * z(b)});
    } else {
        pairs.push_back({row.first, row.second, 1.0});
    }
    return pairs;
}

}  // namespace

template <class Store, class U>
static const U* store(Store& where, std::vector<U> values) {
    where.push_back(std::move(values));
    return where.back().data();
}

template <class T>
ElementPlan<T> PlanStorage<T>::build(const Potential& potential, const Element& element) {
    const int n_buckets = static_cast<int>(potential.elements.size());
    ElementPlan<T> plan{};
    plan.n_buckets = n_buckets;
    plan.n_rows = static_cast<int>(element.rows.size());

    std::map<WindowKey, int> window_index;
    std::map<BasisKey, int> basis_index;
    std::vector<Window<T>> windows;
    std::vector<T> eta, shift, rate;
    std::vector<int> which;
    const auto basis_of = [&](const Row& row, double row_eta, double row_shift) {
        const auto window = window_index.emplace(WindowKey(row.subtype, row.left, row.cutoff), static_cast<int>(windows.size()));
        if (window.second) windows.push_back(radial_window<T>(row, potential));
        const auto basis = basis_index.emplace(BasisKey(row_eta, row_shift, window.first->second), static_cast<int>(eta.size()));
        if (basis.second) {
            eta.push_back(static_cast<T>(row_eta));
            shift.push_back(static_cast<T>(row_shift));
            rate.push_back(static_cast<T>(-row_eta / std::log(2.0)));
            which.push_back(window.first->second);
        }
        return basis.first->second;
    };

    std::vector<std::vector<RadialTerm<T>>> radial(static_cast<std::size_t>(n_buckets));
    std::vector<std::map<int, int>> degree(static_cast<std::size_t>(n_buckets));  // basis -> largest l
    std::vector<std::set<int>> squares(static_cast<std::size_t>(n_buckets)), used(static_cast<std::size_t>(n_buckets));
    std::map<std::tuple<int, int, int, int>, std::vector<int>> wide;  // (element, element, basis of each) -> rows
    std::map<std::pair<int, int>, std::vector<TripletRow<T>>> narrow;

    for (int r = 0; r < plan.n_rows; ++r) {
        const Row& row = element.rows[static_cast<std::size_t>(r)];
        const int basis = basis_of(row, row.eta, row.shift);
        const int second = row.spectrum() ? basis_of(row, row.second_eta, row.second_shift) : basis;
        if (row.shift != 0 || row.second_shift != 0) plan.shifted = 1;
        for (const WeightedPair& pair : pairs_of(row, potential)) {
            const auto a = static_cast<std::size_t>(pair.first);
            used[a].insert(basis);
            if (!row.angular()) {
                radial[a].push_back({basis, 0, r, static_cast<T>(pair.weight)});
                continue;
            }
            const auto b = static_cast<std::size_t>(pair.second);
            used[b].insert(second);
            if (through_moments(row)) {
                for (const auto& [e, channel] : {std::pair(a, basis), std::pair(b, second)}) {
                    int& l = degree[e].emplace(channel, 0).first->second;
                    l = std::max(l, degree_of(row));
                }
                if (a == b && !row.spectrum() && row.lambda > -1) squares[a].insert(basis);
                wide[{pair.first, pair.second, basis, second}].push_back(r);
            } else {
                narrow[{pair.first, pair.second}].push_back(triplet_row<T>(row, r, basis, pair.weight));
            }
        }
    }

    // moments: those of all degrees for each channel of each bucket, then the sum of squares
    std::vector<MomentChannel> channels;
    std::vector<int> channel_begin(1, 0), radial_begin(1, 0), term_begin(1, 0), used_begin(1, 0);
    std::vector<RadialTerm<T>> terms;
    std::vector<Run> used_runs, radial_runs;
    std::vector<std::map<int, MomentChannel>> channel_of(static_cast<std::size_t>(n_buckets));
    int moments = 0, coefficients = 0;
    for (std::size_t b = 0; b < static_cast<std::size_t>(n_buckets); ++b) {
        for (const auto& [basis, l] : degree[b]) {
            MomentChannel channel{basis, l, moments, coefficients, -1};
            moments += monomials_below(l + 1);
            coefficients += std::max(1, 3 * (l + 1) * (l + 1));
            if (squares[b].count(basis)) channel.square = moments++;
            channels.push_back(channel);
            channel_of[b][basis] = channel;
        }
        channel_begin.push_back(static_cast<int>(channels.size()));
        int ignored = 0;
        append_runs(used[b], which, used_runs, ignored);
        used_begin.push_back(static_cast<int>(used_runs.size()));
        std::map<int, int> offset_of;
        for (const auto& term : radial[b]) offset_of[term.basis] = 0;
        std::set<int> radial_bases;
        for (auto& [basis, offset] : offset_of) offset = plan.n_radial + static_cast<int>(radial_bases.size()), radial_bases.insert(basis);
        for (auto& term : radial[b]) term.offset = offset_of[term.basis];
        append_runs(radial_bases, which, radial_runs, plan.n_radial);
        radial_begin.push_back(static_cast<int>(radial_runs.size()));
        terms.insert(terms.end(), radial[b].begin(), radial[b].end());
        term_begin.push_back(static_cast<int>(terms.size()));
    }

    std::vector<Contraction> contractions;
    std::vector<ContractionRow<T>> contraction_rows;
    for (const auto& [key, rows] : wide) {
        const auto [a, b, basis1, basis2] = key;
        const MomentChannel& first = channel_of[static_cast<std::size_t>(a)][basis1];
        const MomentChannel& second = channel_of[static_cast<std::size_t>(b)][basis2];
        const bool same = a == b && basis1 == basis2;
        Contraction pair{a, b, first.offset, second.offset, same ? first.square : -1, 0, static_cast<int>(contraction_rows.size()), 0};
        for (const int r : rows) {
            contraction_rows.push_back(contraction_row<T>(element.rows[static_cast<std::size_t>(r)], r));
            pair.degree = std::max(pair.degree, degree_of(element.rows[static_cast<std::size_t>(r)]));
        }
        pair.last_row = static_cast<int>(contraction_rows.size());
        contractions.push_back(pair);
    }

    std::vector<TripletPair> triplet_pairs;
    std::vector<TripletRow<T>> triplet_rows;
    const auto grouped = [&](const TripletRow<T>& row) {
        return row.far_side && !row.angle.compact && row.integer_zeta > 0 && row.integer_zeta <= max_degree && shift[static_cast<std::size_t>(row.basis)] == 0;
    };
    for (auto& [key, rows] : narrow) {
        const auto place = [&](const TripletRow<T>& row) {
            return std::make_tuple(grouped(row), row.far_side, which[static_cast<std::size_t>(row.basis)], row.basis);
        };
        std::stable_sort(rows.begin(), rows.end(), [&](const auto& x, const auto& y) { return place(x) < place(y); });
        const auto first_grouped = std::find_if(rows.begin(), rows.end(), grouped);
        const int begin = static_cast<int>(triplet_rows.size()), first_narrow = begin + static_cast<int>(first_grouped - rows.begin());
        triplet_rows.insert(triplet_rows.end(), rows.begin(), rows.end());
        const bool angles = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.angle.compact; });
        triplet_pairs.push_back({key.first, key.second, begin, first_narrow, static_cast<int>(triplet_rows.size()), angles});
    }

    plan.n_windows = static_cast<int>(windows.size());
    plan.windows = store(windows_, std::move(windows));
    plan.n_basis = static_cast<int>(eta.size());
    plan.eta = store(numbers_, std::move(eta));
    plan.shift = store(numbers_, std::move(shift));
    plan.rate = store(numbers_, std::move(rate));
    plan.which_window = store(integers_, std::move(which));
    plan.used_begin = store(integers_, std::move(used_begin));
    plan.used = store(runs_, std::move(used_runs));
    plan.radial_begin = store(integers_, std::move(radial_begin));
    plan.radial_runs = store(runs_, std::move(radial_runs));
    plan.term_begin = store(integers_, std::move(term_begin));
    plan.terms = store(terms_, std::move(terms));
    plan.channel_begin = store(integers_, std::move(channel_begin));
    plan.channels = store(channels_, std::move(channels));
    plan.n_moments = moments;
    plan.n_coefficients = coefficients;
    plan.n_contractions = static_cast<int>(contractions.size());
    plan.contractions = store(contractions_, std::move(contractions));
    plan.contraction_rows = store(contraction_rows_, std::move(contraction_rows));
    plan.n_triplet_pairs = static_cast<int>(triplet_pairs.size());
    plan.triplet_pairs = store(triplet_pairs_, std::move(triplet_pairs));
    plan.triplet_rows = store(triplet_rows_, std::move(triplet_rows));
    group_narrow(plan);

    plan.factor = store(numbers_, std::vector<T>(element.factor.begin(), element.factor.end()));
    plan.offset = store(numbers_, std::vector<T>(element.offset.begin(), element.offset.end()));
    std::vector<T> lowest, highest;
    for (const Scaling& range : element.scaling) {
        const double rounding = 1e-6 * std::max(std::abs(range.minimum), std::abs(range.maximum));
        lowest.push_back(static_cast<T>(range.minimum - rounding)), highest.push_back(static_cast<T>(range.maximum + rounding));
    }
    plan.lowest = store(numbers_, std::move(lowest));
    plan.highest = store(numbers_, std::move(highest));
    return plan;
}

// From weights [input][output]; those for the way back times a factor of each input.
template <class T>
void PlanStorage<T>::store_weights(const std::vector<double>& weights, const std::vector<double>& biases, const std::vector<double>& factors,
                                   LayerPlan<T>& layer) {
    std::vector<T> forward, back;
    const auto at = [&](int j, int k) { return weights[static_cast<std::size_t>(j) * static_cast<std::size_t>(layer.outputs) + static_cast<std::size_t>(k)]; };
    const auto block = [](int left) { return left >= weight_block ? weight_block : 1; };
    for (int first = 0, n = 0; first < layer.outputs; first += n) {
        n = block(layer.outputs - first);
        for (int j = 0; j < layer.inputs; ++j)
            for (int k = first; k < first + n; ++k) forward.push_back(static_cast<T>(at(j, k)));
    }
    for (int first = 0, n = 0; first < layer.inputs; first += n) {
        n = block(layer.inputs - first);
        for (int k = 0; k < layer.outputs; ++k)
            for (int j = first; j < first + n; ++j) back.push_back(static_cast<T>(at(j, k) * factors[static_cast<std::size_t>(j)]));
    }
    layer.weights = store(numbers_, std::move(forward));
    layer.back = store(numbers_, std::move(back));
    layer.biases = store(numbers_, std::vector<T>(biases.begin(), biases.end()));
}

// The members' networks, their first layers joined to one.
template <class T>
void PlanStorage<T>::build_networks(const Potential& potential, std::size_t element, ElementPlan<T>& plan) {
    const Element& own = potential.elements[element];
    if (own.layers.empty()) return;
    std::vector<const std::vector<Layer>*> networks(1, &own.layers);
    std::vector<MemberPlan<T>> members(1);
    members[0].energy_factor = 1.0 / potential.conv_energy, members[0].energy_offset = potential.mean_energy + own.atom_energy;
    for (const Member& further : potential.further_members) {
        MemberPlan<T> member{};
        member.energy_factor = 1.0 / further.conv_energy, member.energy_offset = further.mean_energy + further.atom_energies[element];
        members.push_back(member);
        networks.push_back(&further.layers[element]);
    }
    int joint_outputs = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
        members[m].first_node = joint_outputs;
        joint_outputs += networks[m]->front().outputs;
        std::vector<LayerPlan<T>> layers;
        for (const Layer& layer : *networks[m]) {
            LayerPlan<T> out{layer.inputs, layer.outputs, static_cast<int>(layer.activation), nullptr, nullptr, nullptr};
            if (!layers.empty()) store_weights(layer.weights, layer.biases, std::vector<double>(static_cast<std::size_t>(layer.inputs), 1.0), out);
            layers.push_back(out);
            plan.n_nodes += layer.outputs;
        }
        members[m].n_layers = static_cast<int>(layers.size());
        members[m].layers = store(layers_, std::move(layers));
    }
    std::vector<double> weights, biases;
    for (int j = 0; j <= plan.n_rows; ++j)
        for (const std::vector<Layer>* network : networks) {
            const Layer& layer = network->front();
            const std::vector<double>& from = j < plan.n_rows ? layer.weights : layer.biases;
            const std::ptrdiff_t begin = j < plan.n_rows ? static_cast<std::ptrdiff_t>(j) * layer.outputs : 0;
            std::vector<double>& into = j < plan.n_rows ? weights : biases;
            into.insert(into.end(), from.begin() + begin, from.begin() + begin + layer.outputs);
        }
    plan.joint.inputs = plan.n_rows, plan.joint.outputs = joint_outputs;
    store_weights(weights, biases, own.factor, plan.joint);
    plan.n_members = static_cast<int>(members.size());
    plan.members = store(members_, std::move(members));
}

// Pairs and groups of the narrow rows, which stand sorted by window and basis at the end of each pair's rows.
template <class T>
void PlanStorage<T>::group_narrow(ElementPlan<T>& plan) {
    std::vector<NarrowPair> pairs;
    std::vector<NarrowGroup<T>> groups;
    std::vector<NarrowRow<T>> rows;
    std::vector<int> windows;
    for (int p = 0; p < plan.n_triplet_pairs; ++p) {
        const TripletPair& pair = plan.triplet_pairs[p];
        int known = -1;
        for (int first = pair.first_narrow, last = first; first < pair.last_row; first = last) {
            const int basis = plan.triplet_rows[first].basis, window = plan.which_window[basis], n_groups = static_cast<int>(groups.size());
            if (window != known) {
                const auto place = std::find(windows.begin(), windows.end(), window);
                pairs.push_back({pair.bucket1, pair.bucket2, static_cast<int>(place - windows.begin()), n_groups, n_groups});
                if (place == windows.end()) windows.push_back(window);
            }
            known = window;
            NarrowGroup<T> group{plan.eta[basis], plan.rate[basis], 0, static_cast<int>(rows.size()), 0};
            for (; last < pair.last_row && plan.triplet_rows[last].basis == basis; ++last)
                group.degree = std::max(group.degree, plan.triplet_rows[last].integer_zeta);
            for (int r = first; r < last; ++r) rows.push_back(narrow_row(plan.triplet_rows[r], group.degree));
            group.last_row = static_cast<int>(rows.size());
            groups.push_back(group);
            ++pairs.back().last_group;
        }
    }
    std::vector<Window<T>> narrow_windows;
    std::vector<CutoffFit<T>> fits;
    for (const int window : windows) {
        narrow_windows.push_back(plan.windows[window]);
        fits.push_back(fit_cutoff(narrow_windows.back()));
        plan.narrow_cutoff = std::max(plan.narrow_cutoff, narrow_windows.back().radius);
    }
    plan.n_narrow_pairs = static_cast<int>(pairs.size());
    plan.narrow_pairs = store(narrow_pairs_, std::move(pairs));
    plan.narrow_groups = store(narrow_groups_, std::move(groups));
    plan.narrow_rows = store(narrow_rows_, std::move(rows));
    plan.n_narrow_windows = static_cast<int>(windows.size());
    plan.narrow_windows = store(windows_, std::move(narrow_windows));
    plan.narrow_fits = store(cutoff_fits_, std::move(fits));
}

template <class T>
PlanStorage<T>::PlanStorage(const Potential& potential) {
    for (const Element& element : potential.elements) elements_.push_back(build(potential, element));
    for (std::size_t e = 0; e < elements_.size(); ++e) build_networks(potential, e, elements_[e]);
    plan_.n_elements = static_cast<int>(elements_.size());
    plan_.elements = elements_.data();
    plan_.max_cutoff = potential.max_cutoff;
}

template class PlanStorage<double>;
template class PlanStorage<float>;

}  // namespace sinterface
