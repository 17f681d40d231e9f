// Catch2's main function, where version 2 has none of its own.
#define CATCH_CONFIG_MAIN
#include "catch.hpp"
