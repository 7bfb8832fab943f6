#include "network/plan.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "gemm/backend.h"
#include "layers/constraint.h"
#include "layers/dense.h"
#include "layers/reshape.h"
#include "network/barriers.h"
#include "network/objective_steps.h"
#include "network/update_steps.h"

namespace lamina::network {
namespace {

const char* name_of(losses::Link link) {
  switch (link) {
    case losses::Link::softmax: return "softmax";
    case losses::Link::sigmoid: return "sigmoid";
    case losses::Link::none: break;
  }
  return "";
}

// Places matrices in one arena: reserve first, then all at once.
template <class T> class Placement {
 public:
  void matrix(Matrix<T>& m, Index rows, Index columns, bool panelled = false) {
    const Index all = round_up(columns, panel_width);
    const Index panel_rows = panelled ? rows | 1 : rows;  // odd, or the panels of a row would share sets of the cache
    const Index offset = arena_.reserve(panel_rows * all);
    matrices_.push_back({&m, offset, panelled ? panel_width : all, panelled ? panel_rows * panel_width : panel_width});
  }
  void pointer(T*& p, Index count) { pointers_.push_back({&p, arena_.reserve(count)}); }

  void allocate() {
    arena_.allocate();
    for (const auto& m : matrices_) *m.target = {arena_.at(m.offset), m.row, m.panel};
    for (const auto& p : pointers_) *p.target = arena_.at(p.offset);
  }

  void clear() { arena_.clear(); }

 private:
  struct PlacedMatrix {
    Matrix<T>* target;
    Index offset, row, panel;
  };
  struct PlacedPointer {
    T** target;
    Index offset;
  };
  Arena<T> arena_;
  std::vector<PlacedMatrix> matrices_;
  std::vector<PlacedPointer> pointers_;
};

constexpr int copied_members = 8;  // who have copies; more are of no use to a batch so small

// Floating-point operations a microsecond that one thread manages, about.
template <class T> double speed() {
  const double floats = kernels::current_isa() == kernels::Isa::avx512 ? 80e3
                        : kernels::current_isa() == kernels::Isa::avx2 ? 50e3
                                                                       : 4e3;
  return floats * sizeof(float) / sizeof(T);
}

}  // namespace

template <class T> struct Plan<T>::Parts {
  const Network<T>& network;
  PlanOptions options;

  Placement<T> placement;
  InputRoom<T> input;
  Matrix<T> targets, link, predictions;
  std::vector<std::int64_t> labels;
  T* weights = nullptr;
  std::vector<std::uint8_t> live;
  std::vector<std::unique_ptr<layers::Block<T>>> blocks;
  std::unique_ptr<layers::Block<T>> head;  // the final activation, where the loss takes what comes before it

  losses::LossInfo loss_info{};
  std::unique_ptr<losses::Loss<T>> loss;
  std::vector<const metrics::Metric*> metric_list;
  ValueRoom room;
  std::vector<double> own_values, penalty_segments, square_segments;
  Totals totals;
  std::vector<Verdict> verdicts;  // one, or one for each member

  const Verdict& verdict(int member) const {
    return verdicts[verdicts.size() == 1 ? 0 : static_cast<std::size_t>(member)];
  }

  std::vector<std::unique_ptr<Step<T>>> steps;
  std::vector<std::vector<bool>> barriers;  // for any team, for one of 2, of 4, ...
  std::size_t first_steps = 0;
  int most_members = std::numeric_limits<int>::max();

  const std::vector<bool>& barriers_of(int team) const {
    for (std::size_t power = 1; power < barriers.size(); ++power)
      if (team == 1 << power) return barriers[power];
    return barriers[0];
  }

  // Calls f with a member's share of a step's tiles.
  template <class F> void on_tiles(const Step<T>& step, Index rows, const Team& team, const F& f) const {
    const Index tiles = step.tiles(rows);
    if (step.by_every_member)
      f(Index{0}, tiles);
    else
      f(team.begin(tiles), team.end(tiles));
  }

  Parts(const Network<T>& n, const PlanOptions& o) : network(n), options(o) {
    read_objective();
    make_blocks();
    place();
    make_steps();
  }

  bool backward() const { return options.backward != Backward::none; }
  bool changes_weights() const {
    return options.backward == Backward::fused_update || options.backward == Backward::stored_update;
  }
  bool link_fused = false;         // the loss replaces the final activation
  bool link_is_activation = false;  // and its link is that very activation

  void read_objective() {
    if (options.objective == nullptr) return;
    loss_info = losses::info_of(options.objective->loss);
    loss = losses::make<T>(options.objective->loss);
    metric_list = metrics_of(*options.objective);
    totals.metrics.assign(metric_list.size(), 0.0);
    if (loss_info.link == losses::Link::none || network.layers().empty()) return;
    const std::string& last = network.layers().back().function;  // empty where the last layer is no activation
    link_fused = last == "softmax" || last == "sigmoid";
    link_is_activation = last == name_of(loss_info.link);
  }

  void make_blocks() {
    const auto& layers = network.layers();
    layers::Shape shape{network.inputs(), 1};
    std::uint32_t position = 0;  // a change of shape is not counted: it must not change random numbers
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const layers::Parameter<T>* const parameters = network.parameters_of(i);
      shape = layers::shape_after(layers[i], shape);
      if (layers[i].type == "dense") {
        layers::Block<T>& block = add_block(shape);
        block.kernel = parameters;
        block.bias = layers[i].value("use_bias", 1) != 0 ? parameters + 1 : nullptr;
      } else if (layers[i].type == "reshape") {
        add_block(shape).reshapes = true;
      } else {
        auto op = layers::make_op<T>(layers[i], {network.table(), shape, options.capacity * shape.times,
                                                 position, backward(), options.training, changes_weights(), parameters});
        if (op != nullptr) add_op(std::move(op), shape, link_fused && i + 1 == layers.size());
      }
      position += layers[i].type != "reshape";
    }
    if (blocks.empty()) add_block(shape);
  }

