// Who serves matrix products: how it is chosen, and, where the build has a BLAS, what that makes of them.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "gemm/backend.h"
#include "in_child.h"
#include "problems.h"

#ifdef LAMINA_BLAS_PREFIX
#define LAMINA_JOIN(prefix, name) prefix##name
#define LAMINA_PREFIXED(prefix, name) LAMINA_JOIN(prefix, name)
extern "C" {
[[gnu::weak]] int LAMINA_PREFIXED(LAMINA_BLAS_PREFIX, openblas_get_num_threads)();
[[gnu::weak]] void LAMINA_PREFIXED(LAMINA_BLAS_PREFIX, openblas_set_num_threads)(int);
}
#endif

using namespace lamina;
using namespace lamina::test;

namespace {

bool has_blas() { return !gemm::blas_library().empty(); }

// BLAS for as long as it lives.
class Chosen {
 public:
  Chosen() { gemm::set_backend("blas"); }
  ~Chosen() { gemm::set_backend(before_); }
  Chosen(const Chosen&) = delete;
  Chosen& operator=(const Chosen&) = delete;

 private:
  const char* const before_ = gemm::name_of(gemm::current_backend());
};

// What a call throws, with its kind in front; empty: nothing.
template <class F> std::string error_of(F&& f) {
  try {
    f();
  } catch (const std::invalid_argument& error) {
    return std::string("invalid_argument ") + error.what();
  } catch (const std::runtime_error& error) {
    return std::string("runtime_error ") + error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Sums of BLAS are its own affair: close to the sum in double, by what rounding so many terms may cost.
template <class T> bool close(T found, double expected, double magnitude) {
  const double epsilon = std::numeric_limits<T>::epsilon();
  return std::abs(static_cast<double>(found) - expected) <= 4 * epsilon * (magnitude + 1e-30);
}

template <class T> class Sum {
 public:
  explicit Sum(double start = 0) : sum_(start), magnitude_(std::abs(start)) {}
  void add(T a, T b) {
    const double term = static_cast<double>(a) * static_cast<double>(b);
    sum_ += term;
    magnitude_ += std::abs(term);
  }
  bool is(T found) const { return close(found, sum_, magnitude_); }

 private:
  double sum_, magnitude_;
};

// Written where it should be and nowhere else; sum(row, column) says what is expected.
template <class T, class F> std::string fault(const Grid<T>& found, F&& sum) {
  Grid<T> expected = found;
  for (Index r = 0; r < found.rows(); ++r)
    for (Index c = 0; c < found.columns(); ++c)
      if (!sum(r, c).is(*found.at(r, c))) return std::to_string(r) + ", " + std::to_string(c) + " is wrong";
  return found.difference(expected, Touches::padding);
}

constexpr Index depths[] = {32, 33, 63, 64, 100, 257, 400};

}  // namespace

// First, before anything in this process asks for the backend.
TEST_CASE("LAMINA_GEMM chooses the backend or is refused") {
  const auto with_variable = [](const char* value) {
    return in_child([value] {
      setenv("LAMINA_GEMM", value, 1);
      std::string used;
      const std::string error = error_of([&] { used = gemm::name_of(gemm::current_backend()); });
      if (error.empty()) return used == (*value == '\0' ? "native" : value) ? 0 : 1;
      return contains(error, std::string("LAMINA_GEMM=") + value) ? contains(error, "runtime_error") ? 3 : 2 : 1;
    });
  };
  CHECK(with_variable("") == 0);
  CHECK(with_variable("native") == 0);
  CHECK(with_variable("blas") == (has_blas() ? 0 : 3));
  for (const char* wrong : {"BLAS", "openblas", "native "}) CHECK(with_variable(wrong) == 2);
}

TEST_CASE("set_backend changes the backend, or says what is wrong and changes nothing") {
  const gemm::Backend before = gemm::current_backend();
  const std::string unknown = error_of([] { gemm::set_backend("mkl"); });
  CHECK(contains(unknown, "invalid_argument set_gemm(name='mkl')"));
  CHECK(contains(unknown, "native or blas"));
  if (has_blas()) {
    const Chosen blas;
    CHECK(gemm::current_backend() == gemm::Backend::blas);
  } else {
    const std::string missing = error_of([] { gemm::set_backend("blas"); });
    CHECK(contains(missing, "runtime_error set_gemm(name='blas')"));
    CHECK(contains(missing, "-Ccmake.define.LAMINA_BLAS=ON"));
  }
  CHECK(gemm::current_backend() == before);
}

TEST_CASE_TEMPLATE("forward by BLAS" * doctest::skip(!has_blas()), T, float, double) {
  const Chosen blas;
  const gemm::BackendScope scope;
  Numbers numbers(1);
  Index by_blas = 0;
  for (const Index inputs : depths)
    for (const Index rows : {1, 31, 40, 64})
      for (const Index columns : {1, 17, 31, 32})
        for (const bool by_panels : {false, true})
          for (const bool with_bias : {false, true}) {
            const Laid<T> x(numbers, rows, inputs, by_panels);
            const Grid<T> panel = values_grid<T>(numbers, inputs, columns, panel_width);
            const Grid<T> bias = values_grid<T>(numbers, 1, columns, panel_width);
            Grid<T> y(rows, columns, padded(columns) + 5);
            const bool served = gemm::blas_forward<T>({.rows = rows,
                                                       .inputs = inputs,
                                                       .columns = columns,
                                                       .x = {x.matrix.data, x.matrix.row, x.matrix.panel},
                                                       .panel = panel.data(),
                                                       .panel_stride = inputs * panel_width,
                                                       .bias = with_bias ? bias.data() : nullptr,
                                                       .y = {y.data(), y.row()},
                                                       .live = nullptr});
            const Index depth = by_panels ? std::min(panel_width, inputs) : inputs;
            REQUIRE(served == (rows * columns * depth >= 32 * 32 * 32));
            if (!served) continue;
            ++by_blas;
            CAPTURE(inputs);
            CAPTURE(by_panels);
            REQUIRE(fault(y, [&](Index r, Index c) {
                      Sum<T> sum(with_bias ? static_cast<double>(*bias.at(0, c)) : 0);
                      for (Index k = 0; k < inputs; ++k) sum.add(*x.matrix.at(r, k), *panel.at(k, c));
                      return sum;
                    }) == "");
          }
  CHECK(by_blas > 50);
}

TEST_CASE_TEMPLATE("input_gradient by BLAS" * doctest::skip(!has_blas()), T, float, double) {
  const Chosen blas;
  const gemm::BackendScope scope;
  Numbers numbers(2);
  Index by_blas = 0;
  for (const Index units : depths)
    for (const Index inputs : {1, 31, 32, 45})
      for (const Index rows : {1, 25, 31, 32}) {
        const Index all_inputs = inputs + 5, panels = divide_up(units, panel_width);  // the tile is part of a kernel
        const Grid<T> kernel(panels * all_inputs, panel_width, panel_width,
                             [&](Index, Index) { return numbers.value<T>(); });
        const Grid<T> dy = values_grid<T>(numbers, units, rows, panel_width);
        Grid<T> dx(inputs, rows, panel_width);
        const bool served = gemm::blas_input_gradient<T>({.inputs = inputs,
                                                          .units = units,
                                                          .rows = rows,
                                                          .kernel = kernel.at(2, 0),
                                                          .panel_stride = all_inputs * panel_width,
                                                          .dy = dy.data(),
                                                          .dx = dx.data()});
        REQUIRE(served == (inputs * rows >= 32 * 32));
        if (!served) continue;
        ++by_blas;
        CAPTURE(units);
        REQUIRE(fault(dx, [&](Index i, Index r) {
                  Sum<T> sum;
                  for (Index k = 0; k < units; ++k)
                    sum.add(*kernel.at(k / panel_width * all_inputs + 2 + i, k % panel_width), *dy.at(k, r));
                  return sum;
                }) == "");
      }
  CHECK(by_blas > 10);
}

TEST_CASE_TEMPLATE("totals of the weight gradient by BLAS" * doctest::skip(!has_blas()), T, float, double) {
  const Chosen blas;
  const gemm::BackendScope scope;
  Numbers numbers(3);
  Index by_blas = 0;
  for (const Index rows : depths)
    for (const Index inputs : {1, 9, 32, 70})
      for (const Index columns : {1, 30, 32})
        for (const bool by_panels : {false, true})
          for (const bool with_previous : {false, true}) {
            const Laid<T> x(numbers, rows, inputs, by_panels), dz(numbers, rows, columns, by_panels);
            const Grid<T> previous = values_grid<T>(numbers, inputs, columns, panel_width);
            Grid<T> totals(inputs, columns, panel_width);
            kernels::WeightGradient<T> g{};
            g.rows = rows;
            g.inputs = inputs;
            g.columns = columns;
            g.x = x.matrix.data;
            g.x_row = x.matrix.row;
            g.x_panel = x.matrix.panel;
            g.dz = dz.matrix.data;
            g.dz_row = dz.matrix.row;
            if (with_previous) g.previous = previous.data();
            const bool served = gemm::blas_totals(g, totals.data());
            REQUIRE(served == (rows * std::min<Index>(inputs, 32) * columns >= 32 * 32 * 32));
            if (!served) continue;
            ++by_blas;
            CAPTURE(rows);
            REQUIRE(fault(totals, [&](Index i, Index c) {
                      Sum<T> sum(with_previous ? static_cast<double>(*previous.at(i, c)) : 0);
                      for (Index r = 0; r < rows; ++r) sum.add(*x.matrix.at(r, i), *dz.matrix.at(r, c));
                      return sum;
                    }) == "");
          }
  CHECK(by_blas > 30);
}

namespace {

// Every layer's products large, in every layout: rows in one piece for a batch of 32, panels for one of 80.
std::vector<Problem> large_problems() {
  std::vector<Problem> list;
  for (const Index batch : {32, 80}) {
    Problem p{"large",
              70,
              {penalized(96, 1e-4, 1e-3), activation("tanh"), dropout(0.2, 5), dense(130, false), activation("sigmoid"),
               dense(40), activation("softmax")},
              {"categorical_crossentropy", {"categorical_accuracy"}},
              sgd(0.1, 0.9),
              2 * batch + 7,
              batch,
              2};
    list.push_back(p);
    p.optimizer = adam(0.01);
    list.push_back(p);
  }
  return list;
}

template <class T> double largest_difference(const std::vector<T>& a, const std::vector<T>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return largest;
}

}  // namespace

TEST_CASE_TEMPLATE("a training by BLAS is the native one but for rounding" * doctest::skip(!has_blas()), T, float,
                   double) {
  const kernels::Table<T>& table = kernels::table<T>(kernels::current_isa());
  for (const Problem& p : large_problems())
    for (const bool fused : {true, false}) {
      const Outcome<T> native = train<T>(p, table, fused);
      const Chosen blas;
      for (const int threads : {1, 3}) {
        const ForcedTeam team(threads);
        const Outcome<T> found = train<T>(p, table, fused);
        CAPTURE(p.batch);
        CAPTURE(threads);
        CHECK(largest_difference(found.weights, native.weights) < (sizeof(T) == 4 ? 2e-3 : 1e-11));
        CHECK(largest_difference(found.predictions, native.predictions) < (sizeof(T) == 4 ? 2e-3 : 1e-11));
        CHECK_FALSE(found == native);  // it was another that summed
      }
    }
}

#ifdef LAMINA_BLAS_PREFIX
// A library that gives each thread its own number cannot be asked like this; OpenBLAS, whose number is the process's,
// is the one that would be in the way.
TEST_CASE("OpenBLAS works with one thread inside a scope, and is left as it was") {
  const auto get = LAMINA_PREFIXED(LAMINA_BLAS_PREFIX, openblas_get_num_threads);
  const auto set = LAMINA_PREFIXED(LAMINA_BLAS_PREFIX, openblas_set_num_threads);
  if (get == nullptr) return;
  const int before = get();
  set(3);
  {
    const gemm::BackendScope native;
    CHECK(get() == 3);
  }
  const Chosen blas;
  std::atomic<int> others{0};
  for (int round = 0; round < 50; ++round) {
    run_team(4, [&](Team& team) {
      for (int i = 0; i <= team.rank; ++i) {  // scopes open and close while others' are open
        const gemm::BackendScope scope;
        if (get() != 1) others.fetch_add(1);
      }
    });
    CHECK(get() == 3);
  }
  CHECK(others.load() == 0);
  set(before);
}
#endif
