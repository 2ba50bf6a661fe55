// testing/api_exchange - what a simulated provider is handed, and what it answers. Values without sockets or clocks.
//
// Reused from request to request: nothing is allocated once the buffers are warm. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::testing {

/// Bytes behind api_request::body that may be read: what the JSON parser needs to read in blocks.
inline constexpr std::size_t body_padding = 64;

/// The facts of a complete request that a provider looks at. Views live until the call they are given to returns.
struct api_request {
  std::string_view content_type;
  std::string_view authorization;
  std::string_view api_key;  ///< the x-api-key field
  std::string_view body;     ///< followed by body_padding readable bytes
  std::string_view target;   ///< as it stands in the request line
};

/// What a provider does with a request whatever it says.
enum class mood : std::uint8_t {
  normal,
  busy,        ///< the provider's own transient code in an HTTP 200; nothing is accepted
  throttling,  ///< HTTP 429; nothing is accepted
  refusing,    ///< every number is a bad one
};

/// Message ids as the client wrote them, in one buffer.
class id_list {
 public:
  void add(std::string_view id) {
    bytes_.append(id);
    ends_.push_back(bytes_.size());
  }
  void clear() {
    bytes_.clear();
    ends_.clear();
  }
  [[nodiscard]] bool empty() const { return ends_.empty(); }
  template <class Visit>
  void for_each(Visit visit) const {
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
      visit(std::string_view(bytes_).substr(begin, end - begin));
      begin = end;
    }
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

struct api_answer {
  unsigned status = 200;
  std::string_view content_type = "application/json";
  std::uint32_t retry_after_seconds = 0;  ///< zero: the field is not sent
  std::int64_t retry_at_s = 0;            ///< instead, the date: seconds since 1970; zero: none
  std::string body;
  std::uint64_t accepted = 0;  ///< messages taken by this request
  id_list accepted_ids;        ///< of those that had an id

  void clear() {
    status = 200;
    content_type = "application/json";
    retry_after_seconds = 0;
    retry_at_s = 0;
    body.clear();
    accepted = 0;
    accepted_ids.clear();
  }
};

/// Appends a JSON string with its quotes (RFC 8259 §7). `utf8` was read by a validating parser.
void append_quoted(std::string& out, std::string_view utf8);

/// The whole of `digits` is 7 to 15 decimal digits: an international number without "+".
[[nodiscard]] bool is_number(std::string_view digits) noexcept;

/// Whether the share `refused_per_10000` of all numbers holds this one: its last four digits decide.
[[nodiscard]] bool is_refused(std::string_view digits, std::uint32_t refused_per_10000) noexcept;

/// An absolute http or https URL with a host. It is not fetched.
[[nodiscard]] bool is_absolute_url(std::string_view url) noexcept;

/// "application/json", with or without parameters, in any case.
[[nodiscard]] bool is_json(std::string_view content_type) noexcept;

/// Unicode code points of well-formed UTF-8.
[[nodiscard]] std::size_t count_characters(std::string_view utf8) noexcept;

}  // namespace broadside::testing
