// Losses that Python computes, and the core's for Python to use alone.
#include <pybind11/stl.h>

#include <algorithm>
#include <limits>

#include "base/arena.h"
#include "base/cpu.h"
#include "base/team.h"
#include "bindings/bindings.h"
#include "bindings/losses.h"
#include "kernels/dispatch.h"

namespace lamina::bindings {
namespace {

// The calling thread's own: it is the one that computes such losses and the one that raises, even where models are used
// by several threads, or within one another's losses.
thread_local std::exception_ptr raised;

// A thread that asks for the lock of an interpreter that is going away would never come back.
bool interpreter_is_ending() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

template <class T> py::array_t<T> copy_of(Matrix<const T> from, Index rows, Index columns) {
  py::array_t<T> out({rows, columns});
  for (Index r = 0; r < rows; ++r) std::copy_n(from.at(r, 0), columns, out.mutable_data(r, 0));
  return out;
}

// Calls the object's method _judged(y_true, y_pred), which returns checked arrays: a value a row, and the gradient of
// their sum. Values that are not numbers stand for what cannot be had: they keep the batch from being applied.
class PythonLoss final : public losses::Foreign {
 public:
  PythonLoss(const py::object& loss, bool labels) : loss_(loss), labels_(labels) {}

  losses::Targets targets() const override { return labels_ ? losses::Targets::labels : losses::Targets::dense; }
  void rows(const losses::LossRows<float>& r) const override { judge(r); }
  void rows(const losses::LossRows<double>& r) const override { judge(r); }

 private:
  template <class T> void judge(const losses::LossRows<T>& r) const noexcept {
    std::fill_n(r.values, r.rows, std::numeric_limits<double>::quiet_NaN());
    for (Index row = 0; r.dz && row < r.rows; ++row) std::fill_n(r.dz.at(row, 0), r.outputs, T{0});
    const kernels::Table<T>& table = kernels::table<T>(kernels::current_isa());
    for (Index row = 0; row < r.rows; ++row)
      if (!table.finite(r.outputs, r.z.at(row, 0))) return;
    if (raised || interpreter_is_ending()) return;
    const py::gil_scoped_acquire locked;
    const KeepDenormals plain;
    try {
      ask(r);
    } catch (...) {
      raised = std::current_exception();
    }
  }

  template <class T> void ask(const losses::LossRows<T>& r) const {
    const py::object loss = loss_();
    if (loss.is_none()) throw std::runtime_error("the loss object that the model was compiled with is gone");
    py::object y;
    if (labels_)
      y = py::array_t<std::int64_t>(r.rows, r.labels);
    else
      y = copy_of<T>(r.targets, r.rows, r.outputs);
    const auto [values, gradient] =
        loss.attr("_judged")(y, copy_of<T>(r.z, r.rows, r.outputs)).template cast<std::pair<py::array, py::array>>();
    require(holds<double>(values) && values.ndim() == 1 && values.shape(0) == r.rows && holds<T>(gradient) &&
                gradient.ndim() == 2 && gradient.shape(0) == r.rows && gradient.shape(1) == r.outputs &&
                (values.flags() & gradient.flags() & py::array::c_style) != 0,
            "_judged must return float64 values (n,) and a gradient like y_pred, contiguous");
    std::copy_n(static_cast<const double*>(values.data()), r.rows, r.values);
    const T* g = static_cast<const T*>(gradient.data());
    for (Index row = 0; r.dz && row < r.rows; ++row) {
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) dz[c] = g[row * r.outputs + c] * r.scale;
    }
  }

