// The reader on good and on damaged files: a potential, or an error that names the file.
#include <random>

#include "../potential.hpp"
#include "catch.hpp"
#include "folder.hpp"

using namespace sinterface;

namespace {

const char* const names[] = {"input.nn", "scaling.data", "weights.008.data"};

// Load; an error is one printable line with the name of a file in it.
bool loads(const Folder& folder) {
    try {
        read_potential(folder.path.string());
        return true;
    } catch (const PotentialError& error) {
        const std::string text = error.what();
        const bool named = text.find(".nn") != std::string::npos || text.find(".data") != std::string::npos;
        CHECK(named);
        CHECK(text.find('\n') == std::string::npos);
        return false;
    }
}

}  // namespace

TEST_CASE("reference potentials load") {
    for (const char* name : {"wide", "narrow", "weighted"}) {
        const Potential potential = read_potential(Folder(name).path.string());
        REQUIRE(potential.elements.size() == 5);
        CHECK(potential.elements[0].symbol == "Li");
        CHECK(potential.elements[4].atomic_number == 57);
        CHECK(potential.elements[0].layers.size() == 3);
        CHECK(potential.warnings.empty());
    }
}

TEST_CASE("truncated files") {
    const Folder folder("wide");
    for (const char* name : names) {
        const std::string whole = folder.read(name);
        for (int k = 0; k < 25; ++k) {
            folder.write(name, whole.substr(0, whole.size() * static_cast<std::size_t>(k) / 25));
            CHECK_FALSE(loads(folder));
        }
        folder.write(name, whole);
        CHECK(loads(folder));
    }
}

TEST_CASE("bytes changed at random") {
    const Folder folder("weighted");
    std::mt19937 random(7);
    for (const char* name : names) {
        const std::string whole = folder.read(name);
        for (int k = 0; k < 60; ++k) {
            std::string damaged = whole;
            for (int n = 0; n < 1 + k % 5; ++n) damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
            folder.write(name, damaged);
            loads(folder);
        }
        folder.write(name, whole);
    }
}

TEST_CASE("bad words") {
    const Folder folder("weighted");
    const std::string whole = folder.read("input.nn");
    for (const char* word : {"nan", "inf", "1e999", "99999999999999999999", "-1", "0x10", "", "\xff\xfe"})
        for (const char* key : {"number_of_elements", "elements", "cutoff_type", "global_nodes_short", "global_activation_short", "symfunction_short Li 12"}) {
            folder.write("input.nn", whole + "\n" + key + " " + word + "\n");
            CHECK_FALSE(loads(folder));
        }
}

TEST_CASE("a committee with damaged members") {
    const Folder folder("weighted");
    const std::string member = "second";
    std::filesystem::create_directory(folder.path / member);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path))
        if (entry.is_regular_file()) std::filesystem::copy(entry.path(), folder.path / member);
    folder.write("extension.nn", "format_version 1\ncommittee_member second\n");
    REQUIRE(read_potential(folder.path.string()).further_members.size() == 1);
    std::mt19937 random(11);
    for (const char* name : names) {
        const std::string file = member + "/" + name, whole = folder.read(file);
        for (int k = 0; k < 12; ++k) {
            folder.write(file, whole.substr(0, whole.size() * static_cast<std::size_t>(k) / 12));
            CHECK_FALSE(loads(folder));
            std::string damaged = whole;
            damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
            folder.write(file, damaged);
            loads(folder);
        }
        folder.write(file, whole);
    }
    for (const char* text : {"committee_member", "committee_member nowhere", "committee_member input.nn", "committee_member .", "committee_member \xff"}) {
        folder.write("extension.nn", std::string(text) + "\n");
        CHECK_FALSE(loads(folder));  // its own folder names itself: a committee within a committee
    }
}

TEST_CASE("folders instead of files and nothing at all") {
    const Folder folder("wide");
    std::filesystem::remove(folder.path / "scaling.data");
    CHECK_FALSE(loads(folder));
    std::filesystem::create_directory(folder.path / "scaling.data");
    CHECK_FALSE(loads(folder));
    CHECK_FALSE(loads(Folder()));
}
