// Large products by a BLAS, through the Fortran interface that every one of them has. LAMINA_BLAS_PREFIX is what it
// puts before its names (scipy-openblas32: scipy_), LAMINA_BLAS_NAME the file it was found in.
#include <algorithm>
#include <cstddef>
#include <mutex>

#include "gemm/backend.h"

#define LAMINA_JOIN(prefix, name) prefix##name
#define LAMINA_PREFIXED(prefix, name) LAMINA_JOIN(prefix, name)
#define LAMINA_BLAS(name) LAMINA_PREFIXED(LAMINA_BLAS_PREFIX, name)

extern "C" {
// The lengths of the two strings come last, as Fortran passes them.
void LAMINA_BLAS(sgemm_)(const char*, const char*, const int*, const int*, const int*, const float*, const float*,
                         const int*, const float*, const int*, const float*, float*, const int*, std::size_t,
                         std::size_t);
void LAMINA_BLAS(dgemm_)(const char*, const char*, const int*, const int*, const int*, const double*, const double*,
                         const int*, const double*, const int*, const double*, double*, const int*, std::size_t,
                         std::size_t);

// How each library is asked for its threads and its version. Weak: null where it is another one that was linked.
[[gnu::weak]] int flexiblas_get_num_threads();
[[gnu::weak]] void flexiblas_set_num_threads(int);
[[gnu::weak]] int LAMINA_BLAS(openblas_get_num_threads)();
[[gnu::weak]] void LAMINA_BLAS(openblas_set_num_threads)(int);
[[gnu::weak]] char* LAMINA_BLAS(openblas_get_config)();
[[gnu::weak]] int MKL_Set_Num_Threads_Local(int);
[[gnu::weak]] void MKL_Get_Version_String(char*, int);
[[gnu::weak]] std::int64_t bli_thread_get_num_threads();
[[gnu::weak]] void bli_thread_set_num_threads(std::int64_t);
[[gnu::weak]] const char* bli_info_get_version_str();
[[gnu::weak]] unsigned BLASGetThreading();
[[gnu::weak]] int BLASSetThreading(unsigned);
}

