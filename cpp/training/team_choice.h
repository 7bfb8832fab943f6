// Which of two teams trains faster just now: the one the plan's arithmetic asks for, or one thread alone, which wins
// where a core is busy with something else. Weights do not depend on the choice.
#pragma once
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
    return (trying_ ? trial_seconds : settled_seconds) - seconds_;
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
    if (seconds_ < (trying_ ? trial_seconds : settled_seconds)) return;
    cost_[current_] = seconds_ / batches_;
    batches_ = seconds_ = 0;
    if (!trying_ || cost_[1 - current_] == 0) {  // the other's turn to be tried
      current_ = 1 - current_;
      trying_ = true;
      return;
    }
    current_ = cost_[0] <= cost_[1] ? 0 : 1;
    trying_ = false;
  }

 private:
  static constexpr double trial_seconds = 0.002, settled_seconds = 0.2;
  int sizes_[2];
  bool fixed_;
  int current_ = 0;
  bool trying_ = true;
  double batches_ = 0, seconds_ = 0;  // of the present trial or settled time
  double cost_[2] = {0, 0};           // seconds a batch when last tried; 0: never
};

}  // namespace lamina::training
