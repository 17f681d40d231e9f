#include "plan_storage.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "cutoff_fit.hpp"

namespace sinterface {

template <class Store, class U>
static const U* store(Store& where, std::vector<U> values) {
    where.push_back(std::move(values));
    return where.back().data();
}

template <class T>
ElementPlan<T> PlanStorage<T>::build(const Potential& potential, const Element& element) {
    ElementPlan<T> plan{};
    plan.n_buckets = static_cast<int>(potential.elements.size());
    plan.n_rows = static_cast<int>(element.rows.size());
    Demand<T> demand(potential, element);
    plan.shifted = demand.shifted;
    build_radial(demand, plan);
    build_contractions(element, demand, plan);
    build_triplets(demand, plan);
    build_bases(demand.bases, plan);
    group_narrow(plan);
    build_ranges(element, plan);
    return plan;
}

// Which bases each bucket needs, and the terms of its radial functions.
template <class T>
void PlanStorage<T>::build_radial(Demand<T>& demand, ElementPlan<T>& plan) {
    const std::vector<int>& window = demand.bases.window;
    std::vector<int> used_begin(1, 0), radial_begin(1, 0), term_begin(1, 0);
    std::vector<RadialTerm<T>> terms;
    std::vector<Run> used_runs, radial_runs;
    for (std::size_t b = 0; b < demand.used.size(); ++b) {
        int ignored = 0;
        append_runs(demand.used[b], window, used_runs, ignored);
        used_begin.push_back(static_cast<int>(used_runs.size()));
        std::map<int, int> offset_of;
        for (const auto& term : demand.radial[b]) offset_of[term.basis] = 0;
        std::set<int> bases;
        for (auto& [basis, offset] : offset_of) offset = plan.n_radial + static_cast<int>(bases.size()), bases.insert(basis);
        for (auto& term : demand.radial[b]) term.offset = offset_of[term.basis];
        append_runs(bases, window, radial_runs, plan.n_radial);
        radial_begin.push_back(static_cast<int>(radial_runs.size()));
        terms.insert(terms.end(), demand.radial[b].begin(), demand.radial[b].end());
        term_begin.push_back(static_cast<int>(terms.size()));
    }
    plan.used_begin = store(integers_, std::move(used_begin));
    plan.used = store(runs_, std::move(used_runs));
    plan.radial_begin = store(integers_, std::move(radial_begin));
    plan.radial_runs = store(runs_, std::move(radial_runs));
    plan.term_begin = store(integers_, std::move(term_begin));
    plan.terms = store(terms_, std::move(terms));
}

// Moments of all degrees for each channel of each bucket, then the sum of squares; and what is contracted from two of them.
template <class T>
void PlanStorage<T>::build_contractions(const Element& element, const Demand<T>& demand, ElementPlan<T>& plan) {
    std::vector<MomentChannel> channels;
    std::vector<int> channel_begin(1, 0);
    std::vector<std::map<int, MomentChannel>> channel_of(demand.degree.size());
    for (std::size_t b = 0; b < demand.degree.size(); ++b) {
        for (const auto& [basis, l] : demand.degree[b]) {
            MomentChannel channel{basis, l, plan.n_moments, plan.n_coefficients, -1};
            plan.n_moments += monomials_below(l + 1);
            plan.n_coefficients += std::max(1, 3 * (l + 1) * (l + 1));
            if (demand.squares[b].count(basis)) channel.square = plan.n_moments++;
            channels.push_back(channel);
            channel_of[b][basis] = channel;
        }
        channel_begin.push_back(static_cast<int>(channels.size()));
    }
    std::vector<Contraction> contractions;
    std::vector<ContractionRow<T>> contraction_rows;
    for (const auto& [key, rows] : demand.wide) {
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
    plan.channel_begin = store(integers_, std::move(channel_begin));
    plan.channels = store(channels_, std::move(channels));
    plan.n_contractions = static_cast<int>(contractions.size());
    plan.contractions = store(contractions_, std::move(contractions));
    plan.contraction_rows = store(contraction_rows_, std::move(contraction_rows));
}

// The narrow rows of each pair of elements, those that can be grouped last, by window and basis.
template <class T>
void PlanStorage<T>::build_triplets(Demand<T>& demand, ElementPlan<T>& plan) {
    const Bases<T>& bases = demand.bases;
    std::vector<TripletPair> triplet_pairs;
    std::vector<TripletRow<T>> triplet_rows;
    const auto grouped = [&](const TripletRow<T>& row) {
        return row.far_side && !row.angle.compact && row.integer_zeta > 0 && row.integer_zeta <= max_degree &&
               bases.shift[static_cast<std::size_t>(row.basis)] == 0;
    };
    const auto place = [&](const TripletRow<T>& row) {
        return std::make_tuple(grouped(row), row.far_side, bases.window[static_cast<std::size_t>(row.basis)], row.basis);
    };
    for (auto& [key, rows] : demand.narrow) {
        std::stable_sort(rows.begin(), rows.end(), [&](const auto& x, const auto& y) { return place(x) < place(y); });
        const auto first_grouped = std::find_if(rows.begin(), rows.end(), grouped);
        const int begin = static_cast<int>(triplet_rows.size()), first_narrow = begin + static_cast<int>(first_grouped - rows.begin());
        triplet_rows.insert(triplet_rows.end(), rows.begin(), rows.end());
        const bool angles = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.angle.compact; });
        triplet_pairs.push_back({key.first, key.second, begin, first_narrow, static_cast<int>(triplet_rows.size()), angles});
    }
    plan.n_triplet_pairs = static_cast<int>(triplet_pairs.size());
    plan.triplet_pairs = store(triplet_pairs_, std::move(triplet_pairs));
    plan.triplet_rows = store(triplet_rows_, std::move(triplet_rows));
}

template <class T>
void PlanStorage<T>::build_bases(Bases<T>& bases, ElementPlan<T>& plan) {
    plan.n_windows = static_cast<int>(bases.windows.size());
    plan.windows = store(windows_, std::move(bases.windows));
    plan.n_basis = static_cast<int>(bases.eta.size());
    plan.eta = store(numbers_, std::move(bases.eta));
    plan.shift = store(numbers_, std::move(bases.shift));
    plan.rate = store(numbers_, std::move(bases.rate));
    plan.which_window = store(integers_, std::move(bases.window));
}

// How values are scaled for the networks, and the range of training, widened by what rounding may add.
template <class T>
void PlanStorage<T>::build_ranges(const Element& element, ElementPlan<T>& plan) {
    plan.factor = store(numbers_, std::vector<T>(element.factor.begin(), element.factor.end()));
    plan.offset = store(numbers_, std::vector<T>(element.offset.begin(), element.offset.end()));
    std::vector<T> lowest, highest;
    for (const Scaling& range : element.scaling) {
        const double rounding = 1e-6 * std::max(std::abs(range.minimum), std::abs(range.maximum));
        lowest.push_back(static_cast<T>(range.minimum - rounding)), highest.push_back(static_cast<T>(range.maximum + rounding));
    }
    plan.lowest = store(numbers_, std::move(lowest));
    plan.highest = store(numbers_, std::move(highest));
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
