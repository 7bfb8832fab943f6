// The losses by name, what makes a loss of another, and the options that several of them have.
#include <utility>

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

// The sum over the rows of a batch, as a value a row whose mean it is.
template <class T> class Summed final : public Loss<T> {
 public:
  explicit Summed(std::unique_ptr<Loss<T>> loss) : loss_(std::move(loss)) {}

  bool whole_batch() const override { return loss_->whole_batch(); }
  bool one_value() const override { return loss_->one_value(); }

  void rows(const LossRows<T>& r) const override {
    if (one_value() && !r.weighted) return loss_->rows(r);
    LossRows<T> summed = r;
    summed.scale = T{1};
    loss_->rows(summed);
    for (Index row = 0; row < r.rows; ++row) r.values[row] *= static_cast<double>(r.batch_rows);
  }

 private:
  std::unique_ptr<Loss<T>> loss_;
};

template <class T> class ForeignLoss final : public Loss<T> {
 public:
  explicit ForeignLoss(std::shared_ptr<const Foreign> loss) : loss_(std::move(loss)) {}
  bool whole_batch() const override { return true; }
  void rows(const LossRows<T>& r) const override { loss_->rows(r); }

 private:
  std::shared_ptr<const Foreign> loss_;
};

template <class T> std::unique_ptr<Loss<T>> make(const LossSpec& spec, Factory<T> Row::*factory) {
  std::unique_ptr<Loss<T>> loss;
  if (spec.foreign != nullptr)
    loss = std::make_unique<ForeignLoss<T>>(spec.foreign);
  else
    loss = (row_of(spec.name).*factory)(spec);
  if (spec.option("sum", 0) == 0) return loss;
  return std::make_unique<Summed<T>>(std::move(loss));
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

double focal_gamma(const LossSpec& spec) {
  const double gamma = spec.option("gamma", 2);
  require(gamma >= 0, "loss '", spec.name, "': gamma=", gamma, " must be at least 0");
  return gamma;
}

std::optional<std::int64_t> ignored_class(const LossSpec& spec) {
  const auto found = spec.options.find("ignore_class");
  if (found == spec.options.end()) return std::nullopt;
  return static_cast<std::int64_t>(found->second);
}

LossInfo info_of(const LossSpec& spec) {
  if (spec.foreign != nullptr) return {spec.name.c_str(), spec.foreign->targets(), Link::none};
  LossInfo info = row_of(spec.name).info;
  // As Keras on TensorFlow has it: what selects rows, or applies its own sigmoid, sees what a last activation gives.
  const bool applies_link = spec.name == "binary_focal_crossentropy" && spec.option("from_logits", 0) != 0;
  if (applies_link || ignored_class(spec)) info.link = Link::none;
  return info;
}

template <> std::unique_ptr<Loss<float>> make(const LossSpec& spec) { return make<float>(spec, &Row::make_float); }
template <> std::unique_ptr<Loss<double>> make(const LossSpec& spec) { return make<double>(spec, &Row::make_double); }

bool depends_on_batch(const LossSpec& spec) {
  return spec.option("sum", 0) != 0 || make<double>(spec)->whole_batch();
}

}  // namespace lamina::losses
