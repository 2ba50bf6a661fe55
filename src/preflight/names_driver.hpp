// preflight/names_driver - names looked up on threads of their own: a name server that does not answer delays nobody
// else, and nobody has to wait for it.
//
// The system's look-up blocks and cannot be called off. So its thread is detached and shares what it touches: whoever
// asked may be gone before it. One thread per name that is being looked up, threads_max of them; other names wait.
// Unloading this code while a look-up hangs is as unsafe as with every thread.
#pragma once

#include <broadside/result.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <preflight/address_guard.hpp>
#include <string>
#include <vector>

namespace broadside::preflight_detail {

/// A host's name to all its addresses. Called on several threads at once.
using name_source = std::function<result<std::vector<ip_address>>(const std::string& host)>;

/// What the system's resolver says, in the order in which addresses are to be tried. Blocks.
[[nodiscard]] result<std::vector<ip_address>> system_addresses(const std::string& host);

/// One thread at a time, but for what is said of `wake`.
class name_lookups {
 public:
  static constexpr std::size_t threads_max = 64;

  struct answer {
    std::string host;
    result<std::vector<ip_address>> found;
  };

  /// `wake` is called, on any thread and one call at a time, when take() has something new; never after the destructor.
  /// It must not call back.
  name_lookups(name_source, std::function<void()> wake);
  name_lookups(const name_lookups&) = delete;
  name_lookups& operator=(const name_lookups&) = delete;
  /// Does not wait: what is being looked up ends by itself, and is forgotten.
  ~name_lookups();

  /// Looks the name up, unless that is under way, or answered and not taken yet.
  void start(const std::string& host);
  /// What was answered since the last call.
  [[nodiscard]] std::vector<answer> take();

 private:
  struct desk;
  static void work(const std::shared_ptr<desk>&, std::string host);
  const std::shared_ptr<desk> desk_;
};

}  // namespace broadside::preflight_detail