  layers::Block<T>& add_block(layers::Shape shape) {
    blocks.push_back(std::make_unique<layers::Block<T>>(network.table(), shape, options.capacity));
    return *blocks.back();
  }

  void add_op(std::unique_ptr<layers::Op<T>> op, layers::Shape shape, bool by_the_loss) {
    if (by_the_loss) {
      if (link_is_activation) return;
      head = std::make_unique<layers::Block<T>>(network.table(), shape, options.capacity);
      head->ops.push_back(std::move(op));
      return;
    }
    const bool alone = blocks.empty() || blocks.back()->reshapes || op->whole_batch() || blocks.back()->whole_batch() ||
                       (op->rowwise() && blocks.back()->kernel != nullptr);
    if (alone) add_block(shape);
    blocks.back()->ops.push_back(std::move(op));
  }

  // Whether weights at or before this block want its gradient.
  bool needs_gradient(std::size_t block) const {
    if (!backward()) return false;
    for (std::size_t i = 0; i <= block; ++i)
      if (blocks[i]->trainable()) return true;
    return false;
  }

  // Ops alone turn the gradient of their outputs into that of the block before, in its room.
  bool shares_gradient(std::size_t i) const {
    return blocks[i]->kernel == nullptr && !blocks[i]->reshapes && i > 0 && needs_gradient(i - 1);
  }

  // Whether what a dense layer reads lies panel by panel: large batches, whose products then walk through memory, where
  // nothing else wants whole rows of it.
  bool panelled(std::size_t reader) const {
    return options.capacity > small_batch && reader < blocks.size() && blocks[reader]->kernel != nullptr &&
           (reader == 0 || blocks[reader - 1]->kernel != nullptr);
  }

