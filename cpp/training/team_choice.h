// Which of two teams trains faster just now: the one the plan's arithmetic asks for, or one thread alone, which wins
// where a core is busy with something else. Weights do not depend on the choice.
#pragma once
#include <algorithm>
#include <limits>

#include "base/types.h"

namespace lamina::training {

class TeamChoice {
 public:
  explicit TeamChoice(int planned) : sizes_{planned, 1}, fixed_(planned == 1) {}

  // The team for the next region, and the seconds after which the choice wants to be asked again.
  int size() const { return sizes_[current_]; }
  double seconds() const {
    if (fixed_) return std::numeric_limits<double>::infinity();
    return due() - seconds_;
  }

  // Keeps to this size until it is told another.
  void fix(int size) {
    fixed_ = true;
    current_ = 0;
    sizes_[0] = size;
  }

  // What a region of that size took.
  void took(Index batches, double seconds) {
    if (fixed_ || batches == 0) return;
    batches_ += static_cast<double>(batches);
    seconds_ += seconds;
    if (seconds_ < due()) return;
    const bool had_its_time = !trying_;
    cost_[current_] = seconds_ / batches_;
    batches_ = seconds_ = 0;
    if (had_its_time || (cost_[1 - current_] == 0 && other_trial() <= quick)) {  // the other's turn to be tried
      current_ = 1 - current_;
      trying_ = true;
      return;
    }
    if (cost_[1 - current_] != 0) current_ = cost_[0] <= cost_[1] ? 0 : 1;
    trying_ = false;
  }

 private:
  static constexpr double trial_seconds = 0.002, settled_seconds = 0.2, quick = 0.005;

  // What a trial of the other size would take: one batch at least. Settled is for so long that it costs a hundredth.
  double other_trial() const {
    const double other = cost_[1 - current_], unknown = cost_[current_] * sizes_[0];
    return std::max(trial_seconds, other != 0 ? other : unknown);
  }
  double due() const { return trying_ ? trial_seconds : std::max(settled_seconds, 100 * other_trial()); }

  int sizes_[2];
  bool fixed_;
  int current_ = 0;
  bool trying_ = true;
  double batches_ = 0, seconds_ = 0;  // of the present trial or settled time
  double cost_[2] = {0, 0};           // seconds a batch when last tried; 0: never
};

}  // namespace lamina::training
