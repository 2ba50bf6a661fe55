// journal/replay - see replay.hpp.
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <journal/named_values.hpp>
#include <journal/replay.hpp>
#include <optional>
#include <span>

namespace broadside::journal {
namespace {

constexpr std::uint64_t progress_every = 1'000'000;

failure damaged_value(std::string_view name) {
  return {errc::journal_damaged,
          {{std::string{name}, "the value is not what was written, and nothing else says the same"}}};
}

/// Reads the named values into what a journal knew. Keeps the first thing that was wrong.
class value_reader {
 public:
  explicit value_reader(replayed& all) : all_(all), found_(all.found) {}

  bool operator()(std::string_view name, std::string_view bytes) {
    // A store may keep its own; but where it found damage, the name may be damaged too.
    if (!ours(name) && !bytes.empty()) return true;
    const auto payload = unseal(name, bytes);
    if (const auto page = page_named(name)) {
      read_page(*page, payload);
    } else if (payload && is_usage_name(name)) {
      read_usage(name, *payload);
    } else if (!payload || !read(name, *payload)) {
      wrong_ = damaged_value(name);
    }
    return !wrong_;
  }

  [[nodiscard]] const std::optional<failure>& wrong() const noexcept { return wrong_; }
  [[nodiscard]] const log_end& end() const noexcept { return end_; }

 private:
  static bool ours(std::string_view name) noexcept {
    return owner_of(name, "campaign") || owner_of(name, "source") || name == routes_value || name == end_value ||
           name == quarantined_value || name == confirmed_value || is_usage_name(name) || page_named(name);
  }

  /// False: not what can have been written.
  bool read(std::string_view name, std::string_view payload) {
    if (const auto campaign = owner_of(name, "campaign")) return read_campaign(*campaign, payload);
    if (const auto source = owner_of(name, "source")) return read_source(*source, payload);
    if (name == routes_value) return take(decode_names(payload), found_.routes);
    if (name == end_value) return take(decode_log_end(payload), end_);
    if (name == quarantined_value) return take(decode_number(payload), found_.quarantined);
    std::uint64_t confirmed = 0;
    const bool read = take(decode_number(payload), confirmed);
    found_.confirmed = position{confirmed};
    return read;
  }

  bool read_campaign(value_owner of, std::string_view payload) {
    if (!next_or_last(of.id, found_.campaigns)) return false;
    recovered_campaign& campaign = found_.campaigns.back();
    if (of.field == "definition") campaign.definition = payload;
    if (of.field == "state") campaign.state = payload;
    if (of.field == "reported") return decode_reported(payload, campaign.totals);
    return of.field != "totals" || decode_totals(payload, campaign.totals);
  }

  bool read_source(value_owner of, std::string_view payload) {
    if (!next_or_last(of.id, found_.sources)) return false;
    recovered_source& source = found_.sources.back();
    if (of.field == "about") {
      const auto about = decode_source(payload);
      if (!about || static_cast<std::uint32_t>(about->campaign) >= found_.campaigns.size()) return false;
      source.campaign = about->campaign;
      source.name = about->name;
    }
    if (of.field == "finished") source.finished = true;
    std::uint64_t next = 0;
    if (of.field == "next" && !take(decode_number(payload), next)) return false;
    if (of.field == "next") source.next = ordinal{next};
    return true;
  }

  void read_usage(std::string_view name, std::string_view payload) {
    auto read = decode_usage(payload);
    if (read && usage_name(read->name) == name) {
      found_.usages.push_back(std::move(*read));
    } else if (!read && read.error() == errc::journal_too_new) {
      wrong_ = failure{errc::journal_too_new, {{std::string{name}, "was written by a later version of the library"}}};
    } else {
      wrong_ = damaged_value(name);
    }
  }

  /// Without one, reports of some messages are told again when they come again: no reason to refuse the rest.
  void read_page(std::uint64_t number, std::optional<std::string_view> payload) {
    const auto bytes = std::as_bytes(std::span(payload.value_or(std::string_view{})));
    if (found_.deliveries.restore(number, bytes)) return;
    all_.damage.push_back(fmt::format("{}: what was reported of {} messages could not be read", delivery_name(number),
                                      delivery_book::page_messages));
  }

