// AVX2 with FMA: 8 floats or 4 doubles.
#pragma once
#include <cstdint>
#include <immintrin.h>

namespace {

template <class T> struct Vec;

template <> struct Vec<float> {
  using Scalar = float;
  using Busy = Vec;
  using Mask = __m256;
  static constexpr int lanes = 8;
  static constexpr int registers = 16;
  static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  __m256 v;

  static Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static Vec load(const std::uint8_t* p) {
    return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
  }
  static Vec load(const double* p) {
    return {_mm256_set_m128(_mm256_cvtpd_ps(_mm256_loadu_pd(p + 4)), _mm256_cvtpd_ps(_mm256_loadu_pd(p)))};
  }
  static Vec set(float x) { return {_mm256_set1_ps(x)}; }
  void store(float* p) const { _mm256_storeu_ps(p, v); }
  void store_first(float* p, int n) const {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_maskstore_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane), v);
  }
  friend Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
  friend Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
  friend Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
  friend Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
  friend Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
  friend Vec sqrt(Vec a) { return {_mm256_sqrt_ps(a.v)}; }
  friend Vec max(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
  friend Vec min(Vec a, Vec b) { return {_mm256_min_ps(a.v, b.v)}; }
  friend Vec abs(Vec a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
  friend Mask less(Vec a, Vec b) { return _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ); }
  friend Vec select(Mask m, Vec a, Vec b) { return {_mm256_blendv_ps(b.v, a.v, m)}; }
  // x in lanes whose bits are set, else 0.
  friend Vec where_bits(std::uint32_t bits, Vec x) {
    const __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i set = _mm256_and_si256(_mm256_set1_epi32(static_cast<int>(bits)), lane);
    return {_mm256_and_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lane)), x.v)};
  }
  // out[i] = x[i] is not 0; NaN is not.
  friend void store_nonzero(Vec x, std::uint8_t* out) {
    const int nonzero = _mm256_movemask_ps(_mm256_cmp_ps(x.v, _mm256_setzero_ps(), _CMP_NEQ_UQ));
    for (int i = 0; i < lanes; ++i) out[i] = static_cast<std::uint8_t>(nonzero >> i & 1);
  }
  friend float max_of(Vec a) {
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_shuffle_ps(m, m, 1)));
  }
  // A tree: lanes i and i + 4, then i and i + 2, then the two.
  friend float sum_of(Vec a) {
    __m128 m = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
    m = _mm_add_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_add_ss(m, _mm_shuffle_ps(m, m, 1)));
  }
  // 2^n for k = n + round_magic, n in [-126, 127].
  friend Vec exp2_of(Vec k) {
    return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_castps_si256(k.v), _mm256_set1_epi32(127)), 23))};
  }
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)), for normal positive x.
  friend Vec split_exponent(Vec x, Vec& e) {
    const __m256i root = _mm256_set1_epi32(0x3f3504f3);
    const __m256i bits = _mm256_sub_epi32(_mm256_castps_si256(x.v), root);
    e.v = _mm256_cvtepi32_ps(_mm256_srai_epi32(bits, 23));
    return {_mm256_castsi256_ps(_mm256_add_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x007fffff)), root))};
  }
};