namespace lamina::gemm {
namespace {

// Below 32 x 32 x 32 multiply-adds a call costs more than it may gain: some 0.1 µs beside the 0.5 µs that they take.
constexpr Index least_multiply_adds = 32 * 32 * 32;

struct Library {
  std::string name;
  int (*set_threads)(int) = nullptr;  // returns how many there were; null: it never has more than one
  bool by_thread = false;             // the number is the calling thread's, not the process's
};

Library find_library() {
  if (flexiblas_set_num_threads != nullptr)
    return {"FlexiBLAS", [](int n) {
              const int before = flexiblas_get_num_threads();
              flexiblas_set_num_threads(n);
              return before;
            }};
  if (LAMINA_BLAS(openblas_set_num_threads) != nullptr)
    return {LAMINA_BLAS(openblas_get_config)(), [](int n) {
              const int before = LAMINA_BLAS(openblas_get_num_threads)();
              LAMINA_BLAS(openblas_set_num_threads)(n);
              return before;
            }};
  if (MKL_Set_Num_Threads_Local != nullptr) {
    char version[200] = {};
    MKL_Get_Version_String(version, sizeof(version) - 1);
    std::string name = version;
    name.erase(name.find_last_not_of(' ') + 1);
    return {name, [](int n) { return MKL_Set_Num_Threads_Local(n); }, true};
  }
  if (bli_thread_set_num_threads != nullptr)  // it knows a number that nobody has chosen as -1, and takes it for 1
    return {std::string("BLIS ") + bli_info_get_version_str(), [](int n) {
              const std::int64_t before = bli_thread_get_num_threads();
              bli_thread_set_num_threads(n);
              return static_cast<int>(std::max<std::int64_t>(before, 1));
            }};
  if (BLASSetThreading != nullptr)  // 0: as many as it likes, 1: one
    return {"Accelerate", [](int n) {
              const bool one = BLASGetThreading() == 1;
              BLASSetThreading(n == 1 ? 1 : 0);
              return one ? 1 : 2;
            }, true};
  return {LAMINA_BLAS_NAME};
}

const Library& library() {
  static const Library found = find_library();
  return found;
}

// Where the library's number of threads is the whole process's, the first scope sets it and the last puts it back.
std::mutex shared_mutex;
int scopes = 0, threads_before_all = 0;  // guarded by shared_mutex

thread_local bool serving = false;

bool served(Index rows, Index columns, Index depth) { return serving && rows * columns * depth >= least_multiply_adds; }

// C[rows, columns] += A[rows, depth] B[depth, columns], all row-major; or A is given as its transpose.
template <class T> struct Product {
  Index rows, columns, depth;
  const T* a;
  Index a_row;
  bool transposed;
  const T* b;
  Index b_row;
  T* c;
  Index c_row;
};

// BLAS sees columns where there are rows: it is asked for Cᵀ = Bᵀ Aᵀ. In pieces of a segment, since OpenBLAS copies
// both operands beforehand where there are more than 10^6 multiply-adds, and takes 1.5 times as long.
template <class T> void multiply_add(const Product<T>& p) {
  const int m = static_cast<int>(p.columns), n = static_cast<int>(p.rows);
  const int b_row = static_cast<int>(p.b_row), a_row = static_cast<int>(p.a_row), c_row = static_cast<int>(p.c_row);
  const char* const a_form = p.transposed ? "T" : "N";
  const T one = 1;
  for (Index begin = 0; begin < p.depth; begin += segment_depth) {
    const int k = static_cast<int>(std::min(segment_depth, p.depth - begin));
    const T* const a = p.a + begin * (p.transposed ? p.a_row : 1);
    const T* const b = p.b + begin * p.b_row;
    if constexpr (sizeof(T) == sizeof(float))
      LAMINA_BLAS(sgemm_)("N", a_form, &m, &n, &k, &one, b, &b_row, a, &a_row, &one, p.c, &c_row, 1, 1);
    else
      LAMINA_BLAS(dgemm_)("N", a_form, &m, &n, &k, &one, b, &b_row, a, &a_row, &one, p.c, &c_row, 1, 1);
  }
}

// Rows of `from`, or of zeros, where sums begin; with the padding that kernels would write.
template <class T> void begin_with(const T* from, Index from_row, Index rows, Index columns, T* to, Index to_row) {
  constexpr Index padding = 16;
  for (Index r = 0; r < rows; ++r) {
    T* const row = to + r * to_row;
    if (from != nullptr)
      std::copy_n(from + r * from_row, round_up(columns, padding), row);
    else
      std::fill_n(row, round_up(columns, padding), T{0});
  }
}

}  // namespace

std::string blas_library() { return library().name; }

BackendScope::BackendScope() : serves_(current_backend() == Backend::blas) {
  if (!serves_) return;
  serving = true;
  const Library& blas = library();
  if (blas.set_threads == nullptr) return;
  if (blas.by_thread) {
    threads_before_ = blas.set_threads(1);
    return;
  }
  const std::lock_guard lock(shared_mutex);
  const int before = blas.set_threads(1);
  if (scopes++ == 0) threads_before_all = before;
}

BackendScope::~BackendScope() {
  if (!serves_) return;
  serving = false;
  const Library& blas = library();
  if (blas.set_threads == nullptr) return;
  if (blas.by_thread) {
    blas.set_threads(threads_before_);
    return;
  }
  const std::lock_guard lock(shared_mutex);
  if (--scopes == 0) blas.set_threads(threads_before_all);
}

template <class T> bool blas_forward(const Forward<T>& f) {
  const Index chunk = f.x.panel == panel_width ? f.inputs : panel_width;  // rows of x lie in one piece, or by panels
  if (!served(f.rows, std::min(panel_width, f.columns), std::min(chunk, f.inputs))) return false;
  for (Index column = 0; column < f.columns; column += panel_width) {
    const Index columns = std::min(panel_width, f.columns - column);
    T* const y = f.y.at(0, column);
    begin_with(f.bias == nullptr ? nullptr : f.bias + column, 0, f.rows, columns, y, f.y.row);
    for (Index k = 0; k < f.inputs; k += chunk)
      multiply_add<T>({.rows = f.rows,
                       .columns = columns,
                       .depth = std::min(chunk, f.inputs - k),
                       .a = f.x.at(0, k),
                       .a_row = f.x.row,
                       .transposed = false,
                       .b = f.panel + column / panel_width * f.panel_stride + k * panel_width,
                       .b_row = panel_width,
                       .c = y,
                       .c_row = f.y.row});
  }
  return true;
}

template <class T> bool blas_input_gradient(const InputGradient<T>& g) {
  if (!served(g.inputs, std::min(panel_width, g.rows), std::min(panel_width, g.units))) return false;
  for (Index row = 0; row < g.rows; row += panel_width) {
    const Index rows = std::min(panel_width, g.rows - row);
    T* const dx = g.dx + row * g.inputs;
    begin_with<T>(nullptr, 0, g.inputs, rows, dx, panel_width);
    for (Index k = 0; k < g.units; k += panel_width)
      multiply_add<T>({.rows = g.inputs,
                       .columns = rows,
                       .depth = std::min(panel_width, g.units - k),
                       .a = g.kernel + k / panel_width * g.panel_stride,
                       .a_row = panel_width,
                       .transposed = false,
                       .b = g.dy + row * g.units + k * panel_width,
                       .b_row = panel_width,
                       .c = dx,
                       .c_row = panel_width});
  }
  return true;
}

template <class T> bool blas_totals(const kernels::WeightGradient<T>& g, T* totals) {
  if (!served(std::min(panel_width, g.inputs), g.columns, g.rows)) return false;
  begin_with(g.previous, panel_width, g.inputs, g.columns, totals, panel_width);
  for (Index first = 0; first < g.inputs; first += panel_width)
    multiply_add<T>({.rows = std::min(panel_width, g.inputs - first),
                     .columns = g.columns,
                     .depth = g.rows,
                     .a = g.x + first / panel_width * g.x_panel,
                     .a_row = g.x_row,
                     .transposed = true,
                     .b = g.dz,
                     .b_row = g.dz_row,
                     .c = totals + first * panel_width,
                     .c_row = panel_width});
  return true;
}

#define LAMINA_INSTANTIATE(T)                                  \
  template bool blas_forward(const Forward<T>&);               \
  template bool blas_input_gradient(const InputGradient<T>&);  \
  template bool blas_totals(const kernels::WeightGradient<T>&, T*);
LAMINA_INSTANTIATE(float)
LAMINA_INSTANTIATE(double)

}  // namespace lamina::gemm
