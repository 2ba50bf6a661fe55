// env/system - the machine's clocks and entropy: the only place in the library that reads them.
//
// Any thread. Each thread has its own generator, seeded once from the kernel: no lock, no shared cache line.
#include <unistd.h>
#include <broadside/environment.hpp>
#include <cstdint>
#include <new>
#include <random>

namespace broadside {
namespace {

std::uint64_t seed() noexcept {
  // std::random_device may throw; getentropy() (Linux, BSD, macOS) answers up to 256 bytes or -1.
  std::uint64_t bits = 0;
  if (::getentropy(&bits, sizeof bits) == 0) return bits;
  // A kernel without it (ENOSYS): threads and starts still differ, by address and time. None of this is for secrets.
  const auto place = reinterpret_cast<std::uintptr_t>(&bits);
  const auto time = std::chrono::steady_clock::now().time_since_epoch().count();
  return static_cast<std::uint64_t>(time) * 0x9E3779B97F4A7C15ULL ^ place;
}

class system_environment final : public environment {
 public:
  [[nodiscard]] time_point now() noexcept override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] wall_time wall_now() noexcept override { return std::chrono::system_clock::now(); }
  [[nodiscard]] std::uint64_t random() noexcept override {
    thread_local std::mt19937_64 generator{seed()};
    return generator();
  }
};

}  // namespace

environment& environment::system() noexcept {
  // Never destroyed: threads of a host may still ask for the time while static objects die.
  alignas(system_environment) static unsigned char room[sizeof(system_environment)];
  static auto* const instance = ::new (static_cast<void*>(room)) system_environment;
  return *instance;
}

}  // namespace broadside