template <> struct Vec<double> {
  using Scalar = double;
  using Busy = Vec;
  using Mask = __m256d;
  static constexpr int lanes = 4;
  static constexpr int registers = 16;
  static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
  __m256d v;

  static Vec load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static Vec load(const std::uint8_t* p) {
    return {_mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_loadu_si32(p)))};
  }
  static Vec load(const float* p) { return {_mm256_cvtps_pd(_mm_loadu_ps(p))}; }
  static Vec set(double x) { return {_mm256_set1_pd(x)}; }
  void store(double* p) const { _mm256_storeu_pd(p, v); }
  void store_first(double* p, int n) const {
    _mm256_maskstore_pd(p, _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3)), v);
  }
  friend Vec operator+(Vec a, Vec b) { return {_mm256_add_pd(a.v, b.v)}; }
  friend Vec operator-(Vec a, Vec b) { return {_mm256_sub_pd(a.v, b.v)}; }
  friend Vec operator*(Vec a, Vec b) { return {_mm256_mul_pd(a.v, b.v)}; }
  friend Vec operator/(Vec a, Vec b) { return {_mm256_div_pd(a.v, b.v)}; }
  friend Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
  friend Vec sqrt(Vec a) { return {_mm256_sqrt_pd(a.v)}; }
  friend Vec max(Vec a, Vec b) { return {_mm256_max_pd(a.v, b.v)}; }
  friend Vec min(Vec a, Vec b) { return {_mm256_min_pd(a.v, b.v)}; }
  friend Vec abs(Vec a) { return {_mm256_andnot_pd(_mm256_set1_pd(-0.0), a.v)}; }
  friend Mask less(Vec a, Vec b) { return _mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ); }
  friend Vec select(Mask m, Vec a, Vec b) { return {_mm256_blendv_pd(b.v, a.v, m)}; }
  friend Vec where_bits(std::uint32_t bits, Vec x) {
    const __m256i lane = _mm256_setr_epi64x(1, 2, 4, 8);
    const __m256i set = _mm256_and_si256(_mm256_set1_epi64x(bits), lane);
    return {_mm256_and_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(set, lane)), x.v)};
  }
  friend void store_nonzero(Vec x, std::uint8_t* out) {
    const int nonzero = _mm256_movemask_pd(_mm256_cmp_pd(x.v, _mm256_setzero_pd(), _CMP_NEQ_UQ));
    for (int i = 0; i < lanes; ++i) out[i] = static_cast<std::uint8_t>(nonzero >> i & 1);
  }
  friend double max_of(Vec a) {
    const __m128d m = _mm_max_pd(_mm256_castpd256_pd128(a.v), _mm256_extractf128_pd(a.v, 1));
    return _mm_cvtsd_f64(_mm_max_sd(m, _mm_unpackhi_pd(m, m)));
  }
  friend double sum_of(Vec a) {
    const __m128d m = _mm_add_pd(_mm256_castpd256_pd128(a.v), _mm256_extractf128_pd(a.v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(m, _mm_unpackhi_pd(m, m)));
  }
  friend Vec exp2_of(Vec k) {
    return {_mm256_castsi256_pd(_mm256_slli_epi64(_mm256_add_epi64(_mm256_castpd_si256(k.v), _mm256_set1_epi64x(1023)), 52))};
  }
  friend Vec split_exponent(Vec x, Vec& e) {
    const __m256i root = _mm256_set1_epi64x(0x3fe6a09e667f3bcd);
    const __m256i bits = _mm256_sub_epi64(_mm256_castpd_si256(x.v), root);
    // e + 1024 is small and not negative: placed under the exponent of 2^52 it reads as 2^52 + e + 1024.
    const __m256i biased = _mm256_srli_epi64(_mm256_add_epi64(bits, _mm256_set1_epi64x(0x4000000000000000)), 52);
    e.v = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(biased, _mm256_set1_epi64x(0x4330000000000000))),
                        _mm256_set1_pd(4503599627370496.0 + 1024.0));
    return {_mm256_castsi256_pd(
        _mm256_add_epi64(_mm256_and_si256(bits, _mm256_set1_epi64x(0x000fffffffffffff)), root))};
  }
};

// A round of a transposition, see data.inl.
template <int step> void exchange(Vec<float>& a, Vec<float>& b) {
  const __m256 x = a.v, y = b.v;
  if constexpr (step == 1) {
    a.v = _mm256_blend_ps(x, _mm256_moveldup_ps(y), 0xaa);
    b.v = _mm256_blend_ps(_mm256_movehdup_ps(x), y, 0xaa);
  } else if constexpr (step == 2) {
    a.v = _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(x), _mm256_castps_pd(y)));
    b.v = _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(x), _mm256_castps_pd(y)));
  } else {
    a.v = _mm256_permute2f128_ps(x, y, 0x20);
    b.v = _mm256_permute2f128_ps(x, y, 0x31);
  }
}
template <int step> void exchange(Vec<double>& a, Vec<double>& b) {
  const __m256d x = a.v, y = b.v;
  a.v = step == 1 ? _mm256_unpacklo_pd(x, y) : _mm256_permute2f128_pd(x, y, 0x20);
  b.v = step == 1 ? _mm256_unpackhi_pd(x, y) : _mm256_permute2f128_pd(x, y, 0x31);
}

// Unsigned 32-bit integers, as many as a vector of float has lanes: for the random generator.
struct Words {
  static constexpr int lanes = 8;
  __m256i v;
  static Words set(std::uint32_t x) { return {_mm256_set1_epi32(static_cast<int>(x))}; }
  static Words count_from(std::uint32_t x) {  // x, x + 1, ...
    return {_mm256_add_epi32(set(x).v, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))};
  }
  friend Words operator^(Words a, Words b) { return {_mm256_xor_si256(a.v, b.v)}; }
  friend void multiply(Words a, Words b, Words& high, Words& low) {
    const __m256i even = _mm256_mul_epu32(a.v, b.v);
    const __m256i odd = _mm256_mul_epu32(_mm256_shuffle_epi32(a.v, swap), _mm256_shuffle_epi32(b.v, swap));
    high.v = _mm256_blend_epi32(_mm256_shuffle_epi32(even, swap), odd, 0xaa);
    low.v = _mm256_blend_epi32(even, _mm256_shuffle_epi32(odd, swap), 0xaa);
  }
  // Bit i: words[i] >= threshold[i].
  friend std::uint32_t bits_at_least(Words words, Words threshold) {
    const __m256i at_least = _mm256_cmpeq_epi32(_mm256_max_epu32(words.v, threshold.v), words.v);
    return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(at_least)));
  }

 private:
  static constexpr int swap = 0xb1;  // neighbours
};

}  // namespace
