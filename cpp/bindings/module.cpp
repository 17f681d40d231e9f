// Python's door to the core: typed arrays in, typed arrays out.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "../committee.hpp"
#include "../engine.hpp"

namespace nb = nanobind;
using namespace sinterface;

template <class T, class Shape>
using Array = nb::ndarray<const T, nb::numpy, Shape, nb::c_contig, nb::device::cpu>;
using Vectors = Array<double, nb::shape<-1, 3>>;
using Matrix = Array<double, nb::shape<-1, -1>>;
using Tensor = Array<double, nb::shape<3, 3>>;
using Integers = Array<int32_t, nb::shape<-1>>;
using Offsets = Array<int64_t, nb::shape<-1>>;
using Images = Array<uint16_t, nb::shape<-1>>;

template <class T, class... N>
static nb::ndarray<nb::numpy, T> make_array(T** data, N... shape) {
    std::size_t total = 1;
    for (const std::size_t n : {static_cast<std::size_t>(shape)...}) total *= n;
    *data = new T[total]();
    nb::capsule owner(*data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return nb::ndarray<nb::numpy, T>(*data, {static_cast<std::size_t>(shape)...}, owner);
}

// The caller's neighbour list: the neighbours of atom i are neighbors[first[i]] up to neighbors[first[i + 1]].
struct List {
    Offsets first;
    Integers neighbors;
    Images images;
    Vectors translations;
};

// The caller's arrays as the kernel wants them.
struct Neighborhood {
    std::vector<const int*> lists;
    std::vector<int> counts, atoms;
    std::vector<const std::uint16_t*> images;
    std::vector<double> translations;
    System system{};
    int n_atoms;

    Neighborhood(const Engine& engine, const Vectors& positions, const Integers& species, const List& list) : n_atoms(static_cast<int>(positions.shape(0))) {
        const auto n = positions.shape(0);
        if (species.shape(0) != n || list.first.shape(0) != n + 1)
            throw nb::value_error("species needs one entry and first one more entry than there are atoms");
        if (list.first(0) != 0 || static_cast<std::size_t>(list.first(n)) != list.neighbors.shape(0) || list.images.shape(0) != list.neighbors.shape(0))
            throw nb::value_error("first, neighbors and images do not belong together");
        check(engine, species, list);
        lists.resize(n), counts.resize(n), atoms.resize(n), images.resize(n);
        for (std::size_t i = 0; i < n; ++i) {
            lists[i] = list.neighbors.data() + list.first(i);
            images[i] = list.images.data() + list.first(i);
            counts[i] = static_cast<int>(list.first(i + 1) - list.first(i));
            atoms[i] = static_cast<int>(i);
        }
        system.positions = positions.data(), system.species = species.data();
        system.neighbors = lists.data(), system.n_neighbors = counts.data();
        system.images = images.data(), system.translations = aligned_rows(list.translations);
        system.neighbor_mask = ~0;
    }

    // Four numbers a translation, so that the kernel adds one in one instruction.
    const double* aligned_rows(const Vectors& vectors) {
        const std::size_t n = vectors.shape(0);
        translations.assign(4 * n + 4, 0.0);
        double* rows = translations.data();
        while (reinterpret_cast<std::uintptr_t>(rows) % 32) ++rows;
        for (std::size_t k = 0; k < n; ++k) std::copy_n(vectors.data() + 3 * k, 3, rows + 4 * k);
        return rows;
    }

    // No index may leave its array.
    static void check(const Engine& engine, const Integers& species, const List& list) {
        const std::size_t n = species.shape(0), n_pairs = list.neighbors.shape(0);
        const int n_elements = static_cast<int>(engine.potential().elements.size());
        for (std::size_t i = 0; i < n; ++i) {
            if (species(i) >= n_elements) throw nb::value_error("a species index is beyond the potential's elements");
            if (list.first(i + 1) < list.first(i)) throw nb::value_error("first must not decrease");
        }
        if (!within(list.neighbors.data(), n_pairs, n)) throw nb::value_error("a neighbour's index is no atom");
        const std::size_t n_translations = list.translations.shape(0);
        if (n_translations > 1U << 16 || !within(list.images.data(), n_pairs, n_translations)) throw nb::value_error("an image has no translation");
    }

    // Whether all numbers lie between 0 and `count`: three operations each and no branch, so that it costs next to nothing.
    template <class T>
    static bool within(const T* numbers, std::size_t n, std::size_t count) {
        typedef std::make_unsigned_t<T> Unsigned;
        constexpr auto sign = static_cast<Unsigned>(Unsigned{1} << (8 * sizeof(T) - 1));
        if (count == 0 || count > sign) return std::all_of(numbers, numbers + n, [&](T number) { return static_cast<Unsigned>(number) < count; });
        const auto last = static_cast<Unsigned>(count - 1);
        Unsigned wrong = 0;  // its sign: of a number below 0 or beyond the last
        for (std::size_t k = 0; k < n; ++k) {
            const auto number = static_cast<Unsigned>(numbers[k]);
            wrong = static_cast<Unsigned>(wrong | number | static_cast<Unsigned>(last - number));
        }
        return (wrong & sign) == 0;
    }
};

static Precision precision_of(const std::string& name) {
    if (name == "double") return Precision::double_;
    if (name == "mixed") return Precision::mixed;
    throw nb::value_error("precision is 'double' or 'mixed'");
}

static void check_rows(const Engine& engine, const Matrix& rows, int n_atoms) {
    if (rows.shape(0) != static_cast<std::size_t>(n_atoms) || rows.shape(1) != static_cast<std::size_t>(engine.largest_row_count()))
        throw nb::value_error("gradients need the shape of the symmetry functions");
}

// What a caller wants to know of a committee beyond its mean.
struct Wishes {
    bool energies = false, forces = false;

    explicit Wishes(const std::string& name) : energies(name != "none"), forces(name == "forces") {
        if (name != "none" && name != "energies" && name != "forces") throw nb::value_error("committee is 'none', 'energies' or 'forces'");
    }
};

static nb::dict evaluate(const Engine& engine, Vectors positions, Integers species, Offsets first, Integers neighbors, Images images, Vectors translations,
                         const std::string& precision, int threads, bool count_extrapolation, const std::string& committee, bool atom_virials) {
    const Wishes wishes(committee);
    const Neighborhood hood(engine, positions, species, {first, neighbors, images, translations});
    const Precision kind = precision_of(precision);
    if (!engine.potential().has_networks) throw nb::value_error("the potential was read without its networks");
    Output out;
    auto energies = make_array(&out.energies, hood.n_atoms);
    auto forces = make_array(&out.forces, hood.n_atoms, 3);
    auto virial = make_array(&out.virial, 3, 3);
    nb::dict found;
    found["energies"] = energies, found["forces"] = forces, found["virial"] = virial;
    if (atom_virials) found["atom_virials"] = make_array(&out.atom_virial, hood.n_atoms, 3, 3);
    if (count_extrapolation) found["extrapolations"] = make_array(&out.extrapolations, hood.n_atoms);
    if (wishes.energies) found["member_energies"] = make_array(&out.member_energies, hood.n_atoms, engine.n_members());
    double* deviations = nullptr;
    if (wishes.forces) found["forces_std"] = make_array(&deviations, hood.n_atoms);
    {
        nb::gil_scoped_release release;
        std::vector<double> differences;
        if (wishes.forces) {
            differences.assign(static_cast<std::size_t>(engine.n_members() - 1) * 3 * static_cast<std::size_t>(hood.n_atoms), 0.0);
            out.member_forces = differences.data();
        }
        engine.run(Task::forces, kind, hood.system, hood.atoms.data(), hood.n_atoms, hood.n_atoms, out, threads);
        if (wishes.forces) force_deviations(differences.data(), engine.n_members(), hood.n_atoms, hood.n_atoms, deviations);
    }
    return found;
}

static nb::ndarray<nb::numpy, double> symmetry_functions(const Engine& engine, Vectors positions, Integers species, Offsets first, Integers neighbors,
                                                         Images images, Vectors translations, int threads) {
    const Neighborhood hood(engine, positions, species, {first, neighbors, images, translations});
    Output out;
    out.stride = engine.largest_row_count();
    auto values = make_array(&out.values, hood.n_atoms, out.stride);
    {
        nb::gil_scoped_release release;
        engine.run(Task::values, Precision::double_, hood.system, hood.atoms.data(), hood.n_atoms, hood.n_atoms, out, threads);
    }
    return values;
}

static nb::tuple vjp(const Engine& engine, Vectors positions, Integers species, Offsets first, Integers neighbors, Images images, Vectors translations,
                     Matrix gradients, const std::string& precision, int threads) {
    const Neighborhood hood(engine, positions, species, {first, neighbors, images, translations});
    check_rows(engine, gradients, hood.n_atoms);
    const Precision kind = precision_of(precision);
    Output out;
    out.stride = engine.largest_row_count();
    out.gradients = gradients.data();
    auto forces = make_array(&out.forces, hood.n_atoms, 3);
    auto virial = make_array(&out.virial, 3, 3);
    {
        nb::gil_scoped_release release;
        engine.run(Task::vjp, kind, hood.system, hood.atoms.data(), hood.n_atoms, hood.n_atoms, out, threads);
    }
    return nb::make_tuple(forces, virial);
}

static nb::ndarray<nb::numpy, double> jvp(const Engine& engine, Vectors positions, Integers species, Offsets first, Integers neighbors, Images images,
                                          Vectors translations, Vectors displacements, Tensor strain, const std::string& precision, int threads) {
    const Neighborhood hood(engine, positions, species, {first, neighbors, images, translations});
    if (displacements.shape(0) != positions.shape(0)) throw nb::value_error("displacements need one row an atom");
    const Precision kind = precision_of(precision);
    Output out;
    out.stride = engine.largest_row_count();
    out.tangents = displacements.data(), out.strain = strain.data();
    auto values = make_array(&out.values, hood.n_atoms, out.stride);
    {
        nb::gil_scoped_release release;
        engine.run(Task::jvp, kind, hood.system, hood.atoms.data(), hood.n_atoms, hood.n_atoms, out, threads);
    }
    return values;
}

static nb::tuple repulsion(Vectors positions, Integers numbers, Offsets first, Integers neighbors, Images images, Vectors translations, double inner,
                           double outer) {
    Potential blank;  // any atomic number may come
    const Engine engine{[&] {
        for (int z = 1; z < 119; ++z) blank.elements.emplace_back();
        return blank;
    }()};
    for (std::size_t i = 0; i < numbers.shape(0); ++i)
        if (numbers(i) < 1 || numbers(i) > 118) throw nb::value_error("atomic numbers lie between 1 and 118");
    Neighborhood hood(engine, positions, numbers, {first, neighbors, images, translations});
    std::vector<int> present, species;
    for (std::size_t i = 0; i < numbers.shape(0); ++i) {
        const auto found = std::find(present.begin(), present.end(), numbers(i));
        species.push_back(static_cast<int>(found - present.begin()));
        if (found == present.end()) present.push_back(numbers(i));
    }
    hood.system.species = species.data();
    Output out;
    auto energies = make_array(&out.energies, hood.n_atoms);
    auto forces = make_array(&out.forces, hood.n_atoms, 3);
    auto virial = make_array(&out.virial, 3, 3);
    {
        nb::gil_scoped_release release;
        RepulsionTable({true, inner, outer}, present).add_all(hood.system, hood.atoms.data(), hood.n_atoms, out, out.forces, 3);
    }
    return nb::make_tuple(energies, forces, virial);
}

NB_MODULE(_core, m) {
    m.doc() = "The C++ core: readers and kernels of the potential.";
    nb::exception<PotentialError>(m, "PotentialError");
    m.def("available_kernels", &available_kernels, "Instruction sets that this machine can run, best last.");
    nb::class_<Engine>(m, "Engine")
        .def(
            "__init__", [](Engine* self, const std::string& directory, bool networks) { new (self) Engine(read_potential(directory, networks)); },
            nb::arg("directory"), nb::arg("networks") = true)
        .def_prop_ro("elements",
                     [](const Engine& e) {
                         std::vector<std::string> names;
                         for (const Element& element : e.potential().elements) names.push_back(element.symbol);
                         return names;
                     })
        .def_prop_ro("cutoff", [](const Engine& e) { return e.potential().max_cutoff; })
        .def_prop_ro("kernel", [](const Engine& e) { return std::string(e.kernel().name); })
        .def_prop_ro("warnings", [](const Engine& e) { return e.potential().warnings; })
        .def_prop_ro("zbl",
                     [](const Engine& e) {
                         const Repulsion& r = e.potential().repulsion;
                         return r.active ? std::vector<double>{r.inner, r.outer} : std::vector<double>{};
                     })
        .def_prop_ro("units", [](const Engine& e) { return nb::make_tuple(e.potential().length_unit, e.potential().energy_unit); })
        .def_prop_ro("row_counts",
                     [](const Engine& e) {
                         std::vector<int> counts;
                         for (const Element& element : e.potential().elements) counts.push_back(static_cast<int>(element.rows.size()));
                         return counts;
                     })
        .def(
            "rows",
            [](const Engine& e, int element) {
                std::vector<std::tuple<int, int, int, double, double, double, double, double, std::string, double, double, double, int, double, double>> out;
                for (const Row& r : e.potential().elements.at(static_cast<std::size_t>(element)).rows)
                    out.emplace_back(r.type, r.first, r.second, r.eta, r.shift, r.cutoff, r.lambda, r.zeta, r.subtype, r.left, r.angle_left, r.angle_right,
                                     r.degree, r.second_eta, r.second_shift);
                return out;
            },
            nb::arg("element"),
            "Rows in n2p2's order: (type, first, second, eta, shift, cutoff, lambda, zeta), then of compact ones (subtype, inner radius, two angles), of the "
            "power spectrum (degree, second eta, second shift).")
        .def_prop_ro("cutoff_function", [](const Engine& e) { return nb::make_tuple(e.potential().cutoff_type, e.potential().cutoff_alpha); })
        .def(
            "scaling",
            [](const Engine& e, int element) {
                const Element& found = e.potential().elements.at(static_cast<std::size_t>(element));
                return nb::make_tuple(found.factor, found.offset);
            },
            nb::arg("element"), "Factors and offsets: scaled value = factor * G + offset.")
        .def(
            "layers",
            [](const Engine& e, int element, int member) {
                const Potential& p = e.potential();
                const auto k = static_cast<std::size_t>(element);
                std::vector<std::tuple<int, int, char, std::vector<double>, std::vector<double>>> out;
                for (const Layer& layer : member ? p.further_members.at(static_cast<std::size_t>(member - 1)).layers.at(k) : p.elements.at(k).layers)
                    out.emplace_back(layer.inputs, layer.outputs, "ltsprgcSeh"[static_cast<int>(layer.activation)], layer.weights, layer.biases);
                return out;
            },
            nb::arg("element"), nb::arg("member") = 0, "Layers: (inputs, outputs, activation letter, weights by input, biases).")
        .def_prop_ro("n_members", &Engine::n_members)
        .def_prop_ro("member_folders",
                     [](const Engine& e) {
                         std::vector<std::string> folders;
                         for (const Member& member : e.potential().further_members) folders.push_back(member.folder);
                         return folders;
                     })
        .def(
            "energy_terms",
            [](const Engine& e, int member) {
                const Potential& p = e.potential();
                std::vector<double> offsets;
                if (member > 0) {
                    const Member& further = p.further_members.at(static_cast<std::size_t>(member - 1));
                    for (const double energy : further.atom_energies) offsets.push_back(further.mean_energy + energy);
                    return nb::make_tuple(1.0 / further.conv_energy, offsets);
                }
                for (const Element& element : p.elements) offsets.push_back(p.mean_energy + element.atom_energy);
                return nb::make_tuple(1.0 / p.conv_energy, offsets);
            },
            nb::arg("member") = 0, "Factor of the networks' outputs and the energy added for an atom of each element.")
        .def("evaluate", &evaluate, nb::arg("positions"), nb::arg("species"), nb::arg("first"), nb::arg("neighbors"), nb::arg("images"),
             nb::arg("translations"), nb::arg("precision") = "double", nb::arg("threads") = 1, nb::arg("count_extrapolation") = false,
             nb::arg("committee") = "none", nb::arg("atom_virials") = false,
             "Arrays by name: energies, forces, virial; where asked for extrapolations, member_energies, forces_std, atom_virials.")
        .def("symmetry_functions", &symmetry_functions, nb::arg("positions"), nb::arg("species"), nb::arg("first"), nb::arg("neighbors"), nb::arg("images"),
             nb::arg("translations"), nb::arg("threads") = 1)
        .def("vjp", &vjp, nb::arg("positions"), nb::arg("species"), nb::arg("first"), nb::arg("neighbors"), nb::arg("images"), nb::arg("translations"),
             nb::arg("gradients"), nb::arg("precision") = "double", nb::arg("threads") = 1)
        .def("jvp", &jvp, nb::arg("positions"), nb::arg("species"), nb::arg("first"), nb::arg("neighbors"), nb::arg("images"), nb::arg("translations"),
             nb::arg("displacements"), nb::arg("strain"), nb::arg("precision") = "double", nb::arg("threads") = 1);
    m.def("repulsion", &repulsion, nb::arg("positions"), nb::arg("numbers"), nb::arg("first"), nb::arg("neighbors"), nb::arg("images"), nb::arg("translations"),
          nb::arg("inner"), nb::arg("outer"));
}