  void place() {
    const Index rows = options.capacity;
    const bool copies = copies_inputs();
    if (copies) most_members = copied_members;
    verdicts.resize(copies ? copied_members : 1);
    placement.matrix(input.rows, copies ? copy_rows() * copied_members : rows, network.inputs(), panelled(0));
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      layers::Block<T>& b = *blocks[i];
      const Index all = rows * b.times;
      const bool by_panels = panelled(i + 1);
      if (b.kernel != nullptr) placement.matrix(b.sum, all, b.columns, by_panels);
      if (b.reshapes) placement.matrix(b.out, all, b.columns);
      for (std::size_t k = 0; k < b.ops.size(); ++k)
        if (!over_the_sum(b, k)) placement.matrix(b.ops[k]->out, all, b.columns, by_panels);
      if (needs_gradient(i) && !shares_gradient(i)) placement.matrix(b.dy, all, b.columns, by_panels);
      if (b.kernel != nullptr && i > 0 && needs_gradient(i - 1)) place_input_gradient(b, all);
    }
    if (loss != nullptr) place_objective(rows * network.times());
    placement.allocate();
    if (copies) input.copy = copy_rows() * input.rows.row;
    input.takes_source = blocks[0]->kernel != nullptr;
    if (options.skip_zero_columns) place_live(copies);
    connect();
  }

  void place_input_gradient(layers::Block<T>& b, Index rows) {
    const Index parts = layers::dense_gradient_parts(*b.kernel, rows);
    if (parts > 1)
      placement.matrix(b.dx_parts, parts * rows, b.kernel->inputs);
    else if (!b.narrow())
      placement.pointer(b.dy_transposed, round_up(rows, panel_width) * b.columns);
  }

  // The first layer of a small batch in training.
  bool copies_inputs() const {
    constexpr Index few_elements = 1 << 14;
    return backward() && blocks[0]->kernel != nullptr && options.capacity <= small_batch &&
           options.capacity * network.inputs() <= few_elements;
  }

  // From a member's copy to the next: so much more than it needs that what a CPU fetches ahead for one member, line by
  // line up to a page's end or row by row some rows on, takes no lines from another: 1.7 µs a step, and more where
  // cores are far from each other.
  static constexpr Index page = 4096;  // bytes
  Index copy_rows() const {
    const Index row = round_up(network.inputs(), panel_width) * static_cast<Index>(sizeof(T));
    return options.capacity + std::max(rows_apart, divide_up(page, row));
  }

  void place_live(bool copies) {
    const Index columns = network.inputs() + page;
    live.resize(static_cast<std::size_t>(columns * (copies ? copied_members : 1)));
    input.live = live.data();
    input.live_copy = copies ? columns : 0;
  }

  void place_objective(Index rows) {
    placement.matrix(link, rows, network.outputs());
    if (head != nullptr) placement.matrix(head->ops[0]->out, rows, network.outputs());
    if (loss_info.targets == losses::Targets::dense)
      placement.matrix(targets, rows, network.outputs());
    else
      labels.resize(static_cast<std::size_t>(rows));
    if (options.weighted) placement.pointer(weights, rows);
    own_values.resize((metric_list.size() + (options.weighted ? 2 : 1)) * static_cast<std::size_t>(rows));
    room = {own_values.data(), rows};
  }

  // An activation right behind a dense layer may overwrite the sums.
  static bool over_the_sum(const layers::Block<T>& b, std::size_t op) {
    return b.kernel != nullptr && op == 0 && b.ops[op]->in_place();
  }

  void connect() {
    Matrix<T> before = input.rows;
    if (blocks[0]->kernel != nullptr) blocks[0]->in = input;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      layers::Block<T>& b = *blocks[i];
      b.in.rows = before;
      Matrix<T> value = b.kernel != nullptr ? b.sum : b.reshapes ? b.out : b.in.rows;
      for (std::size_t k = 0; k < b.ops.size(); ++k) {
        b.ops[k]->in = value;
        if (over_the_sum(b, k)) b.ops[k]->out = value;
        value = b.ops[k]->out;
      }
      before = b.out = value;
      if (shares_gradient(i)) b.dy = blocks[i - 1]->dy;
    }
    predictions = before;
    if (link_is_activation) predictions = link;
    if (head != nullptr) {
      head->in.rows = head->ops[0]->in = before;
      predictions = head->out = head->ops[0]->out;
    }
  }

  void add(std::unique_ptr<Step<T>> step) {
    if (step == nullptr) return;
    if (step->changes_weights) step->reads.push_back(&verdicts);
    steps.push_back(std::move(step));
  }

  void make_steps() {
    for (const auto& block : blocks)
      for (const auto& op : block->ops) add(op->prepare());
    if (backward())
      for (auto& step : make_penalty_steps(network, penalty_segments)) add(std::move(step));
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const layers::Block<T>& b = *blocks[i];
      if (b.kernel != nullptr)
        add(layers::make_dense_forward(b));
      else if (b.reshapes)
        add(layers::make_reshape_forward(b, i == 0 ? network.inputs() : blocks[i - 1]->columns));
      else if (!b.ops.empty()) {
        for (const auto& op : b.ops) add(op->before_forward());
        add(layers::make_rows_forward(b));
      }
    }
    if (head != nullptr) add(layers::make_rows_forward(*head));
    if (loss != nullptr) add_loss();
    if (backward()) add_backward();
  }

  void add_loss() {
    const layers::Block<T>& last = *blocks.back();
    add(make_loss_step<T>(network.table(),
                          {.loss = loss.get(),
                           .metrics = metric_list,
                           .z = {last.out.data, last.out.row},
                           .logits = link_fused || options.objective->loss.option("from_logits", 0) != 0,
                           .link = link,
                           .head = head == nullptr ? Matrix<const T>{} : Matrix<const T>{head->out.data, head->out.row},
                           .predictions = predictions,
                           .targets = targets,
                           .labels = labels.empty() ? nullptr : labels.data(),
                           .weights = weights,
                           .unweighted_metrics = options.objective->metrics.size(),
                           .last = needs_gradient(blocks.size() - 1) ? &last : nullptr,
                           .outputs = network.outputs(),
                           .times = network.times()},
                          room));
    for (const auto& block : blocks)
      for (const auto& op : block->ops)
        if (op->row_penalties() != nullptr)
          add(make_row_penalty_step<T>(op->row_penalties(), block->times, room, network.times()));
  }

  void add_sum() { add(make_sum_step<T>(room, network.times(), options.weighted, penalty_segments, totals, verdicts)); }

  void add_backward() {
    const kernels::Update update =
        options.backward == Backward::fused_update ? options.update.update : kernels::Update::store;
    // Gradients by rows follow the loss without a barrier, and the sum of the rows' losses stands behind them. Of a
    // small batch weights that a member alone reads are changed right behind that, before the barrier that the sum of
    // the parts of a gradient wants, and all others last, behind one; those of a large one right behind the gradient
    // that read them.
    const bool updates_last = options.capacity <= small_batch;
    bool by_rows = true;
    std::vector<std::unique_ptr<Step<T>>> updates;
    const auto add_updates = [&] {
      for (auto& step : updates) add(std::move(step));
      updates.clear();
    };
    for (std::size_t i = blocks.size(); i-- > 0 && needs_gradient(i);) {
      const layers::Block<T>& b = *blocks[i];
      const layers::Block<T>* before = i > 0 && needs_gradient(i - 1) ? blocks[i - 1].get() : nullptr;
      if (by_rows && (b.reshapes || (b.kernel != nullptr && !b.narrow()) || before == nullptr)) {
        add_sum();
        by_rows = false;
        if (!updates_last) add_updates();
      }
      if (b.kernel != nullptr) {
        auto parts = before == nullptr ? nullptr : layers::make_dense_gradient_parts(b);
        auto changes = b.kernel->trainable ? layers::make_dense_update(b, update) : nullptr;
        const bool own_weights = parts != nullptr;
        add(std::move(parts));
        if (own_weights) add(std::move(changes));
        if (before != nullptr) add(layers::make_dense_input_gradient(b, *before));
        if (changes != nullptr) updates.push_back(std::move(changes));
      } else if (!b.reshapes) {
        for (const auto& op : b.ops) add(op->before_gradient(b.dy));
        add(layers::make_rows_gradient(b, before));
      } else if (before != nullptr) {
        add(layers::make_reshape_gradient(b, *before));
      }
      for (const auto& op : b.ops)
        for (auto& step : op->make_updates(update)) updates.push_back(std::move(step));
      if (!updates_last && !by_rows) add_updates();
    }
    if (by_rows) add_sum();
    add_updates();
    if (options.backward == Backward::stored_update)
      for (auto& step : make_update_steps(network, options.update, square_segments)) add(std::move(step));
    if (!changes_weights()) return;
    for (const layers::Parameter<T>& parameter : network.parameters())
      if (parameter.trainable && parameter.constraint.kind != layers::ConstraintSpec::none)
        add(layers::make_constraint(parameter));
  }
};

