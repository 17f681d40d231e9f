// Builds the kernel's plain tables from a potential and owns their memory.
#pragma once

#include <deque>
#include <vector>

#include "kernel/plan.hpp"
#include "plan_rows.hpp"
#include "potential.hpp"

namespace sinterface {

template <class T>
class PlanStorage {
public:
    explicit PlanStorage(const Potential& potential);
    PlanStorage(const PlanStorage&) = delete;
    PlanStorage& operator=(const PlanStorage&) = delete;
    const Plan<T>& plan() const { return plan_; }

private:
    ElementPlan<T> build(const Potential& potential, const Element& element);
    void build_radial(Demand<T>& demand, ElementPlan<T>& plan);
    void build_contractions(const Element& element, const Demand<T>& demand, ElementPlan<T>& plan);
    void build_triplets(Demand<T>& demand, ElementPlan<T>& plan);
    void build_bases(Bases<T>& bases, ElementPlan<T>& plan);
    void build_ranges(const Element& element, ElementPlan<T>& plan);
    void store_weights(const std::vector<double>& weights, const std::vector<double>& biases, const std::vector<double>& factors, LayerPlan<T>& layer);
    void build_networks(const Potential& potential, std::size_t element, ElementPlan<T>& plan);
    void group_narrow(ElementPlan<T>& plan);

    std::deque<std::vector<T>> numbers_;
    std::deque<std::vector<int>> integers_;
    std::deque<std::vector<Window<T>>> windows_;
    std::deque<std::vector<Run>> runs_;
    std::deque<std::vector<RadialTerm<T>>> terms_;
    std::deque<std::vector<MomentChannel>> channels_;
    std::deque<std::vector<Contraction>> contractions_;
    std::deque<std::vector<ContractionRow<T>>> contraction_rows_;
    std::deque<std::vector<TripletPair>> triplet_pairs_;
    std::deque<std::vector<TripletRow<T>>> triplet_rows_;
    std::deque<std::vector<NarrowPair>> narrow_pairs_;
    std::deque<std::vector<NarrowGroup<T>>> narrow_groups_;
    std::deque<std::vector<NarrowRow<T>>> narrow_rows_;
    std::deque<std::vector<CutoffFit<T>>> cutoff_fits_;
    std::deque<std::vector<LayerPlan<T>>> layers_;
    std::deque<std::vector<MemberPlan<T>>> members_;
    std::vector<ElementPlan<T>> elements_;
    Plan<T> plan_{};
};

}  // namespace sinterface
