// The losses by name: one row each.
#include "base/error.h"
#include "losses/loss.h"

namespace lamina::losses {
namespace {

template <class T> using Factory = std::unique_ptr<Loss<T>> (*)();

struct Row {
  LossInfo info;
  Factory<float> make_float;
  Factory<double> make_double;
};

#define LAMINA_LOSS(name, targets, link) \
  {{#name, Targets::targets, Link::link}, make_##name<float>, make_##name<double>}
const Row rows[] = {
    LAMINA_LOSS(categorical_crossentropy, dense, softmax),
    LAMINA_LOSS(sparse_categorical_crossentropy, labels, softmax),
    LAMINA_LOSS(binary_crossentropy, dense, sigmoid),
    LAMINA_LOSS(mean_squared_error, dense, none),
    LAMINA_LOSS(mean_absolute_error, dense, none),
};
#undef LAMINA_LOSS

const Row& row_of(const std::string& name) {
  for (const Row& row : rows)
    if (name == row.info.name) return row;
  fail("loss '", name, "' is unknown");
}

}  // namespace

const std::vector<LossInfo>& list() {
  static const std::vector<LossInfo> infos = [] {
    std::vector<LossInfo> found;
    for (const Row& row : rows) found.push_back(row.info);
    return found;
  }();
  return infos;
}

const LossInfo& find(const std::string& name) { return row_of(name).info; }

template <> std::unique_ptr<Loss<float>> make(const std::string& name) { return row_of(name).make_float(); }
template <> std::unique_ptr<Loss<double>> make(const std::string& name) { return row_of(name).make_double(); }

}  // namespace lamina::losses
