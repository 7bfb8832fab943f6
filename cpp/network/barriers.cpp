#include "network/barriers.h"

#include <algorithm>
#include <set>

namespace lamina::network {
namespace {

// What was touched since the last barrier by a team of so many, or by any team (0), under the names that steps give it.
class Touched {
 public:
  explicit Touched(int team) : team_(team) {}

  // Whether a step must wait: what rows touch meets what rows touch on the same member, and so do panels that the team
  // divides.
  template <class T> bool clashes(const Step<T>& step) const {
    return meets(step.reads, false, nullptr) || meets(step.writes, true, nullptr) ||
           meets(step.row_reads, false, &rows_) || meets(step.row_writes, true, &rows_) ||
           meets(step.panel_reads, false, panels_of(step)) || meets(step.panel_writes, true, panels_of(step));
  }

  template <class T> void add(const Step<T>& step) {
    add(any_, step.reads, step.writes);
    add(rows_, step.row_reads, step.row_writes);
    add(panels_of(step) == nullptr ? any_ : panels_, step.panel_reads, step.panel_writes);
  }

  // The next batch may have other numbers of rows, and then a member has others.
  void end_batch() {
    any_.reads.merge(rows_.reads);
    any_.writes.merge(rows_.writes);
    rows_ = {};
  }

 private:
  using Keys = std::vector<const void*>;
  struct Names {
    std::set<const void*> reads, writes;
  };

  template <class T> const Names* panels_of(const Step<T>& step) const {
    return team_ != 0 && step.panel_groups % team_ == 0 ? &panels_ : nullptr;
  }

  bool meets(const Keys& keys, bool writing, const Names* but) const {
    return std::any_of(keys.begin(), keys.end(), [&](const void* key) {
      const auto touched = [&](const Names& names) {
        return &names != but && (names.writes.count(key) != 0 || (writing && names.reads.count(key) != 0));
      };
      return key != nullptr && (touched(any_) || touched(rows_) || touched(panels_));
    });
  }

  static void add(Names& names, const Keys& reads, const Keys& writes) {
    names.reads.insert(reads.begin(), reads.end());
    names.writes.insert(writes.begin(), writes.end());
  }

  int team_;
  Names any_, rows_, panels_;
};

}  // namespace

// The end of a batch meets the beginning of the next: the list is walked until that changes nothing.
template <class T> std::vector<bool> barriers_for(const std::vector<std::unique_ptr<Step<T>>>& steps, int team) {
  std::vector<bool> barrier(steps.size()), before;
  Touched touched(team);
  constexpr int most_passes = 8;
  for (int pass = 0; pass < 2 || barrier != before; ++pass) {
    if (pass == most_passes) return std::vector<bool>(steps.size(), true);
    before = barrier;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      barrier[i] = touched.clashes(*steps[i]);
      if (barrier[i]) touched = Touched(team);
      touched.add(*steps[i]);
    }
    touched.end_batch();
  }
  return barrier;
}

template std::vector<bool> barriers_for(const std::vector<std::unique_ptr<Step<float>>>&, int);
template std::vector<bool> barriers_for(const std::vector<std::unique_ptr<Step<double>>>&, int);

}  // namespace lamina::network