  // Weak, or a loss that knows its model, whose native part has this, would be a circle that nobody can see.
  py::weakref loss_;
  bool labels_;
};

// Rows with their padding, as the core wants them.
template <class T> struct Room {
  Arena<T> arena;
  Matrix<T> y, z, link, dz;

  Room(Index rows, Index columns) {
    const Index row = round_up(columns, panel_width);
    Index at[4];
    for (Index& offset : at) offset = arena.reserve(rows * row);
    arena.allocate();
    Matrix<T>* const matrices[] = {&y, &z, &link, &dz};
    for (int i = 0; i < 4; ++i) *matrices[i] = {arena.at(at[i]), row};
  }
};

template <class T> void put(const T* from, Index rows, Index columns, Matrix<T> to) {
  for (Index r = 0; r < rows; ++r) std::copy_n(from + r * columns, columns, to.at(r, 0));
}

// Values a row, and the gradient of their sum by y_pred where it is wanted.
template <class T>
py::tuple rows_of(const losses::LossSpec& spec, const py::array& y_true, const py::array& y_pred, bool wants_gradient) {
  constexpr Index usual_rows = 256;
  const auto& table = kernels::table<T>(kernels::current_isa());
  const Index rows = y_pred.shape(0), outputs = y_pred.shape(1);
  const auto loss = losses::make<T>(spec);
  const auto y = targets_of<T>(y_true, spec, rows, 1, outputs);
  py::array_t<double> values(rows);
  py::array_t<T> gradient({wants_gradient ? rows : 0, outputs});
  const T* const p = static_cast<const T*>(y_pred.data());
  double* const value = values.mutable_data();
  T* const slope = gradient.mutable_data();
  {
    const py::gil_scoped_release unlocked;
    const Index most = loss->whole_batch() ? rows : std::min(rows, usual_rows);
    Room<T> room(most, outputs);
    run_team(1, [&](Team&) {
      for (Index first = 0; first < rows; first += most) {
        const Index count = std::min(most, rows - first);
        put(p + first * outputs, count, outputs, room.z);
        if (y.dense != nullptr) put(y.dense + first * outputs, count, outputs, room.y);
        loss->rows({.table = table,
                    .rows = count,
                    .outputs = outputs,
                    .z = {room.z.data, room.z.row},
                    .targets = {room.y.data, room.y.row},
                    .labels = y.labels == nullptr ? nullptr : y.labels + first,
                    .logits = spec.option("from_logits", 0) != 0,
                    .predictions = room.link,
                    .head = {},
                    .dz = wants_gradient ? room.dz : Matrix<T>{},
                    .scale = T{1},
                    .batch_rows = rows,
                    .weighted = false,
                    .values = value + first});
        for (Index r = 0; wants_gradient && r < count; ++r)
          std::copy_n(room.dz.at(r, 0), outputs, slope + (first + r) * outputs);
      }
    });
  }
  return py::make_tuple(values, wants_gradient ? py::object(gradient) : py::none());
}

py::tuple loss_rows(const py::dict& loss, const py::array& y_true, const py::array& y_pred, bool gradient) {
  const losses::LossSpec spec = loss_of(loss);
  require(spec.foreign == nullptr, "loss_rows: Python computes this loss itself");
  require(y_pred.ndim() == 2 && y_pred.shape(1) > 0 && (y_pred.flags() & py::array::c_style) != 0,
          "loss_rows: y_pred must have two dimensions and be contiguous");
  if (holds<float>(y_pred)) return rows_of<float>(spec, y_true, y_pred, gradient);
  require(holds<double>(y_pred), "loss_rows: y_pred must be float32 or float64");
  return rows_of<double>(spec, y_true, y_pred, gradient);
}

}  // namespace

losses::LossSpec loss_of(const py::dict& d) {
  losses::LossSpec spec;
  for (const auto& [key, value] : d) {
    const auto text = key.cast<std::string>();
    if (text == "name")
      spec.name = value.cast<std::string>();
    else if (text == "own")
      spec.foreign = std::shared_ptr<const losses::Foreign>(
          new PythonLoss(py::reinterpret_borrow<py::object>(value), d["labels"].cast<bool>()),
          [](const losses::Foreign* loss) {
            if (interpreter_is_ending()) return;  // it takes everything with it
            const py::gil_scoped_acquire locked;
            delete loss;
          });
    else if (py::isinstance<py::list>(value))
      spec.lists[text] = value.cast<std::vector<double>>();
    else if (text != "labels")
      spec.options[text] = value.cast<double>();
  }
  return spec;
}

std::exception_ptr take_raised() { return std::exchange(raised, nullptr); }

void bind_losses(py::module_& m) {
  m.def("loss_rows", loss_rows, py::arg("loss"), py::arg("y_true"), py::arg("y_pred"), py::arg("gradient"),
        "The values of a loss, one a row, and the gradient of their sum by y_pred, or None.");
}

}  // namespace lamina::bindings
