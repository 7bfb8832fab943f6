#include "base/build_info.h"

#include "base/team.h"

#ifndef LAMINA_VERSION
#error "LAMINA_VERSION is set by CMake"
#endif

namespace lamina {

std::map<std::string, std::string> build_info() {
  return {
      {"version", LAMINA_VERSION},
      {"compiler",
#if defined(__clang__)
       "clang " __clang_version__
#else
       "gcc " __VERSION__
#endif
      },
      {"openmp", std::to_string(openmp_version())},
  };
}

}  // namespace lamina
