// testing/infobip_simulator - Infobip's `POST /mms/2/messages` and `GET /mms/2/logs` without a socket: a request in, an
// answer and books out.
//
// A broken request is an HTTP 400 with every violation; a good one is an HTTP 200 with a status for each recipient. An
// id that was accepted before is refused with status 23. Media URLs must be absolute; they are not fetched. Not
// thread-safe, takes `now`.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <testing/api_exchange.hpp>
#include <testing/arrival_limit.hpp>
#include <testing/logs_query.hpp>
#include <testing/provider_books.hpp>

namespace broadside::testing {

class infobip_simulator {
 public:
  explicit infobip_simulator(const simulator_options& options);
  ~infobip_simulator();

  /// Replaces `out`. Total: any body has an answer.
  void answer(const api_request& request, mood how, time_point now, api_answer& out);

  /// `GET /mms/2/logs`: a row for each message asked for that was accepted, in the order of the question. Replaces
  /// `out`.
  void answer_logs(const api_request& request, time_point now, api_answer& out);

  /// The body of an HTTP error in the shape of /mms/2/*: "E500", "E429", …
  [[nodiscard]] static std::string_view error_body(unsigned status) noexcept;

  provider_books books;

 private:
  struct json;
  struct recipient_view;
  [[nodiscard]] bool is_authorised(const api_request& request) const;
  void refuse_unauthorised(api_answer& out);
  void refuse_throttled(api_answer& out);
  void refuse_broken(api_answer& out);
  void note_arrivals(time_point now);
  void answer_each(mood how, time_point now, api_answer& out);
  void answer_one(const recipient_view& recipient, mood how, time_point now, api_answer& out);

  std::string authorization_;  // the whole field as it must arrive
  std::uint32_t refused_per_10000_;
  arrival_limit limit_;
  arrival_limit logs_limit_;
  std::uint64_t generated_ = 0;  // ids the client did not give
  std::unique_ptr<json> json_;   // the parser and what it found in the request at hand
  logs_query logs_;              // of the question at hand
};

}  // namespace broadside::testing
