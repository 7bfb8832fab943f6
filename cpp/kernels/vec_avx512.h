// AVX-512 (F, BW, DQ, VL): 16 floats or 8 doubles.
#pragma once
#include <cstdint>
#include <immintrin.h>

namespace {

// For a slow divider (Intel's: 10 cycles a vector, and roots, 12, go through it too) quotients of floats are made of
// multiply-adds, with the same bits: a vector of Adam's update without a gradient takes 5.1 ns instead of 6.1.
template <class T, bool slow_divider = false> struct Vec;

template <bool slow_divider> struct Vec<float, slow_divider> {
  using Scalar = float;
  using Busy = Vec<float>;  // the same between many multiply-adds, where the divider is better after all
  using Mask = __mmask16;
  static constexpr int lanes = 16;
  static constexpr int registers = 32;
  static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  __m512 v;

  static Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static Vec load(const std::uint8_t* p) {
    return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
  }
  static Vec load(const double* p) {
    return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(_mm512_loadu_pd(p))),
                               _mm512_cvtpd_ps(_mm512_loadu_pd(p + 8)), 1)};
  }
  static Vec set(float x) { return {_mm512_set1_ps(x)}; }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store_first(float* p, int n) const { _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v); }
  friend Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
  friend Vec operator/(Vec a, Vec b) { return {slow_divider ? quotient(a.v, b.v) : _mm512_div_ps(a.v, b.v)}; }
  friend Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  friend Vec sqrt(Vec a) { return {_mm512_sqrt_ps(a.v)}; }
  friend Vec max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
  friend Vec min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
  friend Vec abs(Vec a) { return {_mm512_abs_ps(a.v)}; }
  friend Mask less(Vec a, Vec b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ); }
  friend Vec select(Mask m, Vec a, Vec b) { return {_mm512_mask_blend_ps(m, b.v, a.v)}; }
  // x in lanes whose bits are set, else 0.
  friend Vec where_bits(std::uint32_t bits, Vec x) { return {_mm512_maskz_mov_ps(static_cast<Mask>(bits), x.v)}; }
  // out[i] = x[i] is not 0; NaN is not.
  friend void store_nonzero(Vec x, std::uint8_t* out) {
    const Mask nonzero = _mm512_cmp_ps_mask(x.v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_maskz_set1_epi8(nonzero, 1));
  }
  friend float max_of(Vec a) {
    return _mm512_reduce_max_ps(a.v);
  }
  // A tree: lanes i and i + 8, then i and i + 4, and so on.
  friend float sum_of(Vec a) {
    const __m256 m = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
    __m128 n = _mm_add_ps(_mm256_castps256_ps128(m), _mm256_extractf128_ps(m, 1));
    n = _mm_add_ps(n, _mm_movehl_ps(n, n));
    return _mm_cvtss_f32(_mm_add_ss(n, _mm_shuffle_ps(n, n, 1)));
  }
  // 2^n for k = n + round_magic, n in [-126, 127].
  friend Vec exp2_of(Vec k) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_castps_si512(k.v), _mm512_set1_epi32(127)), 23))};
  }
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)), for normal positive x.
  friend Vec split_exponent(Vec x, Vec& e) {
    const __m512i root = _mm512_set1_epi32(0x3f3504f3);
    const __m512i bits = _mm512_sub_epi32(_mm512_castps_si512(x.v), root);
    e.v = _mm512_cvtepi32_ps(_mm512_srai_epi32(bits, 23));
    return {_mm512_castsi512_ps(_mm512_add_epi32(_mm512_and_si512(bits, _mm512_set1_epi32(0x007fffff)), root))};
  }

 private:
  // a / b rounded to nearest (Markstein, 1990): y = 1 / b to the last bit by Newton's iteration, then one
  // correction of a y by its remainder, scaled so that the remainder cannot underflow; signs are such that zeros keep
  // theirs. The iteration's last step is a little too long, or 1 / (2 - 2^-23) would come out short, and with it one
  // quotient wrong: test_quotient.cpp looks for such. What overflows, divides by 0 or is no number ends as NaN: such
  // vectors are left to the divider, as are those with a b so large that y nears what is flushed to 0.
  static __m512 quotient(__m512 a, __m512 b) {
    const __m512 one = _mm512_set1_ps(1), scaled = _mm512_mul_ps(a, _mm512_set1_ps(0x1p64f));
    __m512 y = _mm512_rcp14_ps(b);
    y = _mm512_fmadd_ps(y, _mm512_fnmadd_ps(b, y, one), y);
    y = _mm512_fmadd_ps(y, _mm512_mul_ps(_mm512_fnmadd_ps(b, y, one), _mm512_set1_ps(1 + 0x1p-22f)), y);
    const __m512 q = _mm512_mul_ps(scaled, y);
    const __m512 nearest = _mm512_fnmadd_ps(_mm512_fmsub_ps(b, q, scaled), y, q);
    const __mmask16 nan = _mm512_cmp_ps_mask(nearest, nearest, _CMP_UNORD_Q);
    const __mmask16 large = _mm512_cmp_ps_mask(_mm512_abs_ps(b), _mm512_set1_ps(0x1p80f), _CMP_GT_OQ);
    if (__builtin_expect(_kortestz_mask16_u8(nan, large) == 0, 0)) return _mm512_div_ps(a, b);
    return _mm512_mul_ps(nearest, _mm512_set1_ps(0x1p-64f));
  }
};

