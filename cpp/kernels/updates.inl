// The update rules, each one inline `apply(gradient, weight, moments)`, for stored and for fused gradients alike, and the update from
// stored gradients.
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

// Adam with the largest mean square so far under the root (Reddi, Kale and Kumar, 2018).
template <class V> struct Amsgrad : Adam<V> {
  static constexpr int slots = 3;
  using Adam<V>::Adam;
  void apply(V g, V& w, V* s) const {
    s[0] = fma(this->one_minus_beta_1, g - s[0], s[0]);
    s[1] = fma(this->one_minus_beta_2, g * g - s[1], s[1]);
    s[2] = max(s[2], s[1]);
    w = w - (this->alpha * s[0]) / (sqrt(s[2]) + this->epsilon);
  }
};

// Dozat, 2016: the step is a sum of the mean gradient and of this one.
template <class V> struct Nadam {
  static constexpr int slots = 2;
  V of_mean, of_gradient, one_minus_beta_1, one_minus_beta_2, root, epsilon;
  explicit Nadam(const typename V::Scalar* s)
      : of_mean(V::set(s[0])), of_gradient(V::set(s[1])), one_minus_beta_1(V::set(s[2])),
        one_minus_beta_2(V::set(s[3])), root(V::set(s[4])), epsilon(V::set(s[5])) {}
  void apply(V g, V& w, V* s) const {
    s[0] = fma(one_minus_beta_1, g - s[0], s[0]);
    s[1] = fma(one_minus_beta_2, g * g - s[1], s[1]);
    w = w - fma(of_gradient, g, of_mean * s[0]) / fma(root, sqrt(s[1]), epsilon);
  }
};

// Kingma and Ba, 2015, section 7.1.
template <class V> struct Adamax {
  static constexpr int slots = 2;
  V alpha, one_minus_beta_1, beta_2, epsilon;
  explicit Adamax(const typename V::Scalar* s)
      : alpha(V::set(s[0])), one_minus_beta_1(V::set(s[1])), beta_2(V::set(s[2])), epsilon(V::set(s[3])) {}
  void apply(V g, V& w, V* s) const {
    s[0] = fma(one_minus_beta_1, g - s[0], s[0]);
    s[1] = max(beta_2 * s[1], abs(g));
    w = w - (alpha * s[0]) / (s[1] + epsilon);
  }
};

// Zeiler, 2012: the mean square of gradients in s[0], of steps in s[1].
template <class V> struct Adadelta {
  static constexpr int slots = 2;
  V rate, one_minus_rho, epsilon;
  explicit Adadelta(const typename V::Scalar* s)
      : rate(V::set(s[0])), one_minus_rho(V::set(s[1])), epsilon(V::set(s[2])) {}
  void apply(V g, V& w, V* s) const {
    s[0] = fma(one_minus_rho, g * g - s[0], s[0]);
    const V step = (sqrt(s[1] + epsilon) * g) / sqrt(s[0] + epsilon);
    s[1] = fma(one_minus_rho, step * step - s[1], s[1]);
    w = w - rate * step;
  }
};

// McMahan et al., 2013: the sum of squares in s[0], the linear term in s[1].
template <class V> struct Ftrl {
  static constexpr int slots = 2;
  V inverse_rate, exponent, l1, twice_l2, twice_shrinkage;
  bool takes_root;
  explicit Ftrl(const typename V::Scalar* s)
      : inverse_rate(V::set(s[0])), exponent(V::set(s[1])), l1(V::set(s[2])), twice_l2(V::set(s[3])),
        twice_shrinkage(V::set(s[4])), takes_root(s[1] == typename V::Scalar(0.5)) {}
  V power(V x) const {
    if (takes_root) return sqrt(x);
    const V zero = V::set(0);
    return select(less(zero, x), exp(exponent * log(x)), select(less(zero, exponent), zero, V::set(1)));
  }
  void apply(V g, V& w, V* s) const {
    const V square = s[0] + g * g, after = power(square);
    const V pull = fma(twice_shrinkage, w, g);
    s[1] = s[1] + (pull - (after - power(s[0])) * inverse_rate * w);
    w = (min(l1, max(V::set(0) - l1, s[1])) - s[1]) / fma(after, inverse_rate, twice_l2);
    s[0] = square;
  }
};

// Chen et al., 2023: steps of one size, by the sign of a mean.
template <class V> struct Lion {
  static constexpr int slots = 1;
  V rate, beta_1, one_minus_beta_1, beta_2, one_minus_beta_2;
  explicit Lion(const typename V::Scalar* s)
      : rate(V::set(s[0])), beta_1(V::set(s[1])), one_minus_beta_1(V::set(s[2])), beta_2(V::set(s[3])),
        one_minus_beta_2(V::set(s[4])) {}
  void apply(V g, V& w, V* s) const {
    const V zero = V::set(0), mean = beta_1 * s[0] + one_minus_beta_1 * g;
    const V down = select(less(zero, mean), rate, zero), up = select(less(mean, zero), rate, zero);
    w = w - down + up;
    s[0] = beta_2 * s[0] + one_minus_beta_2 * g;
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

template <class V, template <class> class Rule>
void stored_update(const lamina::kernels::StoredUpdate<typename V::Scalar>& args) {
  const auto a = args;
  const Rule<V> rule(a.scalars);
  const V scale = V::set(a.scale), limit = V::set(a.limit), minus_limit = V::set(-a.limit);
  const V minus_decay = V::set(-a.decay), share = V::set(a.average_share);
  const bool decays = a.decay != 0;  // without it -0 stays -0
  for (Index i = 0; i < a.count; i += V::lanes) {
    const V g = min(limit, max(minus_limit, scale * V::load(a.gradient + i)));
    V w = V::load(a.weights + i);
    if (decays) w = fma(minus_decay, w, w);
    V slots[lamina::kernels::max_slots] = {g, g, g};
#pragma GCC unroll 3
    for (int s = 0; s < Rule<V>::slots; ++s) slots[s] = V::load(a.slots[s] + i);
    rule.apply(g, w, slots);
#pragma GCC unroll 3
    for (int s = 0; s < Rule<V>::slots; ++s) slots[s].store(a.slots[s] + i);
    if (a.average != nullptr) {
      V average = V::load(a.average + i);
      average = fma(share, w - average, average);
      average.store(a.average + i);
      if (a.overwrite) w = average;
    }
    w.store(a.weights + i);
  }
}
