// Network and Trainer. Arguments are parsed first; then the interpreter lock is released.
#include <pybind11/stl.h>

#include <cmath>
#include <memory>
#include <new>
#include <optional>
#include <variant>

#include "bindings/bindings.h"
#include "bindings/losses.h"
#include "bindings/weights.h"
#include "training/trainer.h"

namespace lamina::bindings {
namespace {

template <class T> T get(const py::dict& d, const char* key, T otherwise) {
  return d.contains(key) ? d[key].cast<T>() : otherwise;
}

layers::ConstraintSpec constraint_of(const py::dict& d) {
  using Spec = layers::ConstraintSpec;
  if (!d.contains("along")) return {.kind = Spec::non_negative};
  const auto along = d["along"].cast<std::string>();
  return {.kind = Spec::norm,
          .along = along == "inputs" ? Spec::inputs : along == "units" ? Spec::units : Spec::all,
          .low = d["low"].cast<double>(),
          .high = d["high"].cast<double>(),
          .rate = d["rate"].cast<double>()};
}

layers::WeightSpec weight_of(const py::dict& d) {
  layers::WeightSpec spec{get(d, "l1", 0.0), get(d, "l2", 0.0)};
  if (d.contains("constraint")) spec.constraint = constraint_of(d["constraint"]);
  return spec;
}

// Numbers whose keys are none of those below are the type's own.
layers::LayerSpec layer_of(const py::dict& d) {
  layers::LayerSpec spec;
  for (const auto& [key, value] : d) {
    const auto name = key.cast<std::string>();
    if (name == "type")
      spec.type = value.cast<std::string>();
    else if (name == "name")
      spec.function = value.cast<std::string>();
    else if (name == "parameters")
      spec.parameters = value.cast<std::vector<double>>();
    else if (name == "seed")
      spec.seed = value.cast<std::uint64_t>();
    else if (name == "trainable")
      spec.trainable = value.cast<bool>();
    else if (name == "weights")
      for (const auto& weight : value.cast<std::vector<py::dict>>()) spec.weights.push_back(weight_of(weight));
    else
      spec.values[name] = value.cast<double>();
  }
  return spec;
}

// A name, and numbers by name: an optimizer.
struct NamedValues {
  std::string name;
  std::map<std::string, double> values;

  explicit NamedValues(const py::dict& d) {
    for (const auto& [key, value] : d) {
      const auto text = key.cast<std::string>();
      if (text == "name")
        name = value.cast<std::string>();
      else
        values[text] = value.cast<double>();
    }
  }
};

template <class T> using ModelOf = std::shared_ptr<training::Model<T>>;
using AnyModel = std::variant<ModelOf<float>, ModelOf<double>>;

// The number type of a model or trainer held by shared_ptr or unique_ptr.
template <class Pointer> struct ScalarOf;
template <class T> struct ScalarOf<ModelOf<T>> { using Type = T; };

class Network {
 public:
  using MaybeWeights = std::vector<std::optional<Weight>>;

  Network(Index inputs, const std::vector<py::dict>& layers, const std::string& dtype, const MaybeWeights& weights) {
    std::vector<layers::LayerSpec> specs;
    for (const py::dict& layer : layers) specs.push_back(layer_of(layer));
    if (dtype == "float32")
      model_ = std::make_shared<training::Model<float>>(inputs, specs, typed<float>(weights));
    else if (dtype == "float64")
      model_ = std::make_shared<training::Model<double>>(inputs, specs, typed<double>(weights));
    else
      fail("dtype '", dtype, "' is not supported; use float32 or float64");
  }

  const AnyModel& model() const { return model_; }

  // Calls f<T>(model).
  template <class F> decltype(auto) visit(const F& f) const {
    return std::visit(
        [&f](const auto& model) -> decltype(auto) {
          return f.template operator()<typename ScalarOf<std::decay_t<decltype(model)>>::Type>(*model);
        },
        model_);
  }

 private:
  template <class T> static network::Weights<T> typed(const MaybeWeights& weights) {
    network::Weights<T> found;
    for (const auto& weight : weights) found.push_back(weight ? weight->as<T>() : nullptr);
    return found;
  }

