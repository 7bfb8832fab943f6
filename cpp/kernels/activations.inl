// The activations: forward from the pre-activation z, gradient from dy and the output y.
template <class V> struct Linear {
  static V forward(V z, V) { return z; }
  static V gradient(V dy, V, V) { return dy; }
};

template <class V> struct Relu {
  // max(0, z) in this order keeps NaN.
  static V forward(V z, V) { return max(V::set(0), z); }
  static V gradient(V dy, V y, V) { return select(less(V::set(0), y), dy, V::set(0)); }
};

template <class V> struct LeakyRelu {
  static V forward(V z, V slope) { return select(less(V::set(0), z), z, z * slope); }
  static V gradient(V dy, V y, V slope) { return select(less(V::set(0), y), dy, dy * slope); }
};

template <class V> struct Sigmoid {
  static V forward(V z, V) { return sigmoid(z); }
  static V gradient(V dy, V y, V) { return dy * (y * (V::set(1) - y)); }
};

template <class V> struct Tanh {
  static V forward(V z, V) { return tanh(z); }
  static V gradient(V dy, V y, V) { return dy * fma(V::set(0) - y, y, V::set(1)); }
};

// 1 where z ≥ 0. Training through it is refused before a plan is made, so its gradient is never asked for.
template <class V> struct Step {
  static V forward(V z, V) { return select(less(z, V::set(0)), V::set(0), V::set(1)); }
  static V gradient(V, V, V) { return V::set(0); }
};

// A rule works on single elements, or, where it has forward_rows, on whole rows.
template <class V, template <class> class Rule>
void activation_forward(const lamina::kernels::Elementwise<typename V::Scalar>& a) {
  if constexpr (requires { Rule<V>::forward_rows(a); }) {
    Rule<V>::forward_rows(a);
  } else {
    const V parameter = V::set(a.parameter);
    for (Index r = 0; r < a.rows; ++r)
      for (Index c = 0; c < a.columns; c += V::lanes)
        Rule<V>::forward(V::load(a.input + r * a.input_row + c), parameter).store(a.x + r * a.x_row + c);
  }
}

template <class V, template <class> class Rule>
void activation_gradient(const lamina::kernels::Elementwise<typename V::Scalar>& a) {
  if constexpr (requires { Rule<V>::gradient_rows(a); }) {
    Rule<V>::gradient_rows(a);
  } else {
    const V parameter = V::set(a.parameter);
    for (Index r = 0; r < a.rows; ++r)
      for (Index c = 0; c < a.columns; c += V::lanes) {
        typename V::Scalar* dy = a.x + r * a.x_row + c;
        Rule<V>::gradient(V::load(dy), V::load(a.input + r * a.input_row + c), parameter).store(dy);
      }
  }
}

template <class V> void multiply(const lamina::kernels::Multiply<typename V::Scalar>& a) {
  for (Index r = 0; r < a.rows; ++r)
    for (Index c = 0; c < a.columns; c += V::lanes)
      (V::load(a.x + r * a.x_row + c) * V::load(a.y + r * a.y_row + c)).store(a.out + r * a.out_row + c);
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
