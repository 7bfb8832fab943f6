#include "kernels/dispatch.h"

#include <cstdlib>
#include <mutex>
#include <optional>

#include "base/cpu.h"
#include "base/error.h"

namespace lamina::kernels {

extern const Tables scalar_tables, scalar_fma_tables, avx2_tables, avx512_tables, avx512_slow_divider_tables;

namespace {

std::mutex chosen_mutex;
std::optional<Isa> chosen;  // guarded by chosen_mutex

bool supported(Isa isa) {
  const CpuFeatures& cpu = cpu_features();
  switch (isa) {
    case Isa::avx512: return cpu.avx512;
    case Isa::avx2: return cpu.avx2;
    case Isa::scalar: return true;
  }
  return false;
}

std::string names(const std::vector<Isa>& isas) {
  std::string text;
  for (const Isa isa : isas) text += (text.empty() ? "" : ", ") + std::string(name_of(isa));
  return text;
}

Isa parse(const std::string& name, const std::string& place) {
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
    if (name != name_of(isa)) continue;
    require(supported(isa), place, name, ": this CPU does not support it; available here: ", names(available_isas()));
    return isa;
  }
  fail(place, name, ": unknown instruction set; use scalar, avx2 or avx512");
}

const Tables& tables(Isa isa) {
  switch (isa) {
    case Isa::avx512: return cpu_features().slow_divider ? avx512_slow_divider_tables : avx512_tables;
    case Isa::avx2: return avx2_tables;
    case Isa::scalar: break;
  }
  return cpu_features().fma ? scalar_fma_tables : scalar_tables;
}

}  // namespace

const char* name_of(Isa isa) {
  switch (isa) {
    case Isa::avx512: return "avx512";
    case Isa::avx2: return "avx2";
    case Isa::scalar: break;
  }
  return "scalar";
}

std::vector<Isa> available_isas() {
  std::vector<Isa> found;
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512})
    if (supported(isa)) found.push_back(isa);
  return found;
}

Isa current_isa() {
  const std::lock_guard lock(chosen_mutex);
  if (!chosen) {
    const char* wish = std::getenv("LAMINA_ISA");
    chosen = wish != nullptr && *wish != '\0' ? parse(wish, "LAMINA_ISA=") : available_isas().back();
  }
  return *chosen;
}

void set_isa(const std::string& name) {
  const Isa isa = parse(name, "set_isa: ");
  const std::lock_guard lock(chosen_mutex);
  chosen = isa;
}

template <> const Table<float>& table<float>(Isa isa) { return tables(isa).f32; }
template <> const Table<double>& table<double>(Isa isa) { return tables(isa).f64; }

}  // namespace lamina::kernels
