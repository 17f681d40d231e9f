// Text files of potentials: lines of words, numbers, and errors that name file and line.
#pragma once

#include <string>
#include <vector>

namespace sinterface {

struct Line {
    int number = 0;
    std::vector<std::string> words;
};

struct TextFile {
    std::vector<Line> lines;  // those that hold words, without comments
    bool ended = true;        // the last line has its line end
};

[[noreturn]] void fail(const std::string& file, int line, const std::string& what);

// Words of every line up to one of the characters that start a comment; a folder, a pipe or a file too large to be a
// potential is an error.
TextFile read_text(const std::string& file, const char* comments = "#");

// A finite number of a size that single precision can hold too.
double to_number(const std::string& file, int line, const std::string& word);
int to_integer(const std::string& file, int line, const std::string& word, int low, int high);

}  // namespace sinterface
