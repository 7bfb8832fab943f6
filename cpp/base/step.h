// One step of a plan: work cut into tiles that any thread may take. Steps allocate nothing and never throw.
#pragma once
#include <vector>

#include "base/types.h"

namespace lamina {

// What differs from one run of a plan to the next.
template <class T> struct Batch {
  Index rows = 0;
  Index first = 0;                 // the first row, where there is no order
  const Index* order = nullptr;    // the rows of the batch, shuffled
  const Index* next = nullptr;     // the rows of the batch to come, to be fetched early
  Index next_rows = 0;
  Index values = 0;                // where the rows' losses and metrics go
  std::uint64_t iteration = 0;     // updates made so far
  const T* scalars = nullptr;      // the update rule's numbers
  const T* source = nullptr;       // the rows where the caller has them, for a first layer that reads them there
  Index source_row = 0;            // from a row to the next
  Index member = 0;                // of the team: which copy of the inputs is its own, where each has one
};

// Where a layer's inputs lie. Of a small batch's each member of a team has a copy, since cores take longer to exchange it
// than to gather it again.
template <class T> struct InputRoom {
  Matrix<T> rows;                 // [rows, inputs]
  std::uint8_t* live = nullptr;   // [inputs], 0 where a column is zero in the whole batch; null: unknown
  Index copy = 0, live_copy = 0;  // from a member's copy to the next; 0: all share one
  bool takes_source = false;      // where a batch has one, nothing is put here

  Matrix<const T> of(const Batch<T>& batch) const {
    if (takes_source && batch.source != nullptr) return {batch.source, batch.source_row};
    return {rows.data + batch.member * copy, rows.row, rows.panel};
  }
  T* at(const Batch<T>& batch, Index r, Index c) const { return rows.at(r, c) + batch.member * copy; }
  std::uint8_t* live_at(const Batch<T>& batch, Index c) const {
    return live == nullptr ? nullptr : live + batch.member * live_copy + c;
  }
};

template <class T> class Step {
 public:
  virtual ~Step() = default;

  // How many tiles there are for so many rows: a matter of shapes alone.
  virtual Index tiles(Index rows) const = 0;
  virtual void run(Index begin, Index end, const Batch<T>& batch) const = 0;

  // Asks for one of so many parts of what run(begin, end) of the next batch will read from far away: called between the
  // steps of this one, since all at once would be waited for.
  virtual void fetch_next(Index /*begin*/, Index /*end*/, Index /*part*/, Index /*parts*/, const Batch<T>&) const {}

  // Floating-point operations, or what takes as long: for the choice of a team's size.
  virtual double work(Index rows) const = 0;

  // What the step touches, named by address: the plan places barriers by these. Where it is named under rows, tile i
  // touches row i alone: steps that hand rows on need no barrier, since the same member has the same tiles of both.
  // Where it is named under panels, the tiles are so many even groups, one after another, and a group touches its even
  // share of the panels alone: nor do such steps need a barrier, in a team that divides the number of groups of both.
  std::vector<const void*> reads, writes, row_reads, row_writes, panel_reads, panel_writes;
  Index panel_groups = 0;        // 0: nothing is named under panels
  bool by_every_member = false;  // each runs all tiles, for copies of its own, which count as not touched
  bool changes_weights = false;  // not run once a batch's loss was found not to be finite
};

}  // namespace lamina