template <> struct Vec<double> {
  using Scalar = double;
  using Busy = Vec;
  using Mask = __mmask8;
  static constexpr int lanes = 8;
  static constexpr int registers = 32;
  static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
  __m512d v;

  static Vec load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static Vec load(const std::uint8_t* p) {
    return {_mm512_cvtepi32_pd(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
  }
  static Vec load(const float* p) { return {_mm512_cvtps_pd(_mm256_loadu_ps(p))}; }
  static Vec set(double x) { return {_mm512_set1_pd(x)}; }
  void store(double* p) const { _mm512_storeu_pd(p, v); }
  void store_first(double* p, int n) const { _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), v); }
  friend Vec operator+(Vec a, Vec b) { return {_mm512_add_pd(a.v, b.v)}; }
  friend Vec operator-(Vec a, Vec b) { return {_mm512_sub_pd(a.v, b.v)}; }
  friend Vec operator*(Vec a, Vec b) { return {_mm512_mul_pd(a.v, b.v)}; }
  friend Vec operator/(Vec a, Vec b) { return {_mm512_div_pd(a.v, b.v)}; }
  friend Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
  friend Vec sqrt(Vec a) { return {_mm512_sqrt_pd(a.v)}; }
  friend Vec max(Vec a, Vec b) { return {_mm512_max_pd(a.v, b.v)}; }
  friend Vec min(Vec a, Vec b) { return {_mm512_min_pd(a.v, b.v)}; }
  friend Vec abs(Vec a) { return {_mm512_abs_pd(a.v)}; }
  friend Mask less(Vec a, Vec b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ); }
  friend Vec select(Mask m, Vec a, Vec b) { return {_mm512_mask_blend_pd(m, b.v, a.v)}; }
  friend Vec where_bits(std::uint32_t bits, Vec x) { return {_mm512_maskz_mov_pd(static_cast<Mask>(bits), x.v)}; }
  friend void store_nonzero(Vec x, std::uint8_t* out) {
    const Mask nonzero = _mm512_cmp_pd_mask(x.v, _mm512_setzero_pd(), _CMP_NEQ_UQ);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_maskz_set1_epi8(nonzero, 1));
  }
  friend double max_of(Vec a) {
    return _mm512_reduce_max_pd(a.v);
  }
  friend double sum_of(Vec a) {
    const __m256d m = _mm256_add_pd(_mm512_castpd512_pd256(a.v), _mm512_extractf64x4_pd(a.v, 1));
    const __m128d n = _mm_add_pd(_mm256_castpd256_pd128(m), _mm256_extractf128_pd(m, 1));
    return _mm_cvtsd_f64(_mm_add_sd(n, _mm_unpackhi_pd(n, n)));
  }
  friend Vec exp2_of(Vec k) {
    return {_mm512_castsi512_pd(_mm512_slli_epi64(_mm512_add_epi64(_mm512_castpd_si512(k.v), _mm512_set1_epi64(1023)), 52))};
  }
  friend Vec split_exponent(Vec x, Vec& e) {
    const __m512i root = _mm512_set1_epi64(0x3fe6a09e667f3bcd);
    const __m512i bits = _mm512_sub_epi64(_mm512_castpd_si512(x.v), root);
    // e + 1024 is small and not negative: placed under the exponent of 2^52 it reads as 2^52 + e + 1024.
    const __m512i biased = _mm512_srli_epi64(_mm512_add_epi64(bits, _mm512_set1_epi64(0x4000000000000000)), 52);
    e.v = _mm512_sub_pd(_mm512_castsi512_pd(_mm512_or_si512(biased, _mm512_set1_epi64(0x4330000000000000))),
                        _mm512_set1_pd(4503599627370496.0 + 1024.0));
    return {_mm512_castsi512_pd(
        _mm512_add_epi64(_mm512_and_si512(bits, _mm512_set1_epi64(0x000fffffffffffff)), root))};
  }
};

