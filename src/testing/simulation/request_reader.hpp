// testing/simulation/request_reader - the requests that arrive on one connection, as a strict server reads them.
//
// Only what this library's client writes is understood: a head with Content-Length, or none for a GET. Everything else
// is a defect of the client.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace broadside::testing::sim {

class request_reader {
 public:
  enum class progress : unsigned char { need_more, complete, broken };

  progress feed(std::string_view bytes);
  /// After `complete`: forgets the request; bytes behind it are the next one's.
  void next();

  // after `complete`
  [[nodiscard]] std::string_view method() const { return method_; }
  [[nodiscard]] std::string_view target() const { return target_; }
  [[nodiscard]] std::string_view field(std::string_view name) const;  ///< lower case; empty: not there
  [[nodiscard]] std::string_view body() const { return body_; }       ///< followed by api_exchange's body_padding

 private:
  [[nodiscard]] bool read_head();

  std::string waiting_;
  std::string head_;  // its fields, with lower-case names
  std::string method_, target_, body_;
  std::size_t body_bytes_ = 0;
  bool has_head_ = false;
};

}  // namespace broadside::testing::sim
