// testing/sinch_simulator - Sinch's `POST /ep/v2/` without a socket: a request in, an answer and new books out.
//
// Checks in the documented order with the documented codes; success and failure are both HTTP 200. Media URLs must be
// absolute; they are not fetched. Not thread-safe, takes `now`.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <testing/api_exchange.hpp>
#include <testing/arrival_limit.hpp>
#include <testing/provider_books.hpp>

namespace broadside::testing {

class sinch_simulator {
 public:
  explicit sinch_simulator(const simulator_options& options);
  ~sinch_simulator();

  /// Replaces `out`. Total: any body has an answer.
  void answer(const api_request& request, mood how, time_point now, api_answer& out);

  provider_books books;

 private:
  struct json;
  struct refusal;
  [[nodiscard]] std::optional<refusal> check(const api_request& request, time_point now);
  [[nodiscard]] std::optional<refusal> check_envelope() const;
  void refuse(const refusal& why, api_answer& out);
  void append_tracking_id(std::string& out);

  std::string api_key_;
  std::string service_id_;
  std::uint32_t refused_per_10000_;
  bool capitalised_;
  arrival_limit limit_;
  std::uint64_t tracked_ = 0;
  std::unique_ptr<json> json_;  // the parser and what it found in the request at hand
};

}  // namespace broadside::testing