  /// Ids come in order and without gaps, so a damaged one cannot ask for memory.
  template <class Item>
  static bool next_or_last(std::uint32_t id, std::vector<Item>& items) {
    if (id == items.size()) items.emplace_back();
    return id + std::uint64_t{1} == items.size();
  }

  template <class Value>
  static bool take(std::optional<Value>&& read, Value& into) {
    if (read) into = *std::move(read);
    return read.has_value();
  }

  replayed& all_;
  recovered& found_;
  log_end end_{};
  std::optional<failure> wrong_{};
};

/// Folds the records of the log, chunk by chunk.
class record_folder {
 public:
  record_folder(replayed& result, const std::function<void(std::uint64_t, std::uint64_t)>& on_progress)
      : all_(result), on_progress_(on_progress) {}

  bool operator()(chunk_number number, bytes_view bytes) {
    chunk_reader reader(bytes, number);
    const position behind = all_.chunks.empty() ? position{} : all_.chunks.back().last;
    const position first = std::max(reader.first(), behind);  // a broken head says 0
    all_.chunks.push_back({.number = number, .first = first, .last = first, .bytes = bytes.size(), .live = 0});
    std::uint64_t skipped = 0;
    decoded_record record;
    for (;;) {
      const auto status = reader.next(record);
      if (status == decode_status::newer) return too_new(number);
      if (status == decode_status::end) break;
      if (status != decode_status::record) ++skipped;
      if (status == decode_status::broken) {
        damaged(number, skipped, true);
        return true;
      }
      if (status == decode_status::record) fold(record);
    }
    if (skipped != 0) damaged(number, skipped, false);
    return true;
  }

  /// Chunks of which something could not be read may reach as far as the next one begins, or the end.
  void finish(position end) {
    for (std::size_t i = 0; i < all_.chunks.size(); ++i) {
      if (!suspect_.contains(all_.chunks[i].number)) continue;
      const bool newest = i + 1 == all_.chunks.size();
      const auto limit = newest ? end : position{static_cast<std::uint64_t>(all_.chunks[i + 1].first) - 1};
      all_.chunks[i].last = std::max(all_.chunks[i].last, limit);
    }
    settle_messages();
    report();
  }

  [[nodiscard]] const std::optional<failure>& wrong() const noexcept { return wrong_; }
  void known_damage(chunk_number number) { known_.insert(number); }

 private:
  struct inside {
    recovered_message message;
    std::size_t chunk = 0;  // index in all_.chunks
  };

  void fold(const decoded_record& record) {
    recovered& found = all_.found;
    if (++found.records % progress_every == 0) report();
    found.last = std::max(found.last, record.at);
    all_.chunks.back().last = std::max(all_.chunks.back().last, record.at);
    switch (record.kind) {
      case record_kind::taken:
        return taken(record.taken, record.at);
      case record_kind::claim:
        return claim(record, true);
      case record_kind::released:
        return claim(record, false);
      case record_kind::outcome:
        return outcome(record);
      case record_kind::report:
        return count_unconfirmed(record);
      case record_kind::nothing:
        return;
    }
  }

  void taken(const taken_facts& facts, position at) {
    auto [found, fresh] = inside_.try_emplace(static_cast<std::uint64_t>(facts.id));
    inside& one = found->second;
    if (!fresh) --all_.chunks[one.chunk].live;  // restated, and the older one still stands
    restated_ |= facts.restated;
    one.chunk = all_.chunks.size() - 1;
    ++all_.chunks.back().live;
    recovered_message& m = one.message;
    m.id = facts.id;
    m.campaign = facts.campaign;
    m.source = facts.source;
    m.row = facts.row;
    m.expires_at = facts.expires_at;
    m.recipient = facts.recipient;
    m.content.assign(facts.content.begin(), facts.content.end());
    m.value_count = facts.value_count;
    m.oversize = facts.oversize;
    m.claimed = facts.restated && facts.claimed;
    m.so_far = facts.restated ? facts.so_far : attempts_made{};
    m.taken_at = at;
  }

