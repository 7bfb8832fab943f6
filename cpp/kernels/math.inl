// exp, log, tanh and their kin as polynomials on the vector type: the same operations in the same order at every width.
#include "kernels/polynomials.inl"

template <class T> struct Constants;
template <> struct Constants<float> {
  static constexpr float exp_low = -105.0f, exp_high = 89.0f;  // beyond: 0 and infinity
  static constexpr float log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  static constexpr float smallest = 1.17549435e-38f, largest = 3.40282347e38f;
  static constexpr float minus_one_below = -20.0f;  // there exp(x) - 1 rounds to -1
};
template <> struct Constants<double> {
  static constexpr double exp_low = -750.0, exp_high = 710.0;
  static constexpr double log2_e = 1.4426950408889634, ln2_high = 6.93147180369123816490e-01,
                          ln2_low = 1.90821492927058770002e-10;
  static constexpr double smallest = 2.2250738585072014e-308, largest = 1.7976931348623157e308;
  static constexpr double minus_one_below = -40.0;
};

// Σ c[k] x^k by Horner's rule.
template <class V, int N> V polynomial(V x, const typename V::Scalar (&c)[N]) {
  V sum = V::set(c[N - 1]);
#pragma GCC unroll 32
  for (int k = N - 2; k >= 0; --k) sum = fma(sum, x, V::set(c[k]));
  return sum;
}

// x = n ln 2 + r with the whole number n nearest; returns exp(r) - 1.
template <class V> V exp_remainder(V x, V& n) {
  using T = typename V::Scalar;
  using C = Constants<T>;
  const V magic = V::set(V::round_magic);
  n = fma(x, V::set(C::log2_e), magic) - magic;
  V r = fma(n, V::set(-C::ln2_high), x);
  r = fma(n, V::set(-C::ln2_low), r);
  return fma(polynomial(r, Polynomials<T>::exp_poly), r * r, r);
}

template <class V> V exp(V x) {
  using T = typename V::Scalar;
  using C = Constants<T>;
  // The operands' order lets NaN through.
  x = min(V::set(C::exp_high), max(V::set(C::exp_low), x));
  const V magic = V::set(V::round_magic);
  V n;
  const V p = exp_remainder(x, n) + V::set(T{1});
  // 2^n in two steps, since n reaches past the largest and smallest exponents.
  const V half = fma(n, V::set(T{0.5}), magic);
  const V rest = (n - (half - magic)) + magic;
  return p * exp2_of(half) * exp2_of(rest);
}

// exp(x) - 1 for x ≤ 0, exact to the last digits also where x is small.
template <class V> V expm1_of_negative(V x) {
  using T = typename V::Scalar;
  V n;
  const V p = exp_remainder(max(V::set(Constants<T>::minus_one_below), x), n);
  const V power = exp2_of(n + V::set(V::round_magic));
  return fma(p, power, power - V::set(T{1}));
}

// log(1 + f) for s = f / (2 + f), from q with 2 atanh(s) = 2 s + s³ q(s²); 2 s = f - s f.
template <class V, int N> V log1p_core(V f, V s, V offset, const typename V::Scalar (&q)[N]) {
  const V t = s * s;
  return f - fma(s, f - t * polynomial(t, q), offset);
}

template <class V> V log(V x) {
  using T = typename V::Scalar;
  using C = Constants<T>;
  V e;
  const V f = split_exponent(x, e) - V::set(T{1});
  const V m = log1p_core(f, f / (V::set(T{2}) + f), e * V::set(-C::ln2_low), Polynomials<T>::log_poly);
  V result = fma(e, V::set(C::ln2_high), m) + (x - x);  // x - x: NaN stays NaN
  result = select(less(x, V::set(C::smallest)), V::set(-__builtin_inf()), result);
  result = select(less(x, V::set(T{0})), V::set(static_cast<T>(__builtin_nan(""))), result);
  return select(less(V::set(C::largest), x), x, result);
}

// log(1 + exp(-|x|)): what softplus and binary cross-entropy add to a hinge.
template <class V> V log1p_exp_minus_abs(V x) {
  using T = typename V::Scalar;
  const V t = exp(V::set(T{0}) - abs(x));
  return log1p_core(t, t / (V::set(T{2}) + t), V::set(T{0}), Polynomials<T>::log1p_poly);
}

template <class V> V sigmoid(V x) {
  using T = typename V::Scalar;
  const V one = V::set(T{1});
  const V t = exp(V::set(T{0}) - abs(x));
  return select(less(x, V::set(T{0})), t, one) / (one + t);
}

template <class V> V tanh(V x) {
  using T = typename V::Scalar;
  const V one = V::set(T{1});
  const V size = abs(x);
  const V t = x * x;
  const V near = fma(x * t, polynomial(t, Polynomials<T>::tanh_poly), x);
  const V far = one - V::set(T{2}) / (exp(size + size) + one);
  const V signed_far = select(less(x, V::set(T{0})), V::set(T{0}) - far, far);
  return select(less(size, V::set(T{0.625})), near, signed_far);
}

// The share of the normal distribution below x, from the tail beyond |x|: exp(-x²/2) t q(t), t = 4 / (4 + |x|).
template <class V> V normal_share(V x, V gauss) {
  using T = typename V::Scalar;
  const V four = V::set(T{4});
  const V t = four / (four + abs(x));
  const V tail = gauss * (t * polynomial(t, Polynomials<T>::tail_poly));
  return select(less(x, V::set(T{0})), tail, V::set(T{1}) - tail);
}

// exp(-x²/2)
template <class V> V gauss_of(V x) {
  using T = typename V::Scalar;
  return exp(x * x * V::set(T{-0.5}));
}
