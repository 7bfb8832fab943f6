// The update rules, each one inline `apply(gradient, weight, moments)`, for stored and for fused gradients alike.
// Formulas: Keras's optimizers of the same names.

template <class V> struct Sgd {
  static constexpr int slots = 0;
  static constexpr bool stores_gradient = false;
  V minus_rate;
  explicit Sgd(const typename V::Scalar* s) : minus_rate(V::set(-s[0])) {}
  void apply(V g, V& w, V*) const { w = fma(minus_rate, g, w); }
};

template <class V> struct Momentum {
  static constexpr int slots = 1;
  static constexpr bool stores_gradient = false;
  V rate, momentum;
  explicit Momentum(const typename V::Scalar* s) : rate(V::set(s[0])), momentum(V::set(s[1])) {}
  void apply(V g, V& w, V* s) const {
    s[0] = momentum * s[0] - rate * g;
    w = w + s[0];
  }
};

template <class V> struct Nesterov {
  static constexpr int slots = 1;
  static constexpr bool stores_gradient = false;
  V rate, momentum;
  explicit Nesterov(const typename V::Scalar* s) : rate(V::set(s[0])), momentum(V::set(s[1])) {}
  void apply(V g, V& w, V* s) const {
    const V step = rate * g;
    s[0] = momentum * s[0] - step;
    w = w + (momentum * s[0] - step);
  }
};

// Kingma and Ba, 2015.
template <class V> struct Adam {
  static constexpr int slots = 2;
  static constexpr bool stores_gradient = false;
  V alpha, one_minus_beta_1, one_minus_beta_2, epsilon;
  explicit Adam(const typename V::Scalar* s)
      : alpha(V::set(s[0])), one_minus_beta_1(V::set(s[1])), one_minus_beta_2(V::set(s[2])), epsilon(V::set(s[3])) {}
  void apply(V g, V& w, V* s) const {
    s[0] = fma(one_minus_beta_1, g - s[0], s[0]);
    s[1] = fma(one_minus_beta_2, g * g - s[1], s[1]);
    w = w - (alpha * s[0]) / (sqrt(s[1]) + epsilon);
  }
};

// Adam with a decay of the weight before its step (Loshchilov and Hutter, 2019).
template <class V> struct AdamW : Adam<V> {
  V minus_decay;
  explicit AdamW(const typename V::Scalar* s) : Adam<V>(s), minus_decay(V::set(-s[4])) {}
  void apply(V g, V& w, V* s) const {
    w = fma(minus_decay, w, w);
    Adam<V>::apply(g, w, s);
  }
};

// Tieleman and Hinton, 2012: the mean square in s[0], then the momentum, then the mean, where there are.
template <class V, bool with_momentum, bool centered> struct RmsPropForm {
  static constexpr int slots = 1 + with_momentum + centered;
  static constexpr bool stores_gradient = false;
  V rate, one_minus_rho, epsilon, momentum;
  explicit RmsPropForm(const typename V::Scalar* s)
      : rate(V::set(s[0])), one_minus_rho(V::set(s[1])), epsilon(V::set(s[2])), momentum(V::set(s[3])) {}
  void apply(V g, V& w, V* s) const {
    s[0] = fma(one_minus_rho, g * g - s[0], s[0]);
    V variance = s[0];
    if constexpr (centered) {
      V& mean = s[1 + with_momentum];
      mean = fma(one_minus_rho, g - mean, mean);
      variance = max(V::set(0), variance - mean * mean);  // rounding may take it below 0
    }
    V step = (rate * g) / sqrt(variance + epsilon);
    if constexpr (with_momentum) step = s[1] = fma(momentum, s[1], step);
    w = w - step;
  }
};
template <class V> using RmsProp = RmsPropForm<V, false, false>;
template <class V> using RmsPropMomentum = RmsPropForm<V, true, false>;
template <class V> using CenteredRmsProp = RmsPropForm<V, false, true>;
template <class V> using CenteredRmsPropMomentum = RmsPropForm<V, true, true>;

// Duchi, Hazan and Singer, 2011.
template <class V> struct Adagrad {
  static constexpr int slots = 1;
  static constexpr bool stores_gradient = false;
  V rate, epsilon;
  explicit Adagrad(const typename V::Scalar* s) : rate(V::set(s[0])), epsilon(V::set(s[1])) {}
  void apply(V g, V& w, V* s) const {
    s[0] = fma(g, g, s[0]);
    w = w - (rate * g) / sqrt(s[0] + epsilon);
  }
};

// Not a rule of an optimizer: keeps the gradient itself, for whoever needs all of it.
template <class V> struct Store {
  static constexpr int slots = 1;
  static constexpr bool stores_gradient = true;
  explicit Store(const typename V::Scalar*) {}
  void apply(V g, V&, V* s) const { s[0] = g; }
};

template <class Args> bool is_penalised(const Args& a) { return a.l1 != 0 || a.twice_l2 != 0; }

// The gradient with that of the penalties at the weights w.
template <class V, class Args> V with_penalty(V g, V w, const Args& a) {
  if (a.twice_l2 != 0) g = fma(V::set(a.twice_l2), w, g);
  if (a.l1 == 0) return g;
  const V zero = V::set(0), negative = select(less(w, zero), V::set(-a.l1), zero);
  return g + select(less(zero, w), V::set(a.l1), negative);
}

// One vector at `offset` of the weights. `a` and `rule` are to be local copies: what is behind a pointer would be read
// again after every store.
template <class V, class Rule, class Args>
inline __attribute__((always_inline)) void update_at(const Rule& rule, V g, const Args& a, bool penalised, Index offset) {
  auto* const p = a.weights + offset;
  V w = V::load(p);
  if (penalised) g = with_penalty(g, w, a);
  V slots[lamina::kernels::max_slots] = {g, g, g};
#pragma GCC unroll 3
  for (int s = 0; s < Rule::slots; ++s) slots[s] = V::load(a.slots[s] + offset);
  rule.apply(g, w, slots);
#pragma GCC unroll 3
  for (int s = 0; s < Rule::slots; ++s) slots[s].store(a.slots[s] + offset);
  if constexpr (!Rule::stores_gradient) w.store(p);
}
