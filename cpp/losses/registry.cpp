// The losses by name, and the options that several of them have.
#include "base/error.h"
#include "losses/loss.h"

namespace lamina::losses {
namespace {

template <class T> using Factory = std::unique_ptr<Loss<T>> (*)(const LossSpec&);

struct Row {
  LossInfo info;
  Factory<float> make_float;
  Factory<double> make_double;
};

const Row rows[] = {
#define LAMINA_LOSS(name, targets, link) \
  {{#name, Targets::targets, Link::link}, make_##name<float>, make_##name<double>},
#include "losses/losses.def"
#undef LAMINA_LOSS
};

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

double label_smoothing(const LossSpec& spec) {
  const double s = spec.option("label_smoothing", 0);
  require(s >= 0 && s <= 1, "loss '", spec.name, "': label_smoothing=", s, " must be in [0, 1]");
  return s;
}

const LossInfo& find(const std::string& name) { return row_of(name).info; }

template <> std::unique_ptr<Loss<float>> make(const LossSpec& spec) { return row_of(spec.name).make_float(spec); }
template <> std::unique_ptr<Loss<double>> make(const LossSpec& spec) { return row_of(spec.name).make_double(spec); }

}  // namespace lamina::losses
