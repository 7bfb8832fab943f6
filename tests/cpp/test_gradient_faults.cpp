// Gradients against central differences, and the proof that these see a fault: each backward kernel in turn is given a
// wrong sign or a factor of 1.001, and the check must reject what it accepts otherwise.
#include <doctest/doctest.h>

#include <functional>

#include "kernels/activation_index.h"
#include "problems.h"

using namespace lamina;
using namespace lamina::test;

namespace {

using kernels::Table;

// Sizes that tell the products apart: only the input gradient sums over 3 terms.
constexpr Index inputs = 7, hidden = 5, outputs = 3;

Problem problem(const std::string& name, const std::string& first, const std::string& last, const std::string& loss,
                bool penalties, bool dropouts) {
  const auto layer = [penalties](Index units) { return penalties ? penalized(units, 0.01, 0.02) : dense(units); };
  Problem p{name, inputs, {layer(hidden)}, {loss, {}}, sgd(0.1), 11, 11};
  if (first != "linear") p.layers.push_back(activation(first));
  if (dropouts) p.layers.push_back(dropout(0.4, 77));
  p.layers.push_back(layer(outputs));
  // "softmax, linear": the loss is given probabilities, not what stands before them.
  if (last.starts_with("softmax")) p.layers.push_back(activation("softmax"));
  if (last != "softmax") p.layers.push_back(activation(last.ends_with("linear") ? "linear" : last));
  return p;
}

// The largest error of compute_gradients against central differences, relative to the tensor's largest gradient.
double gradient_error(const Problem& p, const Table<double>& table) {
  const ForcedTeam team(1);
  const Data<double> data(p, 21);
  training::Model<double> model(p.inputs, p.layers, network::Weights<double>{}, table);
  const std::vector<double> start = start_weights(model, 5);
  set_weights(model, start);
  model.compile(p.objective, p.optimizer);
  model.iterations = 3;  // the masks of some later update
  const auto loss = [&] { return model.compute_gradients(data.inputs(), data.targets(), true); };
  loss();
  const std::vector<double> gradient = gradients_of(model);
  double worst = 0;
  std::size_t at = 0;
  for (const layers::ParameterInfo& info : model.network().parameters()) {
    double error = 0, largest = 1e-12;
    for (const std::size_t end = at + size_of(info); at < end; ++at) {
      constexpr double step = 1e-5;
      std::vector<double> moved = start;
      moved[at] = start[at] + step;
      set_weights(model, moved);
      const double above = loss();
      moved[at] = start[at] - step;
      set_weights(model, moved);
      const double difference = (above - loss()) / (2 * step);
      error = std::max(error, std::abs(difference - gradient[at]));
      largest = std::max(largest, std::abs(difference));
    }
    worst = std::max(worst, error / largest);
  }
  return worst;
}

constexpr double accepted = 1e-6;

// The faults. Each wraps one entry of the table; state is global, since entries are plain functions.
const Table<double>* right = nullptr;
double factor = 1;
Index faults = 0;  // how often the fault was made

void scale(double* row, Index n) {
  for (Index i = 0; i < n; ++i) row[i] *= factor;
  ++faults;
}

void input_gradient(const kernels::Product<double>& p) {
  right->product(p);
  if (p.depth != outputs) return;
  for (Index r = 0; r < p.rows; ++r) scale(p.c + r * p.c_row, p.columns);
}

void weight_gradient(const kernels::WeightGradient<double>& g) {
  right->weight_gradient[0](g);
  for (Index i = 0; i < g.inputs; ++i) scale(g.slots[0] + i * panel_width, g.columns);
}

void bias_gradient(const kernels::WeightGradient<double>& g) {
  right->bias_gradient[0](g);
  scale(g.slots[0], g.columns);
}

// The gradient of a dropout is the product that works in place.
void dropout_gradient(const kernels::Masked<double>& m) {
  right->masked(m);
  if (m.out != m.x) return;
  for (Index r = 0; r < m.rows; ++r) scale(m.out + r * m.out_row, m.columns);
}

template <int index> void activation_gradient(const kernels::Elementwise<double>& e) {
  right->activation_gradient[index](e);
  for (Index r = 0; r < e.rows; ++r) scale(e.x + r * e.x_row, e.columns);
}

// One row of a gradient on its way to the layer before; rows of a single number would be scaled as a whole.
void transpose(Index rows, Index columns, const double* src, Index src_row, double* dst, Index dst_row) {
  right->transpose(rows, columns, src, src_row, dst, dst_row);
  scale(dst, rows);
}

void without_l1(const kernels::WeightGradient<double>& g) {
  kernels::WeightGradient<double> changed = g;
  changed.l1 *= factor;
  ++faults;
  right->weight_gradient[0](changed);
}

void without_l2(const kernels::WeightGradient<double>& g) {
  kernels::WeightGradient<double> changed = g;
  changed.twice_l2 *= factor;
  ++faults;
  right->weight_gradient[0](changed);
}

void bias_without_l1(const kernels::WeightGradient<double>& g) {
  kernels::WeightGradient<double> changed = g;
  changed.l1 *= factor;
  ++faults;
  right->bias_gradient[0](changed);
}

// The probabilities from which a cross-entropy makes its gradient; its value comes from the logits.
void softmax(const kernels::Softmax<double>& s) {
  right->softmax(s);
  for (Index r = 0; r < s.rows; ++r) scale(s.p + r * s.p_row, s.columns);
}

void sigmoid_forward(const kernels::Elementwise<double>& e) {
  right->activation_forward[kernels::activation_index("sigmoid")](e);
  for (Index r = 0; r < e.rows; ++r) scale(e.x + r * e.x_row, e.columns);
}

struct Fault {
  std::string name;
  Problem problem;
  std::function<void(Table<double>&)> put;
};

template <int index> void add_activation_fault(std::vector<Fault>& list) {
  constexpr kernels::Activation a = kernels::activations[index];
  if (a.gradient == kernels::Gradient::none || std::string(a.name) == "linear") return;  // linear has no step
  list.push_back({std::string("activation_gradient ") + a.name,
                  problem(a.name, a.name, "linear", "mean_squared_error", false, false),
                  [](Table<double>& t) { t.activation_gradient[index] = activation_gradient<index>; }});
}

template <int... indices> void add_activation_faults(std::vector<Fault>& list, std::integer_sequence<int, indices...>) {
  (add_activation_fault<indices>(list), ...);
}

std::vector<Fault> all_faults() {
  const Problem plain_problem = problem("plain", "tanh", "linear", "mean_squared_error", false, false);
  const Problem dropped = problem("dropout", "tanh", "linear", "mean_squared_error", false, true);
  const Problem punished = problem("penalties", "tanh", "linear", "mean_squared_error", true, false);
  const Problem classes = problem("classes", "tanh", "softmax", "categorical_crossentropy", false, false);
  const Problem sparse = problem("sparse", "tanh", "softmax", "sparse_categorical_crossentropy", false, false);
  const Problem binary = problem("binary", "tanh", "sigmoid", "binary_crossentropy", false, false);
  constexpr int sigmoid = kernels::activation_index("sigmoid");
  std::vector<Fault> list = {
      {"product as input gradient", plain_problem, [](Table<double>& t) { t.product = input_gradient; }},
      {"weight_gradient", plain_problem, [](Table<double>& t) { t.weight_gradient[0] = weight_gradient; }},
      {"bias_gradient", plain_problem, [](Table<double>& t) { t.bias_gradient[0] = bias_gradient; }},
      {"masked as dropout gradient", dropped, [](Table<double>& t) { t.masked = dropout_gradient; }},
      {"transpose", plain_problem, [](Table<double>& t) { t.transpose = transpose; }},
      {"l1 of a kernel", punished, [](Table<double>& t) { t.weight_gradient[0] = without_l1; }},
      {"l2 of a kernel", punished, [](Table<double>& t) { t.weight_gradient[0] = without_l2; }},
      {"l1 of a bias", punished, [](Table<double>& t) { t.bias_gradient[0] = bias_without_l1; }},
      {"softmax before cross-entropy", classes, [](Table<double>& t) { t.softmax = softmax; }},
      {"softmax before sparse cross-entropy", sparse, [](Table<double>& t) { t.softmax = softmax; }},
      {"sigmoid before cross-entropy", binary,
       [](Table<double>& t) { t.activation_forward[sigmoid] = sigmoid_forward; }},
  };
  add_activation_faults(list, std::make_integer_sequence<int, kernels::activation_count>());
  return list;
}

}  // namespace

