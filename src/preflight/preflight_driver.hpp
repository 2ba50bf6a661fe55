// preflight/preflight_driver - URLs looked at over Asio: names, sockets, TLS, timers. What to do is decided in fetch
// and look.
//
// One thread at a time; blocks. Names are looked up on threads of their own; everything else happens on the calling
// thread.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/preflight.hpp>
#include <memory>
#include <optional>
#include <preflight/address_guard.hpp>
#include <preflight/names_driver.hpp>
#include <span>
#include <string>
#include <vector>

namespace broadside::preflight_detail {

/// What a test puts in the place of the world.
struct surroundings {
  name_source names{};                      ///< empty: the system's resolver
  std::optional<ip_address> also_public{};  ///< no private address though it looks like one: a test's own server
};

class looker {
 public:
  /// `environment` outlives it. Errors: what OpenSSL says of the CA file. Options are not validated here.
  [[nodiscard]] static result<std::unique_ptr<looker>> make(preflight_options, environment&, surroundings = {});
  virtual ~looker() = default;
  /// As preflight::look(). When it returns nothing of it goes on but look-ups of names that the system does not give
  /// up; nobody waits for those, not even the destructor.
  [[nodiscard]] virtual result<std::vector<media_report>> look(std::span<const std::string> urls) = 0;
};

}  // namespace broadside::preflight_detail
