#include "rows.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "kernel/plan.hpp"

namespace sinterface {
namespace {

// The words of a line, one after the other.
struct Words {
    const std::string& file;
    const Line& line;
    std::size_t next;

    const std::string& text() {
        need_words(file, line, next + 1);
        return line.words[next++];
    }
    double number() { return to_number(file, line.number, text()); }
    int element(const std::vector<Element>& elements) { return find_element(file, line, next++, elements); }
};

void check_gaussian(const std::string& file, int line, const Row& row) {
    if (row.angular() && (row.zeta <= 0 || row.zeta > 1000)) fail(file, line, "zeta must be above 0 and at most 1000.");
    if (std::abs(row.lambda) > 1) fail(file, line, "lambda must lie between -1 and 1.");
    if (std::abs(row.eta) > 1e6) fail(file, line, "eta is far too large.");
}

void check_compact(const std::string& file, int line, const Row& row) {
    static const char* const subtypes[] = {"p1", "p2", "p3", "p4", "p1a", "p2a", "p3a", "p4a", "e"};
    if (std::find(std::begin(subtypes), std::end(subtypes), row.subtype) == std::end(subtypes))
        fail(file, line, "unknown subtype '" + row.subtype + "' of a compact function; known are p1 to p4, p1a to p4a and e.");
    if (row.left >= row.cutoff || row.left < -1000) fail(file, line, "the inner radius must lie below the outer one.");
    if (!row.angular()) return;
    const double low = row.angle_left, high = row.angle_right;
    if (low >= high) fail(file, line, "the first angle must be smaller than the second.");
    if ((low < 0 && low + high != 0) || (high > 180 && low + high != 360) || high - low > 360)
        fail(file, line, "the angles must lie between 0 and 180 degrees, or around one of these two.");
}

}  // namespace

void need_words(const std::string& file, const Line& line, std::size_t words) {
    if (line.words.size() < words)
        fail(file, line.number,
             "'" + line.words[0] + "' needs at least " + std::to_string(words - 1) + " values, got " + std::to_string(line.words.size() - 1) + ".");
}

int find_element(const std::string& file, const Line& line, std::size_t k, const std::vector<Element>& elements) {
    need_words(file, line, k + 1);
    for (std::size_t e = 0; e < elements.size(); ++e)
        if (elements[e].symbol == line.words[k]) return static_cast<int>(e);
    fail(file, line.number, "element '" + line.words[k].substr(0, 40) + "' is not in the 'elements' line.");
}

Row read_row(const std::string& file, const Line& line, const std::vector<Element>& elements) {
    Words words{file, line, 1};
    Row row;
    row.line = line.number;
    row.center = words.element(elements);
    row.type = to_integer(file, line.number, words.text(), 0, 99);
    const bool known = row.type == 2 || row.type == 3 || row.type == 9 || row.type == 12 || row.type == 13 || (row.type >= 20 && row.type <= 25);
    if (!known)
        fail(file, line.number, "symmetry function type " + std::to_string(row.type) + " is not supported; supported are 2, 3, 9, 12, 13 and 20 to 25.");
    if (!row.weighted()) row.first = words.element(elements);
    if (!row.weighted() && row.angular()) row.second = words.element(elements);
    if (row.second >= 0 && row.first > row.second) std::swap(row.first, row.second);
    if (row.compact()) {
        row.left = words.number(), row.cutoff = words.number();
        if (row.angular()) row.angle_left = words.number(), row.angle_right = words.number();
        row.subtype = words.text();
    } else {
        row.eta = words.number();
        if (row.type == 2 || row.type == 12 || row.type == 13) row.shift = words.number();
        if (row.angular()) row.lambda = words.number(), row.zeta = words.number();
        row.cutoff = words.number();
        if ((row.type == 3 || row.type == 9) && words.next < line.words.size()) row.shift = words.number();
    }
    if (row.cutoff <= 0 || row.cutoff > 1000) fail(file, line.number, "the cutoff radius must be above 0 and at most 1000.");
    row.compact() ? check_compact(file, line.number, row) : check_gaussian(file, line.number, row);
    return row;
}

Row read_spectrum_row(const std::string& file, const Line& line, const std::vector<Element>& elements) {
    Words words{file, line, 1};
    Row row;
    row.line = line.number, row.type = spectrum_type;
    row.center = words.element(elements), row.first = words.element(elements), row.second = words.element(elements);
    row.degree = to_integer(file, line.number, words.text(), 0, max_degree);
    row.eta = words.number(), row.shift = words.number(), row.second_eta = words.number(), row.second_shift = words.number();
    row.cutoff = words.number();
    if (row.cutoff <= 0 || row.cutoff > 1000) fail(file, line.number, "the cutoff radius must be above 0 and at most 1000.");
    if (row.eta < 0 || row.second_eta < 0 || row.eta > 1e6 || row.second_eta > 1e6) fail(file, line.number, "eta must lie between 0 and 1e6.");
    if (row.first > row.second) std::swap(row.first, row.second), std::swap(row.eta, row.second_eta), std::swap(row.shift, row.second_shift);
    return row;
}

void sort_rows(std::vector<Row>& rows) {
    const auto gaussian = [](const Row& r) { return std::make_tuple(r.cutoff, r.eta, r.shift, r.zeta, r.lambda, r.first, r.second); };
    const auto compact = [](const Row& r) { return std::make_tuple(r.subtype, r.first, r.second, r.cutoff, r.left, r.angle_left, r.angle_right); };
    std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
        if (a.type != b.type) return a.type < b.type;
        return a.compact() ? compact(a) < compact(b) : gaussian(a) < gaussian(b);
    });
}

}  // namespace sinterface
