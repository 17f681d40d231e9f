// Rows of symmetry functions: from a line of input.nn, and n2p2's order of them.
#pragma once

#include <string>
#include <vector>

#include "potential.hpp"
#include "text.hpp"

namespace sinterface {

// Index of the element that word `k` of the line names.
int find_element(const std::string& file, const Line& line, std::size_t k, const std::vector<Element>& elements);

// Row of a `symfunction_short` line.
Row read_row(const std::string& file, const Line& line, const std::vector<Element>& elements);

// Row of a `spectrum` line of extension.nn.
Row read_spectrum_row(const std::string& file, const Line& line, const std::vector<Element>& elements);

// scaling.data and the first layer's weights stand in this order.
void sort_rows(std::vector<Row>& rows);

void need_words(const std::string& file, const Line& line, std::size_t words);

}  // namespace sinterface
