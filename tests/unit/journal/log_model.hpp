// What a journal has to know, kept the simple way: every record in a list, folded again for each question.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>
#include "log_fixture.hpp"

namespace broadside::testing {

class log_model {
 public:
  explicit log_model(log_fixture& f) : f_(f) {}

  struct line {
    position at{};
    journal::record_kind kind{};
    std::uint64_t id = 0;
    std::uint64_t row = 0;
    std::uint32_t source = 0;
    std::uint16_t attempts = 0;
    outcome ended{};
  };

  /// One message inside, as the test sees it.
  struct inside {
    journal::message_ref ref = 0;
    bool claimed = false;
    std::uint16_t attempts = 0;
  };

  void take(std::uint32_t source) {
    const std::uint64_t id = ++last_id_;
    const std::uint64_t row = next_row_[source]++;
    const auto ref = f_.take(id, row, source);
    lines_.push_back({f_.last, journal::record_kind::taken, id, row, source, 0, {}});
    living_[id] = {ref, false, 0};
  }
  void claim(std::uint64_t id) {
    inside& m = living_.at(id);
    f_.claim(m.ref, ++m.attempts);
    m.claimed = true;
    lines_.push_back({f_.last, journal::record_kind::claim, id, 0, 0, m.attempts, {}});
  }
  void release(std::uint64_t id) {
    inside& m = living_.at(id);
    f_.release(m.ref, m.attempts);
    m.claimed = false;
    lines_.push_back({f_.last, journal::record_kind::released, id, 0, 0, m.attempts, {}});
  }
  void end(std::uint64_t id, outcome what) {
    const inside m = living_.at(id);
    f_.end(m.ref, what);
    lines_.push_back({f_.last, journal::record_kind::outcome, id, 0, 0, 0, what});
    living_.erase(id);
    ended_.emplace_back(f_.last, m.ref);
  }
  /// Places of messages whose outcome was told are free again.
  void forget_told() {
    const auto cleared = f_.log->cleared();
    std::erase_if(ended_, [&](const auto& one) {
      if (one.first > cleared) return false;
      f_.messages->forget(one.second);
      return true;
    });
    told_ = std::max(told_, cleared);
  }
  void confirm_told() {
    f_.log->confirm(told_);
    confirmed_ = std::max(confirmed_, told_);
  }

  /// After a crash: what the journal found is what its first records up to found.last say, no fewer than `durable`;
  /// what comes after them never was. Empty: all is as it has to be.
  [[nodiscard]] std::string verdict_of_crash(position durable) {
    const auto& found = f_.found;
    if (found.last < durable) return "something durable is gone";
    if (found.confirmed > confirmed_) return "confirmed more than was";
    std::erase_if(lines_, [&](const line& l) { return l.at > found.last; });
    if (auto wrong = messages_differ(); !wrong.empty()) return wrong;
    if (auto wrong = totals_differ(); !wrong.empty()) return wrong;
    return outcomes_differ();
  }

  /// The process goes on with what was found.
  void adopt_all() {
    living_.clear();
    ended_.clear();
    for (const auto& m : f_.found.messages) {
      const auto ref = f_.messages->add(m.id, m.source, m.row);
      f_.log->adopt(ref, m);
      living_[static_cast<std::uint64_t>(m.id)] = {ref, m.claimed, m.so_far.attempts};
    }
    for (auto& [source, row] : next_row_) {
      row = static_cast<std::uint64_t>(f_.log->resume_point(source_id{source}));
    }
    const auto fresh = f_.log->reserve(1);
    const journal::record nothing{};
    f_.log->publish(fresh, {&nothing, 1});
    if (fresh <= told_) FAIL("a position that was told is given out again");
  }

  [[nodiscard]] const std::map<std::uint64_t, inside>& living() const { return living_; }
  [[nodiscard]] std::size_t ended() const { return ended_.size(); }

 private:
  [[nodiscard]] std::map<std::uint64_t, inside> fold() const {
    std::map<std::uint64_t, inside> all;
    for (const line& l : sorted()) {
      if (l.kind == journal::record_kind::taken) all[l.id] = {};
      if (l.kind == journal::record_kind::claim) all[l.id] = {0, true, l.attempts};
      if (l.kind == journal::record_kind::released) all[l.id] = {0, false, l.attempts};
      if (l.kind == journal::record_kind::outcome) all.erase(l.id);
    }
    return all;
  }
  [[nodiscard]] std::vector<line> sorted() const {
    auto all = lines_;
    std::sort(all.begin(), all.end(), [](const line& a, const line& b) { return a.at < b.at; });
    return all;
  }

  [[nodiscard]] std::string messages_differ() const {
    const auto expected = fold();
    if (f_.found.messages.size() != expected.size()) return "not the messages that were inside";
    message_id before{};
    for (const auto& m : f_.found.messages) {
      const auto at = expected.find(static_cast<std::uint64_t>(m.id));
      if (at == expected.end()) return "a message that was not inside";
      if (m.claimed != at->second.claimed) return "a claim was lost or made up";
      if (m.so_far.attempts != at->second.attempts) return "the attempts are wrong";
      if (m.id <= before) return "not in the order of taking";
      before = m.id;
    }
    return {};
  }

  [[nodiscard]] std::string totals_differ() const {
    ledger expected{};
    std::map<std::uint32_t, std::uint64_t> next;
    for (const line& l : lines_) {
      if (l.kind == journal::record_kind::taken) {
        ++expected.submitted;
        next[l.source] = std::max(next[l.source], l.row + 1);
      }
      if (l.kind == journal::record_kind::outcome) {
        ++(l.ended == outcome::accepted ? expected.accepted : expected.maybe_sent);
      }
    }
    const ledger& t = f_.found.campaigns.at(0).totals;
    if (!t.balanced()) return "the books do not balance";
    if (t.submitted != expected.submitted || t.accepted != expected.accepted || t.maybe_sent != expected.maybe_sent) {
      return "the totals are wrong";
    }
    for (const auto& [source, row] : next) {
      if (f_.found.sources.at(source).next != ordinal{row}) return "a resume point is wrong";
    }
    return {};
  }

  [[nodiscard]] std::string outcomes_differ() const {
    std::vector<std::pair<position, std::uint64_t>> expected;
    for (const line& l : sorted()) {
      if (l.kind == journal::record_kind::outcome && l.at > f_.found.confirmed) expected.emplace_back(l.at, l.id);
    }
    std::vector<std::pair<position, std::uint64_t>> read;
    for (const auto& e : f_.unconfirmed()) read.emplace_back(e.at, static_cast<std::uint64_t>(e.id));
    if (read != expected) return "not the outcomes that were not confirmed";
    return f_.found.unconfirmed == expected.size() ? "" : "a wrong number of outcomes that were not confirmed";
  }

  log_fixture& f_;
  std::vector<line> lines_{};
  std::map<std::uint64_t, inside> living_{};
  std::vector<std::pair<position, journal::message_ref>> ended_{};
  std::map<std::uint32_t, std::uint64_t> next_row_{};
  std::uint64_t last_id_ = 0;
  position told_{};
  position confirmed_{};
};

}  // namespace broadside::testing
