// tests/support/fake_provider - a provider whose requests are readable and whose answers are one letter a message.
//
// Request: one line per message, "<id> <to> <text>". Answer: a letter each, in order: A accepted, R rejected,
// T transient, O the same by its own fault, S slow down, P the sender is too fast, N the account's number of the day is
// used up, M the sender's, F route fault, D duplicate, W the whole request is refused, U unknown. Status 200 always; an
// empty body means U for all.
#pragma once

#include <broadside/provider.hpp>
#include <functional>
#include <optional>
#include <string>

namespace broadside::testing {

class fake_provider final : public provider {
 public:
  explicit fake_provider(std::uint32_t batch = 1, bool deduplicates = false,
                         std::string base_url = "http://127.0.0.1:9")
      : deduplicates_(deduplicates) {
    limits_.name = "fake";
    limits_.subject_max = 20;
    limits_.text_max = 40;
    limits_.fallback_text_max = 20;
    limits_.media_max = 2;
    limits_.messages_per_request_max = batch;
    endpoint_.base_url = std::move(base_url);
    endpoint_.target = "/fake";
  }

  std::string_view name() const noexcept override { return "fake"; }
  const content_limits& limits() const noexcept override { return limits_; }
  /// For a test that wants other rules; before the provider is used.
  content_limits& rules() noexcept { return limits_; }
  const http_endpoint& endpoint() const noexcept override { return endpoint_; }
  bool deduplicates() const noexcept override { return deduplicates_; }

  /// Called by each encode(): what other threads do meanwhile.
  std::function<void()> on_encode{};

  /// From now on it can be asked: "?<id>,<id>", answered by letters too.
  void answers_questions(std::uint32_t messages_max, rate_limit limit = {}) {
    query_.emplace();
    query_->endpoint = endpoint_;
    query_->endpoint.method = http_method::get;
    query_->messages_max = messages_max;
    query_->limit = limit;
  }
  /// From now on delivery reports are said to come in.
  void is_reported() noexcept { reports_ = true; }
  bool reports() const noexcept override { return reports_; }
  const message_query* query() const noexcept override { return query_ ? &*query_ : nullptr; }
  void encode_query(std::span<const message_id> ids, std::string& target) const override {
    target = "?";
    for (const message_id id : ids) target += to_string(id) + ",";
    target.pop_back();
  }
  void classify_query(const http_response& answer, std::span<const message_id> ids,
                      std::span<verdict> each) const noexcept override {
    classify(answer, ids, each);
  }

  /// A text with "!unsendable" cannot be encoded; a batch ends before a text with "!last".
  result<std::size_t> encode(std::span<const message> messages, std::string& body) const override {
    if (on_encode) on_encode();
    body.clear();
    std::size_t n = 0;
    for (const message& m : messages) {
      if (m.text.find("!unsendable") != std::string_view::npos) break;
      if (n > 0 && m.text.find("!last") != std::string_view::npos) break;
      const message_id_text id = to_text(m.id);
      body.append(id.data(), id.size());
      body += ' ';
      body += m.to.to_string();
      body += ' ';
      body += m.text;
      body += '\n';
      ++n;
    }
    if (n == 0) return errc::message_too_large;
    return n;
  }

  void classify(const http_response& answer, std::span<const message_id> ids,
                std::span<verdict> each) const noexcept override {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      verdict& v = each[i];
      v.status_code = i < answer.body.size() ? answer.body.substr(i, 1) : std::string_view("none");
      v.retry_after = answer.retry_after;
      switch (i < answer.body.size() ? answer.body[i] : 'U') {
        case 'A':
          v.kind = verdict_kind::accepted;
          break;
        case 'R':
          v.kind = verdict_kind::rejected;
          break;
        case 'T':
          v.kind = verdict_kind::retry;
          break;
        case 'O':
          v.kind = verdict_kind::retry;
          v.of_message = true;
          break;
        case 'S':
          v.kind = verdict_kind::slow_down;
          break;
        case 'F':
          v.kind = verdict_kind::retry;
          v.route_fault = true;
          v.error = std::string_view("bad key");
          break;
        case 'P':
          v.kind = verdict_kind::slow_down;
          v.pace = paced::sender;
          break;
        case 'N':
        case 'M':
          v.kind = verdict_kind::slow_down;
          v.until_next_day = true;
          if (answer.body[i] == 'M') v.pace = paced::sender;
          break;
        case 'W':
          v.kind = verdict_kind::rejected;
          v.of_request = ids.size() > 1;
          break;
        case 'D':
          v.kind = verdict_kind::rejected;
          v.duplicate = true;
          break;
        default:
          v.kind = verdict_kind::maybe_sent;
          break;
      }
    }
  }

 private:
  content_limits limits_;
  http_endpoint endpoint_;
  bool deduplicates_;
  bool reports_ = false;
  std::optional<message_query> query_;
};

}  // namespace broadside::testing