// A round of a transposition, see data.inl.
template <int step, bool slow_divider> void exchange(Vec<float, slow_divider>& a, Vec<float, slow_divider>& b) {
  const __m512 x = a.v, y = b.v;
  if constexpr (step == 1) {
    a.v = _mm512_mask_moveldup_ps(x, 0xaaaa, y);
    b.v = _mm512_mask_movehdup_ps(y, 0x5555, x);
  } else if constexpr (step == 2) {
    a.v = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(x), _mm512_castps_pd(y)));
    b.v = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(x), _mm512_castps_pd(y)));
  } else if constexpr (step == 4) {
    a.v = _mm512_mask_shuffle_f32x4(x, 0xf0f0, y, y, 0xa0);
    b.v = _mm512_mask_shuffle_f32x4(y, 0x0f0f, x, x, 0xf5);
  } else {
    a.v = _mm512_shuffle_f32x4(x, y, 0x44);
    b.v = _mm512_shuffle_f32x4(x, y, 0xee);
  }
}
template <int step> void exchange(Vec<double>& a, Vec<double>& b) {
  const __m512d x = a.v, y = b.v;
  if constexpr (step == 1) {
    a.v = _mm512_unpacklo_pd(x, y);
    b.v = _mm512_unpackhi_pd(x, y);
  } else if constexpr (step == 2) {
    a.v = _mm512_mask_shuffle_f64x2(x, 0xcc, y, y, 0xa0);
    b.v = _mm512_mask_shuffle_f64x2(y, 0x33, x, x, 0xf5);
  } else {
    a.v = _mm512_shuffle_f64x2(x, y, 0x44);
    b.v = _mm512_shuffle_f64x2(x, y, 0xee);
  }
}

// Unsigned 32-bit integers, as many as a vector of float has lanes: for the random generator.
struct Words {
  static constexpr int lanes = 16;
  __m512i v;
  static Words set(std::uint32_t x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
  static Words count_from(std::uint32_t x) {  // x, x + 1, ...
    return {_mm512_add_epi32(set(x).v, _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))};
  }
  friend Words operator^(Words a, Words b) { return {_mm512_xor_si512(a.v, b.v)}; }
  friend void multiply(Words a, Words b, Words& high, Words& low) {
    const __m512i even = _mm512_mul_epu32(a.v, b.v);
    const __m512i odd = _mm512_mul_epu32(_mm512_shuffle_epi32(a.v, swap), _mm512_shuffle_epi32(b.v, swap));
    high.v = _mm512_mask_shuffle_epi32(odd, 0x5555, even, swap);
    low.v = _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, swap);
  }
  // Bit i: words[i] >= threshold[i].
  friend std::uint32_t bits_at_least(Words words, Words threshold) {
    return _mm512_cmpge_epu32_mask(words.v, threshold.v);
  }

 private:
  static constexpr _MM_PERM_ENUM swap = static_cast<_MM_PERM_ENUM>(0xb1);  // neighbours
};

}  // namespace
