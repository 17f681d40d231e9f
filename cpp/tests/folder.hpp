// A copy of a reference potential that tests may damage, removed at the end.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

struct Folder {
    std::filesystem::path path;

    explicit Folder(const std::string& original = "") {
        static int count = 0;
        path = std::filesystem::temp_directory_path() / ("sinterface-" + std::to_string(getpid()) + "-" + std::to_string(count++));
        if (original.empty())
            std::filesystem::create_directory(path);
        else
            std::filesystem::copy(std::filesystem::path(SINTERFACE_CASES) / original, path);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string read(const std::string& name) const {
        std::ifstream stream(path / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    void write(const std::string& name, const std::string& text) const { std::ofstream(path / name, std::ios::binary) << text; }
};