  void claim(const decoded_record& record, bool claimed) {
    const auto found = inside_.find(static_cast<std::uint64_t>(record.id));
    if (found == inside_.end()) return;  // its `taken` was erased: a restatement follows
    found->second.message.claimed = claimed;
    found->second.message.so_far = record.so_far;
    if (claimed) found->second.message.so_far.not_before = {};
  }

  void count_unconfirmed(const decoded_record& record) {
    if (record.at > all_.found.confirmed) ++all_.found.unconfirmed;
  }

  void outcome(const decoded_record& record) {
    count_unconfirmed(record);
    const auto found = inside_.find(static_cast<std::uint64_t>(record.id));
    if (found == inside_.end()) return;
    --all_.chunks[found->second.chunk].live;
    inside_.erase(found);
  }

  void settle_messages() {
    auto& messages = all_.found.messages;
    messages.reserve(inside_.size());
    for (auto& [id, one] : inside_) messages.push_back(std::move(one.message));
    // Restating moves a message to a later position; then the sequence in the ids says who was taken first.
    constexpr std::uint64_t sequence = (std::uint64_t{1} << 52U) - 1;
    std::sort(messages.begin(), messages.end(), [this](const recovered_message& a, const recovered_message& b) {
      if (!restated_) return a.taken_at < b.taken_at;
      const auto of_a = static_cast<std::uint64_t>(a.id) & sequence;
      const auto of_b = static_cast<std::uint64_t>(b.id) & sequence;
      return of_a != of_b ? of_a < of_b : a.taken_at < b.taken_at;
    });
    for (const auto& m : messages) {
      const auto campaign = static_cast<std::uint32_t>(m.campaign);
      if (campaign < all_.found.campaigns.size()) ++all_.found.campaigns[campaign].totals.inside;
    }
  }

  bool too_new(chunk_number number) {
    wrong_ = failure{errc::journal_too_new,
                     {{fmt::format("chunk {}", number), "was written by a later version of the library"}}};
    return false;
  }

  void damaged(chunk_number number, std::uint64_t records, bool to_the_end) {
    suspect_.insert(number);
    if (known_.contains(number)) return;
    all_.found.quarantined += records;
    all_.damaged.push_back(number);
    all_.damage.push_back(
        to_the_end ? fmt::format("chunk {}: {} records could not be read, nor what follows them", number, records)
                   : fmt::format("chunk {}: {} records could not be read", number, records));
  }

  void report() {
    if (on_progress_) on_progress_(all_.found.records, all_.chunks.size());
  }

  replayed& all_;
  const std::function<void(std::uint64_t, std::uint64_t)>& on_progress_;
  absl::flat_hash_map<std::uint64_t, inside> inside_{};
  absl::flat_hash_set<chunk_number> known_{};    // in the quarantine already: counted before
  absl::flat_hash_set<chunk_number> suspect_{};  // something in them could not be read
  bool restated_ = false;
  std::optional<failure> wrong_{};
};

}  // namespace

result<replayed, failure> replay(const store& kept,
                                 const std::function<void(std::uint64_t records, std::uint64_t chunks)>& on_progress,
                                 std::uint64_t deliveries_max) {
  replayed all;
  all.found.deliveries = delivery_book(deliveries_max);
  value_reader values(all);
  if (const auto failed = kept.scan_values("", std::ref(values))) return failure{failed, {}};
  if (values.wrong()) return *values.wrong();
  record_folder records(all, on_progress);
  auto failed = kept.scan_chunks(chunk_row::quarantine, 0, [&](chunk_number number, bytes_view) {
    records.known_damage(number);
    return true;
  });
  if (!failed) failed = kept.scan_chunks(chunk_row::log, 0, std::ref(records));
  if (failed) return failure{failed, {}};
  if (records.wrong()) return *records.wrong();
  all.found.last = std::max(all.found.last, values.end().last);
  records.finish(all.found.last);
  all.end = values.end();
  if (!all.chunks.empty()) all.end.log = std::max(all.end.log, all.chunks.back().number);
  all.end.last = all.found.last;
  return all;
}

}  // namespace broadside::journal
