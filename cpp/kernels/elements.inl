// Kernels on single elements that are no activations: products, sums, logarithms, the layers made of them, and whether
// numbers are finite.
template <class V> void multiply(const lamina::kernels::Binary<typename V::Scalar>& a) {
  for (Index r = 0; r < a.rows; ++r)
    for (Index c = 0; c < a.columns; c += V::lanes)
      (V::load(a.x + r * a.x_row + c) * V::load(a.y + r * a.y_row + c)).store(a.out + r * a.out_row + c);
}

// Bits from one on: at least 57.
inline std::uint64_t bits_from(const std::uint64_t* words, Index first) {
  std::uint64_t bits;
  __builtin_memcpy(&bits, reinterpret_cast<const char*>(words) + (first >> 3), sizeof bits);
  return bits >> (first & 7);
}

template <class V> void masked(const lamina::kernels::Masked<typename V::Scalar>& a) {
  constexpr Index together = 32;  // columns whose bits are read at once
  const V scale = V::set(a.scale);
  for (Index r = 0; r < a.rows; ++r)
    for (Index c = 0; c < a.columns;) {
      std::uint64_t bits = bits_from(a.kept, a.first + r * a.kept_row + c);
      const Index end = a.columns - c < together ? a.columns : c + together;
      for (; c < end; c += V::lanes, bits >>= V::lanes) {
        const V factor = where_bits(static_cast<std::uint32_t>(bits), scale);
        (V::load(a.x + r * a.x_row + c) * factor).store(a.out + r * a.out_row + c);
      }
    }
}

template <class V> void add(const lamina::kernels::Binary<typename V::Scalar>& a) {
  for (Index r = 0; r < a.rows; ++r)
    for (Index c = 0; c < a.columns; c += V::lanes)
      (V::load(a.x + r * a.x_row + c) + V::load(a.y + r * a.y_row + c)).store(a.out + r * a.out_row + c);
}

template <class V> void log_rows(const lamina::kernels::Elementwise<typename V::Scalar>& a) {
  for (Index r = 0; r < a.rows; ++r)
    for (Index c = 0; c < a.columns; c += V::lanes)
      log(V::load(a.input + r * a.input_row + c)).store(a.x + r * a.x_row + c);
}

template <class V> void log1p_exp_minus_abs_rows(const lamina::kernels::Elementwise<typename V::Scalar>& a) {
  for (Index r = 0; r < a.rows; ++r)
    for (Index c = 0; c < a.columns; c += V::lanes)
      log1p_exp_minus_abs(V::load(a.input + r * a.input_row + c)).store(a.x + r * a.x_row + c);
}

template <class V> void affine(const lamina::kernels::Affine<typename V::Scalar>& a) {
  const V scale = V::set(a.scale), offset = V::set(a.offset);
  for (Index r = 0; r < a.rows; ++r)
    for (Index c = 0; c < a.columns; c += V::lanes)
      fma(V::load(a.input + r * a.input_row + c), scale, offset).store(a.x + r * a.x_row + c);
}

// The derivative at 0 is 0, as Keras has it, whose formula is relu(z) - slope relu(-z).
template <class V> void prelu(const lamina::kernels::Prelu<typename V::Scalar>& a) {
  const V zero = V::set(0);
  for (Index r = 0; r < a.rows; ++r)
    for (Index c = 0; c < a.columns; c += V::lanes) {
      typename V::Scalar* const at = a.x + r * a.x_row + c;
      const V z = V::load(a.z + r * a.z_row + c), slope = V::load(a.slope + c);
      if (a.slope_gradient == nullptr) {
        select(less(zero, z), z, slope * z).store(at);
        continue;
      }
      const V dy = V::load(at);
      const auto positive = less(zero, z), negative = less(z, zero);
      select(negative, dy * z, zero).store(a.slope_gradient + r * a.slope_gradient_row + c);
      select(positive, dy, select(negative, dy * slope, zero)).store(at);
    }
}

// x - x is 0 for finite numbers only, NaN for others, and NaN stays in a sum.
template <class V> bool finite(Index count, const typename V::Scalar* x) {
  constexpr int chains = 4;
  V sum[chains];
  for (V& s : sum) s = V::set(0);
  Index i = 0;
  for (; i + chains * V::lanes <= count; i += chains * V::lanes)
#pragma GCC unroll 4
    for (int k = 0; k < chains; ++k) {
      const V y = V::load(x + i + k * V::lanes);
      sum[k] = sum[k] + (y - y);
    }
  typename V::Scalar total = sum_of((sum[0] + sum[1]) + (sum[2] + sum[3]));
  for (; i < count; ++i) total += x[i] - x[i];
  return total == 0;
}
