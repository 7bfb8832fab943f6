// The one-lane kernels with std::fma, for CPUs of the x86-64-v2 level. Nothing but the table leaves this file.
#include "kernels/vec_scalar.h"
//
#include "kernels/table.inl"

namespace lamina::kernels {

extern const Tables scalar_tables;
constexpr Tables scalar_tables = {make_table<Vec<float>>(), make_table<Vec<double>>()};

}  // namespace lamina::kernels
