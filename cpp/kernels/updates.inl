// The update rules, each one inline `apply(gradient, weight, moments)`, for stored and for fused gradients alike.
// Formulas: Keras's optimizers of the same names; Adam: Kingma and Ba, 2015.

template <class V> struct Sgd {
  static constexpr int slots = 0;
  static constexpr bool stores_gradient = false;
  V minus_rate;
  explicit Sgd(const typename V::Scalar* s) : minus_rate(V::set(-s[0])) {}
  void apply(V g, V& w, V&, V&) const { w = fma(minus_rate, g, w); }
};

template <class V> struct Momentum {
  static constexpr int slots = 1;
  static constexpr bool stores_gradient = false;
  V rate, momentum;
  explicit Momentum(const typename V::Scalar* s) : rate(V::set(s[0])), momentum(V::set(s[1])) {}
  void apply(V g, V& w, V& m, V&) const {
    m = momentum * m - rate * g;
    w = w + m;
  }
};

template <class V> struct Nesterov {
  static constexpr int slots = 1;
  static constexpr bool stores_gradient = false;
  V rate, momentum;
  explicit Nesterov(const typename V::Scalar* s) : rate(V::set(s[0])), momentum(V::set(s[1])) {}
  void apply(V g, V& w, V& m, V&) const {
    const V step = rate * g;
    m = momentum * m - step;
    w = w + (momentum * m - step);
  }
};

template <class V> struct Adam {
  static constexpr int slots = 2;
  static constexpr bool stores_gradient = false;
  V alpha, one_minus_beta_1, one_minus_beta_2, epsilon;
  explicit Adam(const typename V::Scalar* s)
      : alpha(V::set(s[0])), one_minus_beta_1(V::set(s[1])), one_minus_beta_2(V::set(s[2])), epsilon(V::set(s[3])) {}
  void apply(V g, V& w, V& m, V& v) const {
    m = fma(one_minus_beta_1, g - m, m);
    v = fma(one_minus_beta_2, g * g - v, v);
    w = w - (alpha * m) / (sqrt(v) + epsilon);
  }
};

// Not a rule of an optimizer: keeps the gradient itself, for whoever needs all of it.
template <class V> struct Store {
  static constexpr int slots = 1;
  static constexpr bool stores_gradient = true;
  explicit Store(const typename V::Scalar*) {}
  void apply(V g, V&, V& stored, V&) const { stored = g; }
};

// One vector at `offset` of the weights: adds the penalty's gradient, then applies the rule.
template <class V, class Rule, class Args> void update_at(const Rule& rule, V g, const Args& a, Index offset) {
  using T = typename V::Scalar;
  T* const p = a.weights + offset;
  V w = V::load(p);
  if (a.twice_l2 != 0) g = fma(V::set(a.twice_l2), w, g);
  if (a.l1 != 0) {
    const V zero = V::set(0);
    const V negative = select(less(w, zero), V::set(-a.l1), zero);
    g = g + select(less(zero, w), V::set(a.l1), negative);
  }
  V first = g, second = g;
  if constexpr (Rule::slots > 0) first = V::load(a.slots[0] + offset);
  if constexpr (Rule::slots > 1) second = V::load(a.slots[1] + offset);
  rule.apply(g, w, first, second);
  if constexpr (Rule::slots > 0) first.store(a.slots[0] + offset);
  if constexpr (Rule::slots > 1) second.store(a.slots[1] + offset);
  if constexpr (!Rule::stores_gradient) w.store(p);
}
