// The activations: forward from the pre-activation z; gradient from dy and what activations.def says, the output y or z.

// A rule without parameters.
template <class V> struct Fixed {
  explicit Fixed(const typename V::Scalar*) {}
};

template <class V> struct Linear : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return z; }
  V gradient(V dy, V) const { return dy; }
};

// z above the threshold, at most max_value; below it slope (z - threshold).
template <class V> struct Relu {
  using T = typename V::Scalar;
  bool plain;
  V slope, most, threshold;
  explicit Relu(const T* p)
      : plain(p[0] == 0 && p[1] == static_cast<T>(__builtin_inf()) && p[2] == 0),
        slope(V::set(p[0])),
        most(V::set(p[1])),
        threshold(V::set(p[2])) {}
  V forward(V z) const {
    if (plain) return max(V::set(0), z);  // in this order it keeps NaN
    return select(less(threshold, z), min(most, z), fma(slope, z - threshold, V::set(0)));  // + 0: no -0
  }
  V gradient(V dy, V y) const {
    const V zero = V::set(0);
    if (plain) return select(less(zero, y), dy, zero);
    return select(less(zero, y), select(less(y, most), dy, zero), dy * slope);
  }
};

template <class V> struct Relu6 : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return min(V::set(6), max(V::set(0), z)); }
  V gradient(V dy, V y) const {
    const V zero = V::set(0);
    return select(less(zero, y), select(less(y, V::set(6)), dy, zero), zero);
  }
};

template <class V> struct LeakyRelu {
  V slope;
  explicit LeakyRelu(const typename V::Scalar* p) : slope(V::set(p[0])) {}
  V forward(V z) const { return select(less(V::set(0), z), z, z * slope); }
  V gradient(V dy, V y) const { return select(less(V::set(0), y), dy, dy * slope); }
};

// Clevert, Unterthiner and Hochreiter, 2016.
template <class V> struct Elu {
  V alpha;
  explicit Elu(const typename V::Scalar* p) : alpha(V::set(p[0])) {}
  V forward(V z) const {
    const V zero = V::set(0);
    return select(less(zero, z), z, alpha * expm1_of_negative(min(zero, z)));
  }
  V gradient(V dy, V y) const { return select(less(V::set(0), y), dy, dy * (y + alpha)); }
};

// Klambauer, Unterthiner, Mayr and Hochreiter, 2017.
template <class V> struct Selu : Fixed<V> {
  using Fixed<V>::Fixed;
  using T = typename V::Scalar;
  static constexpr T scale = static_cast<T>(1.0507009873554804934), alpha = static_cast<T>(1.6732632423543772848);
  V forward(V z) const {
    const V zero = V::set(0);
    return select(less(zero, z), V::set(scale) * z, V::set(scale * alpha) * expm1_of_negative(min(zero, z)));
  }
  V gradient(V dy, V y) const {
    return dy * select(less(V::set(0), y), V::set(scale), y + V::set(scale * alpha));
  }
};

template <class V> struct Sigmoid : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return sigmoid(z); }
  V gradient(V dy, V y) const { return dy * (y * (V::set(1) - y)); }
};

template <class V> struct Tanh : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return tanh(z); }
  V gradient(V dy, V y) const { return dy * fma(V::set(0) - y, y, V::set(1)); }
};

// 1 where z ≥ 0. Training through it is refused before a plan is made, so its gradient is never asked for.
template <class V> struct Step : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return select(less(z, V::set(0)), V::set(0), V::set(1)); }
  V gradient(V, V) const { return V::set(0); }
};

// z Φ(z), or its approximation z/2 (1 + tanh(u)) = z sigmoid(2 u), u = sqrt(2/π) (z + 0.044715 z³) (Hendrycks and
// Gimpel, 2016).
template <class V> struct Gelu {
  using T = typename V::Scalar;
  bool approximate;
  explicit Gelu(const T* p) : approximate(p[0] != 0) {}

  static constexpr T root = static_cast<T>(2 * 0.79788456080286535588), cubic = static_cast<T>(0.044715);
  static V twice_u(V z) { return V::set(root) * fma(V::set(cubic) * z, z * z, z); }

  V forward(V z) const { return z * (approximate ? sigmoid(twice_u(z)) : normal_share(z, gauss_of(z))); }
  V gradient(V dy, V z) const {
    if (!approximate) {
      const V gauss = gauss_of(z);
      return dy * fma(z * gauss, V::set(static_cast<T>(0.39894228040143267794)), normal_share(z, gauss));
    }
    const V u = twice_u(z), one = V::set(1);
    const V slope = V::set(root) * fma(V::set(3 * cubic) * z, z, one);
    return dy * (sigmoid(u) * fma(z * slope, sigmoid(V::set(0) - u), one));
  }
};

