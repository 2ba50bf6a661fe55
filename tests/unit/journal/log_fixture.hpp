// A log_journal over a faulty_store on virtual time, and the messages it is told of: what its tests share.
#pragma once

#include <array>
#include <cstdint>
#include <journal/log_journal.hpp>
#include <journal/record_codec.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <support/catch.hpp>
#include <support/faulty_store.hpp>
#include <support/manual_environment.hpp>
#include <vector>

namespace broadside::testing {

/// Places of messages, as an engine's slots: what is told of them stays until forget().
class message_places final : public journal::message_table {
 public:
  explicit message_places(std::size_t places) : all_(places) {
    for (std::size_t i = places; i-- > 0;) free_.push_back(static_cast<journal::message_ref>(i));
  }

  journal::message_facts facts(journal::message_ref ref) const noexcept override {
    const place& p = all_[ref];
    return {&p.told, p.content, p.value_count, false, p.expires_at};
  }

  journal::message_ref add(message_id id, source_id source, ordinal row, std::size_t content_bytes = 8) {
    if (free_.empty()) FAIL("no place is free");
    const auto ref = free_.back();
    free_.pop_back();
    place& p = all_[ref];
    p.told = event{};
    p.told.id = id;
    p.told.source = source;
    p.told.row = row;
    p.told.recipient.assign("+1212555" + std::to_string(static_cast<std::uint64_t>(row) % 10'000));
    p.content.assign(content_bytes, std::byte{static_cast<unsigned char>(row)});
    p.value_count = 1;
    p.expires_at = wall_time{std::chrono::seconds{1'900'000'000}};
    return ref;
  }
  event& told(journal::message_ref ref) { return all_[ref].told; }
  void forget(journal::message_ref ref) { free_.push_back(ref); }
  [[nodiscard]] bool full() const { return free_.empty(); }

 private:
  struct place {
    event told{};
    std::vector<std::byte> content{};
    std::uint16_t value_count = 0;
    wall_time expires_at{};
  };
  std::vector<place> all_;
  std::vector<journal::message_ref> free_;
};

class log_fixture {
 public:
  explicit log_fixture(journal::log_options chosen = {}, std::size_t places = 256)
      : places_(places), options(std::move(chosen)) {
    options.messages_max = places;
    options.sources_max = 4;
    options.campaigns_max = 4;
    open();
  }

  /// As a process that starts: what it had in memory is gone.
  void open() {
    log.reset();
    messages = std::make_unique<message_places>(places_);
    auto opened = try_open();
    REQUIRE(opened);
    log = std::move(*opened);
    last = {};
  }
  result<std::unique_ptr<journal::log_journal>, failure> try_open() {
    found = {};
    journal::log_wakers wakers;
    wakers.context = this;
    wakers.writer = [](void* self) noexcept { ++static_cast<log_fixture*>(self)->writer_woken; };
    wakers.shard = [](void* self, unsigned shard) noexcept { ++static_cast<log_fixture*>(self)->told[shard]; };
    return journal::log_journal::open(disk, *messages, environment, options, wakers, found);
  }
  void crash_and_open() {
    log.reset();
    disk.crash();
    open();
  }

  void put_campaign_and_source() {
    log->put_campaign(campaign_id{0}, "a definition");
    log->put_source(source_id{0}, campaign_id{0}, "a source");
  }

  // records; each answers its position
  position record(journal::record_kind kind, journal::message_ref ref, journal::attempts_made so_far = {}) {
    const auto at = log->reserve(1);
    const journal::record one{kind, ref, so_far};
    log->publish(at, {&one, 1});
    return at;
  }
  journal::message_ref take(std::uint64_t id, std::uint64_t row = 0, std::uint32_t source = 0) {
    const auto ref = messages->add(message_id{id}, source_id{source}, ordinal{row});
    last = record(journal::record_kind::taken, ref);
    return ref;
  }
  position claim(journal::message_ref ref, std::uint16_t attempts = 1) {
    return last = record(journal::record_kind::claim, ref, {.route = 2, .attempts = attempts});
  }
  position release(journal::message_ref ref, std::uint16_t attempts = 1, wall_time not_before = {}) {
    return last = record(journal::record_kind::released, ref,
                         {.route = 2, .attempts = attempts, .failures = attempts, .not_before = not_before});
  }
  position end(journal::message_ref ref, outcome what = outcome::accepted) {
    event& told_of = messages->told(ref);
    told_of.outcome = what;
    told_of.time = environment.wall_now();
    told_of.provider_message_id.assign("01EQBC1A3BEK21E02YEZ1H");
    return last = record(journal::record_kind::outcome, ref, {.route = 2});
  }

  /// Of a message that may have ended long ago; the place is the report's own.
  journal::message_ref report(std::uint64_t id, delivery what, bool as_sms = false) {
    const auto ref = messages->add(message_id{id}, source_id{0}, ordinal{id});
    event& told_of = messages->told(ref);
    told_of.outcome = outcome::accepted;
    told_of.delivery = what;
    told_of.as_sms = as_sms;
    told_of.time = environment.wall_now();
    told_of.provider_message_id.assign("01EQBC1A3BEK21E02YEZ1H");
    told_of.status_code.assign("N102");
    last = record(journal::record_kind::report, ref, {.route = 2});
    return ref;
  }

  /// Steps until the writer has nothing to do now.
  void run() {
    for (int i = 0; i < 10'000; ++i) {
      if (log->step(environment.now()) > environment.now()) return;
    }
    FAIL("the writer turns in a circle");
  }
  /// The same for a while of virtual time, as a thread would that is never woken.
  void run_for(duration d) {
    const auto until = environment.now() + d;
    for (int i = 0; i < 100'000; ++i) {
      const auto next = log->step(environment.now());
      if (next <= environment.now()) continue;
      if (next > until) break;
      environment.advance(next - environment.now());
    }
    environment.advance(until - environment.now());
    run();
  }

  [[nodiscard]] std::vector<event> unconfirmed() const {
    std::vector<event> all;
    std::array<event, 3> some{};
    error_code failed;
    position after = found.confirmed;
    for (;;) {
      const auto n = log->read_outcomes(after, found.last, some, failed);
      REQUIRE_FALSE(failed);
      if (n == 0) return all;
      all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(n));
      after = all.back().at;
    }
  }
  [[nodiscard]] std::size_t chunks(journal::chunk_row row = journal::chunk_row::log) const {
    const auto at = disk.now.rows.find(row);
    return at == disk.now.rows.end() ? 0 : at->second.size();
  }

 private:
  std::size_t places_;

 public:
  faulty_store disk{};
  manual_environment environment{};
  std::unique_ptr<message_places> messages{};
  journal::log_options options;
  journal::recovered found{};
  std::unique_ptr<journal::log_journal> log{};
  position last{};
  unsigned writer_woken = 0;
  std::map<unsigned, int> told{};
};

}  // namespace broadside::testing
