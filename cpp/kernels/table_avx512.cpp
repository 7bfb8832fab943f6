// AVX-512 F, BW, DQ, VL. Nothing but the table leaves this file.
#include "kernels/vec_avx512.h"
//
#include "kernels/table.inl"

namespace lamina::kernels {

extern const Tables avx512_tables, avx512_slow_divider_tables;
constexpr Tables avx512_tables = {make_table<Vec<float>>(), make_table<Vec<double>>()};
constexpr Tables avx512_slow_divider_tables = {make_table<Vec<float>, Vec<float, true>>(), make_table<Vec<double>>()};

}  // namespace lamina::kernels
