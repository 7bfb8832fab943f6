// One lane: the plain arithmetic that every wider vector must reproduce bit for bit.
#pragma once
#include <cstdint>

namespace {

template <class T> struct Vec;

template <> struct Vec<float> {
  using Scalar = float;
  using Busy = Vec;
  using Mask = bool;
  static constexpr int lanes = 1;
  static constexpr int registers = 16;
  static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  float v;

  static Vec load(const float* p) { return {*p}; }
  static Vec load(const std::uint8_t* p) { return {static_cast<float>(*p)}; }
  static Vec load(const double* p) { return {static_cast<float>(*p)}; }
  static Vec set(float x) { return {x}; }
  void store(float* p) const { *p = v; }
  void store_first(float* p, int) const { *p = v; }
  friend Vec fma(Vec a, Vec b, Vec c) { return {__builtin_fmaf(a.v, b.v, c.v)}; }
  friend Vec sqrt(Vec a) { return {__builtin_sqrtf(a.v)}; }
  friend Vec abs(Vec a) { return {__builtin_fabsf(a.v)}; }
  // 2^n for k = n + round_magic, n in [-126, 127].
  friend Vec exp2_of(Vec k) {
    return {__builtin_bit_cast(float, (__builtin_bit_cast(std::uint32_t, k.v) + 127u) << 23)};
  }
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)), for normal positive x.
  friend Vec split_exponent(Vec x, Vec& e) {
    const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, x.v) - 0x3f3504f3u;
    e.v = static_cast<float>(static_cast<std::int32_t>(bits) >> 23);
    return {__builtin_bit_cast(float, (bits & 0x007fffffu) + 0x3f3504f3u)};
  }
};

template <> struct Vec<double> {
  using Scalar = double;
  using Busy = Vec;
  using Mask = bool;
  static constexpr int lanes = 1;
  static constexpr int registers = 16;
  static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
  double v;

  static Vec load(const double* p) { return {*p}; }
  static Vec load(const std::uint8_t* p) { return {static_cast<double>(*p)}; }
  static Vec load(const float* p) { return {static_cast<double>(*p)}; }
  static Vec set(double x) { return {x}; }
  void store(double* p) const { *p = v; }
  void store_first(double* p, int) const { *p = v; }
  friend Vec fma(Vec a, Vec b, Vec c) { return {__builtin_fma(a.v, b.v, c.v)}; }
  friend Vec sqrt(Vec a) { return {__builtin_sqrt(a.v)}; }
  friend Vec abs(Vec a) { return {__builtin_fabs(a.v)}; }
  friend Vec exp2_of(Vec k) {
    return {__builtin_bit_cast(double, (__builtin_bit_cast(std::uint64_t, k.v) + 1023u) << 52)};
  }
  friend Vec split_exponent(Vec x, Vec& e) {
    const std::uint64_t bits = __builtin_bit_cast(std::uint64_t, x.v) - 0x3fe6a09e667f3bcdull;
    e.v = static_cast<double>(static_cast<std::int64_t>(bits) >> 52);
    return {__builtin_bit_cast(double, (bits & 0x000fffffffffffffull) + 0x3fe6a09e667f3bcdull)};
  }
};

#define LAMINA_SCALAR_OPERATIONS(T)                                                                           \
  [[maybe_unused]] Vec<T> operator+(Vec<T> a, Vec<T> b) { return {a.v + b.v}; }                               \
  [[maybe_unused]] Vec<T> operator-(Vec<T> a, Vec<T> b) { return {a.v - b.v}; }                               \
  [[maybe_unused]] Vec<T> operator*(Vec<T> a, Vec<T> b) { return {a.v * b.v}; }                               \
  [[maybe_unused]] Vec<T> operator/(Vec<T> a, Vec<T> b) { return {a.v / b.v}; }                               \
  [[maybe_unused]] Vec<T> max(Vec<T> a, Vec<T> b) { return {a.v > b.v ? a.v : b.v}; }                         \
  [[maybe_unused]] Vec<T> min(Vec<T> a, Vec<T> b) { return {a.v < b.v ? a.v : b.v}; }                         \
  [[maybe_unused]] bool less(Vec<T> a, Vec<T> b) { return a.v < b.v; }                                        \
  [[maybe_unused]] Vec<T> select(bool m, Vec<T> a, Vec<T> b) { return m ? a : b; }                            \
  [[maybe_unused]] Vec<T> where_bits(std::uint32_t bits, Vec<T> x) { return {(bits & 1) != 0 ? x.v : T{0}}; } \
  [[maybe_unused]] void store_nonzero(Vec<T> x, std::uint8_t* out) { *out = x.v != 0; }                       \
  [[maybe_unused]] T max_of(Vec<T> a) { return a.v; }                                                         \
  [[maybe_unused]] T sum_of(Vec<T> a) { return a.v; }
LAMINA_SCALAR_OPERATIONS(float)
LAMINA_SCALAR_OPERATIONS(double)
#undef LAMINA_SCALAR_OPERATIONS

// Unsigned 32-bit integers, as many as a vector of float has lanes: for the random generator.
struct Words {
  static constexpr int lanes = 1;
  std::uint32_t v;
  static Words set(std::uint32_t x) { return {x}; }
  static Words count_from(std::uint32_t x) { return {x}; }  // x, x + 1, ...
  friend Words operator^(Words a, Words b) { return {a.v ^ b.v}; }
  friend void multiply(Words a, Words b, Words& high, Words& low) {
    const std::uint64_t product = std::uint64_t{a.v} * b.v;
    high.v = static_cast<std::uint32_t>(product >> 32);
    low.v = static_cast<std::uint32_t>(product);
  }
  friend std::uint32_t bits_at_least(Words words, Words threshold) { return words.v >= threshold.v; }
};

}  // namespace
