// What a journal has to know, kept the simple way: every record in a list, folded again for each question.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
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
    delivery reported{};
    wall_time not_before{};
  };

  /// One message inside, as the test sees it.
  struct inside {
    journal::message_ref ref = 0;
    bool claimed = false;
    std::uint16_t attempts = 0;
    wall_time not_before{};
  };

  void take(std::uint32_t source) {
    const std::uint64_t id = ++last_id_;
    const std::uint64_t row = next_row_[source]++;
    const auto ref = f_.take(id, row, source);
    lines_.push_back({f_.last, journal::record_kind::taken, id, row, source, 0, {}, {}, {}});
    living_[id] = {ref, false, 0, {}};
  }
  void claim(std::uint64_t id) {
    inside& m = living_.at(id);
    f_.claim(m.ref, ++m.attempts);
    m.claimed = true;
    lines_.push_back({f_.last, journal::record_kind::claim, id, 0, 0, m.attempts, {}, {}, {}});
  }
  /// Half of them to be tried again at a time of their own.
  void release(std::uint64_t id) {
    inside& m = living_.at(id);
    const wall_time later = m.attempts % 2 == 0 ? wall_time{} : wall_time{std::chrono::milliseconds{1000 + id}};
    f_.release(m.ref, m.attempts, later);
    m.claimed = false;
    lines_.push_back({f_.last, journal::record_kind::released, id, 0, 0, m.attempts, {}, {}, later});
  }
  /// A report of any message that was ever taken. What is no news is not recorded, as the engine does.
  void report(std::uint64_t id, delivery what) {
    const auto before = standing(id);
    if (what <= before || before >= delivery::delivered) return;
    ended_.emplace_back(position{}, f_.report(id, what, id % 2 == 0));
    ended_.back().first = f_.last;
    lines_.push_back({f_.last, journal::record_kind::report, id, 0, 0, 0, {}, what, {}});
  }
  [[nodiscard]] std::uint64_t last_id() const { return last_id_; }
  void end(std::uint64_t id, outcome what) {
    const inside m = living_.at(id);
    f_.end(m.ref, what);
    lines_.push_back({f_.last, journal::record_kind::outcome, id, 0, 0, 0, what, {}, {}});
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
    if (auto wrong = deliveries_differ(); !wrong.empty()) return wrong;
    return outcomes_differ();
  }

  /// The process goes on with what was found.
  void adopt_all() {
    living_.clear();
    ended_.clear();
    for (const auto& m : f_.found.messages) {
      const auto ref = f_.messages->add(m.id, m.source, m.row);
      f_.log->adopt(ref, m);
      living_[static_cast<std::uint64_t>(m.id)] = {ref, m.claimed, m.so_far.attempts, m.so_far.not_before};
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
      if (l.kind == journal::record_kind::claim) all[l.id] = {0, true, l.attempts, {}};
      if (l.kind == journal::record_kind::released) all[l.id] = {0, false, l.attempts, l.not_before};
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
      if (m.so_far.not_before != at->second.not_before) return "tried again at another time";
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
      if (l.reported == delivery::delivered) ++expected.delivered;
      if (l.reported > delivery::delivered) ++expected.undelivered;
    }
    const ledger& t = f_.found.campaigns.at(0).totals;
    if (!t.balanced()) return "the books do not balance";
    if (t.submitted != expected.submitted || t.accepted != expected.accepted || t.maybe_sent != expected.maybe_sent) {
      return "the totals are wrong";
    }
    if (t.delivered != expected.delivered || t.undelivered != expected.undelivered)
      return "the reports are counted wrong";
    for (const auto& [source, row] : next) {
      if (f_.found.sources.at(source).next != ordinal{row}) return "a resume point is wrong";
    }
    return {};
  }

  /// What is known of a message's delivery by what is left of the lines.
  [[nodiscard]] delivery standing(std::uint64_t id) const {
    delivery known{};
    for (const line& l : lines_) {
      if (l.id == id && l.kind == journal::record_kind::report) known = std::max(known, l.reported);
    }
    return known;
  }

  [[nodiscard]] std::string deliveries_differ() const {
    for (std::uint64_t id = 1; id <= last_id_; ++id) {
      if (f_.found.deliveries.at(message_id{id}) != std::min(standing(id), delivery::failed)) {
        return "another delivery is remembered than was reported";
      }
    }
    return {};
  }

  /// Outcomes, and the reports that somebody is told of.
  [[nodiscard]] std::string outcomes_differ() const {
    std::vector<std::tuple<position, std::uint64_t, delivery>> expected;
    for (const line& l : sorted()) {
      const bool told = l.kind == journal::record_kind::outcome || l.reported >= delivery::delivered;
      if (told && l.at > f_.found.confirmed) expected.emplace_back(l.at, l.id, l.reported);
    }
    std::vector<std::tuple<position, std::uint64_t, delivery>> read;
    for (const auto& e : f_.unconfirmed()) read.emplace_back(e.at, static_cast<std::uint64_t>(e.id), e.delivery);
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