// z sigmoid(z) (Elfwing, Uchibe and Doya, 2018), also called swish.
template <class V> struct Silu : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return z * sigmoid(z); }
  V gradient(V dy, V z) const {
    return dy * (sigmoid(z) * fma(z, sigmoid(V::set(0) - z), V::set(1)));
  }
};

// z tanh(softplus(z)) (Misra, 2020). With e = exp(z) the hyperbolic tangent is n / d, n = e² + 2 e, d = n + 2, and its
// derivative by softplus(z) is 4 (1 + e)² / d²; for positive z all of that is divided by e².
template <class V> struct Mish : Fixed<V> {
  using Fixed<V>::Fixed;
  struct Parts {
    V e, n, d;
  };
  static Parts parts(V z) {
    const V one = V::set(1), two = V::set(2);
    const V e = exp(V::set(0) - abs(z));
    const auto negative = less(z, V::set(0));
    const V n = select(negative, e * (e + two), fma(two, e, one));
    return {e, n, n + select(negative, two, two * e * e)};
  }
  V forward(V z) const {
    const Parts p = parts(z);
    return z * (p.n / p.d);
  }
  V gradient(V dy, V z) const {
    const V one = V::set(1);
    const Parts p = parts(z);
    // The sigmoid, 1 or e over 1 + e, takes one of the two factors 1 + e away; e or e² is what the division left.
    const V top = V::set(4) * select(less(z, V::set(0)), p.e, p.e * p.e) * (one + p.e);
    return dy * fma(z, top / (p.d * p.d), p.n / p.d);
  }
};

template <class V> struct Softplus : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return max(V::set(0), z) + log1p_exp_minus_abs(z); }
  // The sigmoid of z is 1 - exp(-y).
  V gradient(V dy, V y) const {
    const V zero = V::set(0);
    return dy * (zero - expm1_of_negative(zero - y));
  }
};

template <class V> struct Softsign : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return z / (V::set(1) + abs(z)); }
  V gradient(V dy, V z) const {
    const V d = V::set(1) + abs(z);
    return dy / (d * d);
  }
};

template <class V> struct HardSigmoid : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return min(V::set(6), max(V::set(0), z + V::set(3))) / V::set(6); }
  V gradient(V dy, V y) const {
    const V zero = V::set(0), one = V::set(1);
    return select(less(zero, y), select(less(y, one), dy / V::set(6), zero), zero);
  }
};

template <class V> struct Exponential : Fixed<V> {
  using Fixed<V>::Fixed;
  V forward(V z) const { return exp(z); }
  V gradient(V dy, V y) const { return dy * y; }
};

// A rule works on single elements, or, where it has forward_rows, on whole rows.
template <class V, template <class> class Rule>
void activation_forward(const lamina::kernels::Elementwise<typename V::Scalar>& a) {
  if constexpr (requires { Rule<V>::forward_rows(a); }) {
    Rule<V>::forward_rows(a);
  } else {
    const Rule<V> rule(a.parameters);
    for (Index r = 0; r < a.rows; ++r)
      for (Index c = 0; c < a.columns; c += V::lanes)
        rule.forward(V::load(a.input + r * a.input_row + c)).store(a.x + r * a.x_row + c);
  }
}

template <class V, template <class> class Rule>
void activation_gradient(const lamina::kernels::Elementwise<typename V::Scalar>& a) {
  if constexpr (requires { Rule<V>::gradient_rows(a); }) {
    Rule<V>::gradient_rows(a);
  } else {
    const Rule<V> rule(a.parameters);
    for (Index r = 0; r < a.rows; ++r)
      for (Index c = 0; c < a.columns; c += V::lanes) {
        typename V::Scalar* dy = a.x + r * a.x_row + c;
        rule.gradient(V::load(dy), V::load(a.input + r * a.input_row + c)).store(dy);
      }
  }
}