void check_objective(const Objective& objective) {
  const losses::LossInfo loss = losses::info_of(objective.loss);
  losses::make<double>(objective.loss);  // throws for an option out of range
  for (const metrics::Metric* metric : metrics_of(objective)) {
    const bool labels = metric->targets == metrics::Targets::labels;
    require(labels == (loss.targets == losses::Targets::labels), "metric '", metric->name, "' does not fit the targets of loss '",
            loss.name, "', which are ", labels ? "rows of numbers" : "class indices");
  }
}

template <class T>
Plan<T>::Plan(const Network<T>& network, const PlanOptions& options)
    : parts_(std::make_unique<Parts>(network, options)) {
  gemm::current_backend();  // a LAMINA_GEMM that makes no sense is refused before anything runs
}
template <class T> Plan<T>::~Plan() = default;

template <class T> const InputRoom<T>& Plan<T>::input() const { return parts_->input; }
template <class T> Matrix<T> Plan<T>::targets() const { return parts_->targets; }
template <class T> std::int64_t* Plan<T>::labels() const { return parts_->labels.data(); }
template <class T> T* Plan<T>::weights() const { return parts_->weights; }
template <class T> losses::Targets Plan<T>::target_kind() const { return parts_->loss_info.targets; }
template <class T> Matrix<T> Plan<T>::predictions() const { return parts_->predictions; }
template <class T> const Totals& Plan<T>::totals() const { return parts_->totals; }

