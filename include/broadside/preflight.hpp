// broadside/preflight - media are fetched and looked at once, before the first message leaves.
//
// A campaign with a dead, mistyped or oversized image fails a hundred thousand times; here it fails once. Blocking: for
// launch and for tools, never on a shard. Any thread, one call at a time per object.
#pragma once

#include <broadside/check.hpp>
#include <broadside/environment.hpp>
#include <broadside/limits.hpp>
#include <broadside/media.hpp>
#include <broadside/result.hpp>
#include <broadside/tls.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace broadside {

enum class preflight_mode : std::uint8_t {
  off,     ///< nothing is fetched
  warn,    ///< what is wrong is told, the campaign is launched
  refuse,  ///< what every message would fail with refuses the launch. The default
};

struct preflight_options {
  preflight_mode mode = preflight_mode::refuse;
  bool https_only = true;  ///< providers take http too; phones and carriers warn of it
  /// 0: a redirect is refused, for providers may not follow it. Each hop is checked like the first.
  std::uint32_t redirects_max = 0;
  std::chrono::milliseconds timeout{20'000};  ///< for one URL with all its requests and redirects, 100 ms to 5 min
  std::uint64_t bytes_max = 512 * 1024;       ///< read of one object at most, 4 KiB to 16 MiB
  std::uint32_t parallel_max = 8;             ///< URLs at once, 1 to 64; of one scheme, host and port at most 4
  std::uint32_t urls_max = 256;  ///< distinct ones in one call, 1 to 4096. A campaign with more is not launched
  /// How long a result is used again without asking; then the URL is asked with its validators (ETag, Last-Modified).
  std::chrono::seconds fresh_for{600};
  /// Dangerous: also fetches from loopback, private and link-local addresses. For tests against a server on this
  /// machine; with it, who can write a campaign can reach everything this host can.
  bool allow_private_addresses = false;
  tls_options tls{};  ///< server_name is not used: each URL has its own

  [[nodiscard]] std::vector<violation> validate() const;
};

/// What became of one URL.
struct media_report {
  std::string url{};
  error_code why{};            ///< set: it could not be looked at; media_… codes, or of the network
  std::string detail{};        ///< of `why`, for people: "302 to http://169.254.169.254/"
  unsigned status = 0;         ///< of the last answer
  std::string content_type{};  ///< as the server said it
  std::uint64_t content_length = 0;
  std::uint64_t bytes_read = 0;
  std::uint32_t redirects = 0;
  bool from_cache = false;
  media_facts facts{};  ///< of the bytes; with `why` unset
};

class preflight {
 public:
  /// Errors: invalid_options with every violation; what OpenSSL says of the CA file. `environment` outlives it.
  [[nodiscard]] static result<preflight, failure> open(preflight_options, environment& = environment::system());
  preflight(preflight&&) noexcept;
  preflight& operator=(preflight&&) noexcept;
  ~preflight();

  /// Fetches each distinct URL once, several at a time, and returns a report for each in the order given. URLs of one
  /// scheme, host and port share connections, which are kept for this call. Blocks for at most timeout * (1 + urls /
  /// parallel_max + n / 4), where n is the most URLs of one host; a look-up of a name that hangs is left to itself.
  /// Errors are in the reports; with more than urls_max, invalid_argument.
  [[nodiscard]] result<std::vector<media_report>> look(std::span<const std::string> urls);

 private:
  class impl;
  explicit preflight(std::unique_ptr<impl>) noexcept;
  std::unique_ptr<impl> impl_;
};

/// What is wrong with the media of a campaign, now that they were looked at: everything check() says of declared media,
/// judged by facts, and what only the bytes tell (`media.unreachable`, `media.type_differs`, `media.broken`,
/// `media.frames` …). Pure. `reports` has one report per campaign::media, in order.
[[nodiscard]] std::vector<finding> check_media(const campaign&, std::span<const media_report> reports,
                                               const combined_limits&);

/// The same for files on disk, by their facts: read with read_media_file().
[[nodiscard]] std::vector<finding> check_media_facts(const media_facts&, std::string_view declared_mime_type,
                                                     std::string_view where, const combined_limits&);

}  // namespace broadside
