// Which kernel table serves: the best that CPU and operating system support, or the one that was asked for.
#pragma once
#include <string>
#include <vector>

#include "kernels/table.h"

namespace lamina::kernels {

enum class Isa { scalar, avx2, avx512 };

const char* name_of(Isa isa);

// What this machine can run, narrowest first.
std::vector<Isa> available_isas();

// The level in use: LAMINA_ISA if set, else the widest available. Throws std::invalid_argument where LAMINA_ISA names
// an unknown level or one the CPU lacks.
Isa current_isa();

// Chooses the level for everything made afterwards; throws std::invalid_argument as above.
void set_isa(const std::string& name);

template <class T> const Table<T>& table(Isa isa);

}  // namespace lamina::kernels
