#include "text.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "potential.hpp"

namespace sinterface {
namespace {

constexpr double largest_number = 1e30;
constexpr std::uintmax_t largest_file = std::uintmax_t(256) << 20;

// What stands in a damaged file may be anything: keep messages short and printable.
std::string printable(const std::string& text) {
    constexpr std::size_t longest = 300;
    std::string out;
    for (const char c : text.substr(0, longest)) out += (c >= ' ' && c <= '~') ? c : '?';
    return text.size() > longest ? out + "..." : out;
}

std::string quoted(const std::string& word) {
    constexpr std::size_t longest = 40;
    return "'" + word.substr(0, longest) + (word.size() > longest ? "...'" : "'");
}

}  // namespace

void fail(const std::string& file, int line, const std::string& what) {
    std::ostringstream text;
    text << file;
    if (line > 0) text << ", line " << line;
    text << ": " << printable(what);
    throw PotentialError(text.str());
}

TextFile read_text(const std::string& file, const char* comments) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (!fs::exists(status)) fail(file, 0, "is missing; a potential's folder holds input.nn, scaling.data and weights.ZZZ.data.");
    if (!fs::is_regular_file(status)) fail(file, 0, "is no file; a potential's folder holds input.nn, scaling.data and weights.ZZZ.data.");
    const std::uintmax_t size = fs::file_size(file, error);
    if (!error && size > largest_file) fail(file, 0, "is far too large for a potential's file (" + std::to_string(size >> 20) + " MiB).");
    std::ifstream stream(file, std::ios::binary);
    if (!stream) fail(file, 0, "cannot be read.");
    TextFile out;
    std::string text;
    for (int number = 1; std::getline(stream, text); ++number) {
        out.ended = !stream.eof();
        Line line;
        line.number = number;
        std::istringstream words(text.substr(0, text.find_first_of(comments)));
        for (std::string word; words >> word;) line.words.push_back(word);
        if (!line.words.empty()) out.lines.push_back(std::move(line));
    }
    return out;
}

double to_number(const std::string& file, int line, const std::string& word) {
    const char* begin = word.data() + (word.size() > 1 && word[0] == '+' && word[1] != '-');
    const char* end = word.data() + word.size();
    double value = 0;
    const std::from_chars_result found = std::from_chars(begin, end, value);  // knows no locale
    if (found.ec == std::errc::invalid_argument || found.ptr != end) fail(file, line, "expected a number, got " + quoted(word) + ".");
    if (found.ec == std::errc::result_out_of_range) value = std::strtod(word.c_str(), nullptr);
    if (!std::isfinite(value)) fail(file, line, "expected a finite number, got " + quoted(word) + ".");
    if (std::abs(value) > largest_number) fail(file, line, "the number " + quoted(word) + " is far too large.");
    return value;
}

int to_integer(const std::string& file, int line, const std::string& word, int low, int high) {
    const double value = to_number(file, line, word);
    if (value != std::floor(value) || value < low || value > high)
        fail(file, line, "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high) + ", got " + quoted(word) + ".");
    return static_cast<int>(value);
}

}  // namespace sinterface