template <class T> void Plan<T>::restart() {
  if (parts_->totals.diverged) parts_->placement.clear();
  parts_->totals = {.metrics = std::vector<double>(parts_->metric_list.size(), 0.0)};
}

template <class T> void Plan<T>::continue_from(const Plan& other) { parts_->totals = other.parts_->totals; }

template <class T> void Plan<T>::give_up() { parts_->totals.diverged = true; }

template <class T> void Plan<T>::write_values_to(double* values, Index stride) { parts_->room = {values, stride}; }

template <class T> void Plan<T>::add_first(std::unique_ptr<Step<T>> step) {
  parts_->steps.insert(parts_->steps.begin() + static_cast<std::ptrdiff_t>(parts_->first_steps++), std::move(step));
}

template <class T> void Plan<T>::finish() {
  Parts& p = *parts_;
  p.barriers = {barriers_for(p.steps, 0)};
  const bool panels = std::any_of(p.steps.begin(), p.steps.end(), [](const auto& s) { return s->panel_groups > 0; });
  for (int team = 2; panels && team <= std::min(max_threads(), p.most_members); team *= 2)
    p.barriers.push_back(barriers_for(p.steps, team));
}

template <class T> bool Plan<T>::run(const Batch<T>& batch, Team& team) const {
  const Parts& p = *parts_;
  const gemm::BackendScope backend;
  Batch<T> own = batch;
  own.member = team.rank;
  const std::vector<bool>& barrier = p.barriers_of(team.size);
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    const Step<T>& step = *p.steps[i];
    if (barrier[i]) team.barrier();
    if (step.changes_weights && p.verdict(team.rank).diverged) return false;
    p.on_tiles(step, batch.rows, team, [&](Index begin, Index end) { step.run(begin, end, own); });
    if (batch.next == nullptr) continue;
    const Step<T>& gather = *p.steps.front();
    p.on_tiles(gather, batch.next_rows, team, [&](Index begin, Index end) {
      gather.fetch_next(begin, end, static_cast<Index>(i), static_cast<Index>(p.steps.size()), batch);
    });
  }
  return true;
}

template <class T> int Plan<T>::most_members() const { return parts_->most_members; }

template <class T> int Plan<T>::team_size(Index rows, Region region) const {
  double work = 0;
  for (const auto& step : parts_->steps) work += step->work(rows);
  const std::vector<bool>& barrier = parts_->barriers_of(2);
  const auto barriers = std::count(barrier.begin(), barrier.end(), true);
  return std::min(team_size_for(work / speed<T>(), barriers, region), parts_->most_members);
}

template class Plan<float>;
template class Plan<double>;

}  // namespace lamina::network