TEST_CASE("gradients equal central differences") {
  const Table<double>& table = kernels::table<double>(kernels::current_isa());
  const std::pair<const char*, std::vector<const char*>> losses[] = {
      {"categorical_crossentropy", {"softmax", "sigmoid", "softmax, linear"}},
      {"sparse_categorical_crossentropy", {"softmax", "sigmoid", "softmax, linear"}},
      {"binary_crossentropy", {"sigmoid", "softmax", "softmax, linear"}},
      {"mean_squared_error", {"linear", "tanh", "softmax"}},
      {"mean_absolute_error", {"linear", "sigmoid"}},
      {"mean_absolute_percentage_error", {"linear"}},
      {"mean_squared_logarithmic_error", {"sigmoid"}},
      {"huber", {"linear"}},
      {"log_cosh", {"linear"}},
      {"hinge", {"linear"}},
      {"squared_hinge", {"tanh"}},
      {"categorical_hinge", {"linear", "softmax"}},
      {"kl_divergence", {"softmax"}},
      {"poisson", {"sigmoid"}},
      {"cosine_similarity", {"linear"}}};
  for (const auto& [loss, lasts] : losses)
    for (const char* last : lasts)
      for (const kernels::Activation& a : kernels::activations)
        for (const bool penalties : {false, true})
          for (const bool dropouts : {false, true}) {
            if (a.gradient == kernels::Gradient::none) continue;
            CAPTURE(std::string(loss));
            CAPTURE(std::string(last));
            CAPTURE(std::string(a.name));
            CAPTURE(penalties);
            CAPTURE(dropouts);
            CHECK(gradient_error(problem("", a.name, last, loss, penalties, dropouts), table) < accepted);
          }
}

TEST_CASE("a fault in any backward kernel is seen") {
  for (const kernels::Isa isa : {kernels::Isa::scalar, kernels::current_isa()}) {
    right = &kernels::table<double>(isa);
    for (const Fault& fault : all_faults()) {
      CAPTURE(fault.name);
      CHECK(gradient_error(fault.problem, *right) < accepted);
      for (const double wrong : {1.001, -1.0}) {
        CAPTURE(wrong);
        factor = wrong;
        faults = 0;
        Table<double> table = *right;
        fault.put(table);
        CHECK(gradient_error(fault.problem, table) > 10 * accepted);
        CHECK(faults > 0);  // the entry is used where this test believes it is
      }
    }
  }
}