  AnyModel model_;
};

// One array a weight tensor, filled by read(index, pointer).
template <class T, class Read> py::list tensors(const training::Model<T>& model, const Read& read) {
  py::list found;
  const auto& infos = model.network().parameters();
  for (std::size_t i = 0; i < infos.size(); ++i) {
    py::array_t<T> out(shape_of(infos[i]));
    read(i, out.mutable_data());
    found.append(std::move(out));
  }
  return found;
}

py::list get_weights(const Network& n) {
  return n.visit([]<class T>(training::Model<T>& model) {
    const auto lock = model.reading();
    return tensors(model, [&model](std::size_t i, T* out) { model.read_weight(i, out); });
  });
}

void set_weights(const Network& n, const std::vector<py::array>& weights) {
  n.visit([&weights]<class T>(training::Model<T>& model) {
    const auto& infos = model.network().parameters();
    require(weights.size() == infos.size(), "set_weights: ", weights.size(), " arrays for ", infos.size(), " weights");
    std::vector<const T*> values;
    for (std::size_t i = 0; i < infos.size(); ++i) values.push_back(values_for<T>(infos[i], weights[i], "set_weights"));
    const auto lock = model.changing();
    for (std::size_t i = 0; i < infos.size(); ++i) model.write_weight(i, values[i]);
  });
}

void require_compiled(bool compiled) { require(compiled, "the model is not compiled; call compile first"); }

void compile(const Network& n, const py::dict& loss, const py::dict& optimizer,
             const std::vector<std::string>& metrics, const std::vector<std::string>& weighted_metrics) {
  const NamedValues of_optimizer(optimizer);
  const network::Objective objective{loss_of(loss), metrics, weighted_metrics};
  const optimizers::OptimizerSpec spec{of_optimizer.name, of_optimizer.values};
  n.visit([&]<class T>(training::Model<T>& model) {
    const auto lock = model.changing();
    model.compile(objective, spec);
  });
}

// A list a moment of the optimizer, with an array a weight.
py::list get_moments(const Network& n) {
  return n.visit([]<class T>(training::Model<T>& model) {
    require_compiled(model.compiled());
    const auto lock = model.reading();
    py::list found;
    for (int slot = 0; slot < model.optimizer().update().slots(); ++slot)
      found.append(tensors(model, [&model, slot](std::size_t i, T* out) { model.read_moment(slot, i, out); }));
    return found;
  });
}

void set_moments(const Network& n, const std::vector<std::vector<py::array>>& moments) {
  n.visit([&moments]<class T>(training::Model<T>& model) {
    require_compiled(model.compiled());
    const auto& infos = model.network().parameters();
    std::vector<std::vector<const T*>> values;
    for (const auto& of_slot : moments) {
      require(of_slot.size() == infos.size(), "set_moments: ", of_slot.size(), " arrays for ", infos.size(), " weights");
      values.emplace_back();
      for (std::size_t i = 0; i < infos.size(); ++i)
        values.back().push_back(values_for<T>(infos[i], of_slot[i], "set_moments"));
    }
    const int slots = model.optimizer().update().slots();
    require(static_cast<int>(moments.size()) == slots, "set_moments: the optimizer keeps ", slots, " moments, not ", moments.size());
    const auto lock = model.changing();
    for (int slot = 0; slot < slots; ++slot)
      for (std::size_t i = 0; i < infos.size(); ++i)
        model.write_moment(slot, i, values[static_cast<std::size_t>(slot)][i]);
  });
}

// Lets Ctrl-C end a long evaluation: signal handlers run here.
void look_for_signals() {
  const py::gil_scoped_acquire locked;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

// With `refuse`, None where x may hold a number that is not finite.
py::object predict(const Network& n, const py::array& x, bool refuse) {
  return n.visit([&x, refuse]<class T>(training::Model<T>& model) -> py::object {
    const training::Inputs inputs = inputs_of<T>(x, model.network().inputs());
    const Index outputs = model.network().times() * model.network().outputs();
    if (static_cast<double>(inputs.rows) * static_cast<double>(outputs) > 0x1p46) throw std::bad_alloc();
    py::array_t<T> out({inputs.rows, outputs});
    T* const data = out.mutable_data();
    bool finite = true;
    if (inputs.rows > 0) {
      const py::gil_scoped_release unlocked;
      finite = model.predict(inputs, data, look_for_signals);
    }
    if (refuse && !finite) return py::none();
    return out;
  });
}

using OptionalArray = std::optional<py::array>;

// Parses x, y and weights for a compiled model.
template <class T> struct Rows {
  training::Inputs inputs;
  training::TargetRows<T> targets;

  Rows(const training::Model<T>& model, const py::array& x, const py::array& y, const OptionalArray& weights) {
    require_compiled(model.compiled());
    inputs = inputs_of<T>(x, model.network().inputs());
    require(inputs.rows > 0, "x has no rows");
    targets = targets_of<T>(y, model.objective().loss, inputs.rows, model.network().times(), model.network().outputs());
    if (weights) targets.weights = weights_of<T>(*weights, inputs.rows, model.network().times());
  }
};

// Ends an evaluation for an error of a loss written in Python too.
void look_for_trouble() {
  if (const std::exception_ptr raised = take_raised()) std::rethrow_exception(raised);
  look_for_signals();
}

std::vector<double> evaluate(const Network& n, const py::array& x, const py::array& y, const OptionalArray& weights,
                             Index batch_size) {
  require(batch_size >= 1, "batch_size=", batch_size, ": it must be at least 1");
  return n.visit([&]<class T>(training::Model<T>& model) {
    const Rows<T> rows(model, x, y, weights);
    return without_lock([&] { return model.evaluate(rows.inputs, rows.targets, look_for_trouble, batch_size); });
  });
}

// An evaluation whose rows come in parts.
class Evaluator {
 public:
  explicit Evaluator(const Network& n) : network_(n) {}

  void add(const py::array& x, const py::array& y, const OptionalArray& weights) {
    network_.visit([&]<class T>(training::Model<T>& model) {
      const Rows<T> rows(model, x, y, weights);
      without_lock([&] {
        model.add_to(sums_, rows.inputs, rows.targets, look_for_trouble, rows.inputs.rows);
        return 0;
      });
    });
  }

  std::vector<double> results() const {
    require(sums_.rows > 0, "an evaluation of nothing");
    return network_.visit([&]<class T>(training::Model<T>& model) { return model.results_of(sums_); });
  }

 private:
  Network network_;
  training::EvaluationSums sums_;
};

py::tuple gradients(const Network& n, const py::array& x, const py::array& y, bool training,
                    const OptionalArray& weights) {
  return n.visit([&]<class T>(training::Model<T>& model) {
    const Rows<T> rows(model, x, y, weights);
    const auto lock = model.changing();  // the gradients' room is the model's own
    const double loss =
        without_lock([&] { return model.compute_gradients(rows.inputs, rows.targets, training); });
    return py::make_tuple(loss, tensors(model, [&model](std::size_t i, T* out) { model.read_gradient(i, out); }));
  });
}

// How many numbers are NaN or infinite, and the first one's row and column; None where all are finite.
py::object nonfinite(const py::array& x) {
  require(x.ndim() == 2 && (x.shape(1) <= 1 || x.strides(1) == x.itemsize()), "x must have two dimensions, the second contiguous");
  const auto scan = [&x]<class T>() -> py::object {
    const kernels::Table<T>& table = kernels::table<T>(kernels::current_isa());
    const char* const base = static_cast<const char*>(x.data());
    const Index rows = x.shape(0), columns = x.shape(1), stride = x.strides(0);
    Index count = 0, row = 0, column = 0;
    {
      const py::gil_scoped_release unlocked;
      for (Index r = 0; r < rows; ++r) {
        const T* p = reinterpret_cast<const T*>(base + r * stride);
        if (table.finite(columns, p)) continue;
        for (Index c = 0; c < columns; ++c)
          if (!std::isfinite(p[c]) && count++ == 0) row = r, column = c;
      }
    }
    if (count == 0) return py::none();
    return py::make_tuple(count, row, column);
  };
  if (holds<float>(x)) return scan.template operator()<float>();
  require(holds<double>(x), "x must be float32 or float64");
  return scan.template operator()<double>();
}

// Keeps the model and the arrays alive for as long as it may read them.
class Trainer {
 public:
  Trainer(const Network& n, py::array x, py::array y, Index batch_size, bool shuffle, std::uint64_t seed,
          OptionalArray weights)
      : network_(n), x_(std::move(x)), y_(std::move(y)), weights_(std::move(weights)) {
    require(batch_size >= 1, "batch_size=", batch_size, ": it must be at least 1");
    n.visit([&]<class T>(training::Model<T>& model) {
      const Rows<T> rows(model, x_, y_, weights_);
      trainer_ = std::make_unique<training::Trainer<T>>(model, rows.inputs, rows.targets, batch_size, shuffle, seed);
    });
  }

  template <class F> auto visit(const F& f) const {
    return std::visit([&f](const auto& trainer) { return f(*trainer); }, trainer_);
  }

  void give(py::array x, py::array y, OptionalArray weights) {
    network_.visit([&]<class T>(training::Model<T>& model) {
      const Rows<T> rows(model, x, y, weights);
      std::get<std::unique_ptr<training::Trainer<T>>>(trainer_)->give(rows.inputs, rows.targets);
    });
    x_ = std::move(x);
    y_ = std::move(y);
    weights_ = std::move(weights);
  }

  // How many rows a sample's outputs are, and of how many numbers.
  std::pair<Index, Index> outputs() const {
    return network_.visit(
        []<class T>(training::Model<T>& m) { return std::pair{m.network().times(), m.network().outputs()}; });
  }

 private:
  Network network_;
  py::array x_, y_;
  OptionalArray weights_;
  std::variant<std::unique_ptr<training::Trainer<float>>, std::unique_ptr<training::Trainer<double>>> trainer_;
};

// The rows of the last batch and what the model put out for them before its update, [rows, times × outputs].
py::tuple last_batch(const Trainer& t) {
  return t.visit([&t]<class T>(const training::Trainer<T>& trainer) -> py::tuple {
    const std::vector<Index> rows = trainer.last_rows();
    const Index count = static_cast<Index>(rows.size());
    py::array_t<std::int64_t> numbers(count, rows.data());
    const auto [times, outputs] = t.outputs();
    py::array_t<T> values({count, times * outputs});
    const Matrix<const T> from = trainer.last_outputs();
    for (Index r = 0; r < count * times; ++r) std::copy_n(from.at(r, 0), outputs, values.mutable_data() + r * outputs);
    return py::make_tuple(numbers, values);
  });
}

template <class Value, class F> void optimizer_property(py::class_<Network>& c, const char* name, F member) {
  c.def_property(
      name,
      [member](const Network& n) {
        return n.visit([&]<class T>(training::Model<T>& model) -> Value {
          require_compiled(model.compiled());
          return member(model.optimizer());
        });
      },
      [member](const Network& n, Value value) {
        n.visit([&]<class T>(training::Model<T>& model) {
          require_compiled(model.compiled());
          const auto lock = model.changing();
          member(model.optimizer()) = value;
        });
      });
}

void bind_trainer(py::module_& m) {
  py::class_<Trainer>(m, "Trainer")
      .def(py::init<const Network&, py::array, py::array, Index, bool, std::uint64_t, OptionalArray>(),
           py::arg("network"), py::arg("x"), py::arg("y"), py::arg("batch_size"), py::arg("shuffle"), py::arg("seed"),
           py::arg("weights") = py::none())
      .def(
          "begin_epoch",
          [](const Trainer& t, bool new_pass) { t.visit([new_pass](auto& trainer) { trainer.begin_epoch(new_pass); }); },
          py::arg("new_pass") = true)
      .def("give", &Trainer::give, py::arg("x"), py::arg("y"), py::arg("weights") = py::none())
      .def("end_epoch", [](const Trainer& t) { t.visit([](auto& trainer) { trainer.end_epoch(); }); })
      .def(
          "advance",
          [](const Trainer& t, Index max_batches, double max_seconds) {
            return without_lock(
                [&] { return t.visit([&](auto& trainer) { return trainer.advance(max_batches, max_seconds); }); });
          },
          py::arg("max_batches"), py::arg("max_seconds"))
      .def_property_readonly("batches", [](const Trainer& t) { return t.visit([](auto& r) { return r.batches(); }); })
      .def_property_readonly("done", [](const Trainer& t) { return t.visit([](auto& r) { return r.done(); }); })
      .def_property_readonly("finished", [](const Trainer& t) { return t.visit([](auto& r) { return r.finished(); }); })
      .def_property_readonly("diverged", [](const Trainer& t) { return t.visit([](auto& r) { return r.diverged(); }); })
      .def_property_readonly("restored", [](const Trainer& t) { return t.visit([](auto& r) { return r.restored(); }); })
      .def("last_batch", last_batch)
      .def("results", [](const Trainer& t) { return t.visit([](auto& r) { return r.results(); }); });
}

}  // namespace

void bind_network(py::module_& m) {
  py::class_<Network> network(m, "Network");
  network
      .def(py::init<Index, const std::vector<py::dict>&, const std::string&, const Network::MaybeWeights&>(),
           py::arg("inputs"), py::arg("layers"), py::arg("dtype"), py::arg("weights") = Network::MaybeWeights())
      .def_property_readonly("weights",
                             [](const Network& n) {
                               std::vector<Weight> found;
                               n.visit([&found]<class T>(training::Model<T>& r) {
                                 for (const auto& weight : r.network().weights()) found.emplace_back(weight);
                               });
                               return found;
                             })
      .def_property_readonly(
          "inputs",
          [](const Network& n) { return n.visit([]<class T>(training::Model<T>& r) { return r.network().inputs(); }); })
      .def_property_readonly(
          "outputs",
          [](const Network& n) {
            return n.visit([]<class T>(training::Model<T>& r) { return r.network().outputs(); });
          })
      .def_property_readonly(
          "times",
          [](const Network& n) { return n.visit([]<class T>(training::Model<T>& r) { return r.network().times(); }); })
      .def_property_readonly(
          "dtype", [](const Network& n) { return n.model().index() == 0 ? "float32" : "float64"; })
      .def_property(
          "iterations",
          [](const Network& n) { return n.visit([]<class T>(training::Model<T>& r) { return r.iterations; }); },
          [](const Network& n, std::uint64_t iterations) {
            n.visit([iterations]<class T>(training::Model<T>& r) { r.iterations = iterations; });
          })
      .def_property(
          "fused",
          [](const Network& n) { return n.visit([]<class T>(training::Model<T>& r) { return r.fused; }); },
          [](const Network& n, bool fused) {
            n.visit([fused]<class T>(training::Model<T>& r) { r.fused = fused; });
          })
      .def("weight_shapes",
           [](const Network& n) {
             py::list shapes;
             n.visit([&shapes]<class T>(training::Model<T>& r) {
               for (const layers::ParameterInfo& info : r.network().parameters())
                 shapes.append(py::tuple(py::cast(shape_of(info))));
             });
             return shapes;
           })
      .def("get_weights", get_weights)
      .def("set_weights", set_weights, py::arg("weights"))
      .def("get_moments", get_moments)
      .def("set_moments", set_moments, py::arg("moments"))
      .def(
          "schedule",
          [](const Network& n, std::uint64_t first, const std::vector<double>& rates) {
            n.visit([&]<class T>(training::Model<T>& model) {
              require_compiled(model.compiled());
              const auto lock = model.changing();
              model.optimizer().schedule(first, rates);
            });
          },
          py::arg("first"), py::arg("rates"))
      .def("take_averages",
           [](const Network& n) {
             n.visit([]<class T>(training::Model<T>& model) {
               require_compiled(model.compiled());
               const auto lock = model.changing();
               model.take_averages();
             });
           })
      .def("compile", compile, py::arg("loss"), py::arg("optimizer"), py::arg("metrics"),
           py::arg("weighted_metrics") = std::vector<std::string>())
      .def("predict", predict, py::arg("x"), py::arg("refuse") = false)
      .def("evaluate", evaluate, py::arg("x"), py::arg("y"), py::arg("weights") = py::none(),
           py::arg("batch_size") = 32)
      .def("gradients", gradients, py::arg("x"), py::arg("y"), py::arg("training"), py::arg("weights") = py::none());
  optimizer_property<double>(network, "learning_rate",
                             [](optimizers::Optimizer& o) -> double& { return o.learning_rate; });
  py::class_<Evaluator>(m, "Evaluator")
      .def(py::init<const Network&>(), py::arg("network"))
      .def("add", &Evaluator::add, py::arg("x"), py::arg("y"), py::arg("weights") = py::none())
      .def("results", &Evaluator::results);
  bind_trainer(m);
  m.def("nonfinite", nonfinite, py::arg("x"), "Count, row and column of numbers that are not finite, or None.");
}

}  // namespace lamina::bindings
