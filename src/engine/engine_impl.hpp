// engine/engine_impl - joins the rooms: queues, limits, campaigns, shards, journal; the host's side of all of them.
#pragma once

#include <atomic>
#include <broadside/engine.hpp>
#include <deque>
#include <engine/runtime.hpp>
#include <engine/shared_state.hpp>
#include <engine/wake_fd.hpp>
#include <journal/memory_journal.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside {

class engine::impl {
 public:
  impl(options, environment&, engine_detail::runtime&, engine_detail::wake_fd news, engine_detail::wake_fd settled);
  ~impl();

  /// Opens the journal, takes up what it knows, starts the threads.
  result<void, failure> start();

  result<campaign_id, failure> launch(campaign);
  [[nodiscard]] std::vector<finding> findings(campaign_id) const;
  result<source_id> open_source(campaign_id, std::string_view name);
  submitted submit(source_id, ordinal first, std::span<const recipient>) noexcept;
  result<void> finish(source_id);
  [[nodiscard]] ordinal resume_point(source_id) const noexcept;

  [[nodiscard]] result<callback_reply> accept_callback(std::string_view route, const http_request_view&);
  std::size_t poll(std::span<event> out) noexcept;
  void confirm(position at) noexcept;
  [[nodiscard]] position durable() const noexcept { return journal_->durable(); }
  [[nodiscard]] int event_fd() const noexcept { return news_.get(); }

  [[nodiscard]] ledger counts(campaign_id) const noexcept;
  [[nodiscard]] bool finished(campaign_id) const noexcept;
  [[nodiscard]] std::vector<campaign_status> campaigns() const;
  [[nodiscard]] event_context context(campaign_id, std::uint16_t route) const noexcept;
  [[nodiscard]] std::vector<route_status> routes() const;
  [[nodiscard]] std::vector<limit_status> limits() const;
  [[nodiscard]] std::vector<route_change> route_history() const { return shared_.health->history(); }
  result<void, failure> change_limit(std::string_view name, rate_limit, std::uint64_t quota);
  result<void> change_weight(campaign_id, std::uint32_t weight);
  [[nodiscard]] explanation why(campaign_id) const;
  [[nodiscard]] journal_status journal() const noexcept;
  [[nodiscard]] const recovery_report& recovered() const noexcept { return recovery_; }

  result<void> set_state(campaign_id, engine_detail::campaign_state);
  result<void> drain(std::chrono::milliseconds timeout);
  void stop() noexcept;

 private:
  using campaign_entry = engine_detail::campaign_entry;
  using source_entry = engine_detail::source_entry;
  using slot_index = engine_detail::slot_index;

  static constexpr std::size_t host_batch = 64;  // slots handled at once on a host thread's stack

  // taking up what a journal knows; engine_recovery.cpp
  [[nodiscard]] result<void, failure> recover();
  [[nodiscard]] std::vector<violation> too_small_for(const ::broadside::journal::recovered&) const;
  void map_routes(const std::vector<std::string>& recorded);
  [[nodiscard]] result<void, failure> recover_campaigns(const ::broadside::journal::recovered&);
  void recover_sources(const ::broadside::journal::recovered&);
  void recover_message(const ::broadside::journal::recovered_message&, time_point now, wall_time wall);
  std::size_t redeliver(std::span<event> out) noexcept;
  std::size_t read_again(std::span<event> out);

  // delivery reports; engine_reports.cpp
  [[nodiscard]] bool can_be_ours(const message_reference&) const noexcept;
  [[nodiscard]] position take_reports(std::uint16_t route, std::span<const delivery_report>, callback_reply&);
  [[nodiscard]] std::optional<position> record_report(std::uint16_t route, const delivery_report&);
  void is_recorded(position last, callback_reply&);
  [[nodiscard]] bool report_is_due() noexcept;
  std::size_t tell_reports(std::span<event> out) noexcept;

  result<void, failure> look_at_media(const engine_detail::compiled_campaign&, std::vector<finding>& found);
  [[nodiscard]] result<std::optional<campaign_id>, failure> known(const campaign&, std::string_view definition) const;
  void supersede(const std::string& key, campaign_id by);
  [[nodiscard]] bool is_superseded(campaign_id) const noexcept;
  [[nodiscard]] source_entry* source_named(campaign_id, std::string_view name, source_id& id) const noexcept;
  void follow(source_entry&) const noexcept;
  void finish_source(source_id, source_entry&);

  /// The number behind the shards' is the host's: it waits for reports to be kept.
  static void wake_shard(void* self, unsigned waiter) noexcept {
    const auto& shards = static_cast<impl*>(self)->shards_;
    if (waiter >= shards.size()) return wake_host(self, waiter);
    shards[waiter]->wake();
  }
  static void wake_host(void* self, unsigned) noexcept {
    static_cast<impl*>(self)->news_.signal();
    static_cast<impl*>(self)->signalled_.store(true, std::memory_order_release);  // after: poll() never misses a clear
  }

  [[nodiscard]] explanation held_up(const campaign_entry&) const;
  [[nodiscard]] static explanation limited_by(const rate::limit_key&, time_point now, wall_time wall);
  void wake_shards(std::atomic<std::uint32_t>& epoch) noexcept;
  [[nodiscard]] explanation still_waits(const campaign_entry&) const;

  [[nodiscard]] campaign_entry* find(campaign_id id) const noexcept {
    return campaigns_.find(static_cast<std::uint32_t>(id));
  }
  [[nodiscard]] errc refusal(const source_entry&, const campaign_entry&) const noexcept;
  void give_back(std::span<slot_index>) noexcept;
  void give_back_places(std::span<const event> told) noexcept;
  [[nodiscard]] std::size_t places_for(const campaign_entry&, std::size_t wanted) const noexcept;
  void submit_marked(source_id, source_entry&, ordinal first, std::span<const recipient>, submitted&) noexcept;
  std::size_t submit_some(source_id, source_entry&, ordinal first, std::span<const recipient>, submitted&) noexcept;
  void fill(slot_index, source_id, const source_entry&, ordinal, const recipient&, time_point expires_at,
            wall_time expires_wall) noexcept;
  [[nodiscard]] result<void> settled_state() const noexcept;

  // constant after open(), safe from any thread
  engine_detail::runtime& runtime_;
  engine_detail::wake_fd news_;
  engine_detail::wake_fd settled_;
  engine_detail::slot_arena slots_;
  audience_queue<slot_index> free_;
  audience_queue<slot_index> intake_;
  audience_queue<slot_index> events_;
  engine_detail::growing_table<campaign_entry> campaigns_;             // add() under control_
  engine_detail::growing_table<source_entry> sources_;                 // add() under control_
  engine_detail::growing_table<engine_detail::tenant_entry> tenants_;  // add() under control_
  std::uint32_t urgent_places_ = 0;                                    // constant
  engine_detail::shared_state shared_;
  ::broadside::journal::memory_journal memory_;
  std::unique_ptr<engine_detail::durable_journal> durable_;  // none: memory_ is the journal
  ::broadside::journal::journal* journal_ = &memory_;
  recovery_report recovery_;
  std::vector<std::uint16_t> recorded_routes_;  // index in options::routes of each number that old records use
  std::vector<std::unique_ptr<engine_detail::shard>> shards_;

  std::atomic<std::uint64_t> next_id_{0};
  std::uint64_t first_id_ = 0;          // constant after open()
  std::atomic<bool> signalled_{false};  // news_ may be readable
  std::mutex looking_;                  // preflight_: one look at a time
  std::optional<preflight> preflight_;  // none: media are not looked at
  std::atomic<bool> redelivers_{false};
  std::mutex redelivering_;
  position redelivered_{};      // guarded by redelivering_: outcomes up to here were told again
  position redeliver_until_{};  // constant after open()
  std::atomic<bool> takes_reports_{true};
  std::atomic<bool> reports_wait_{false};  // untold_ is not empty
  std::mutex reporting_;                   // one report at a time has its place in the journal, and is told
  std::deque<slot_index> untold_;          // guarded by reporting_: reports in the order of their positions
  mutable std::mutex control_;             // launch, open_source, pause, resume, cancel, stop: never taken by a shard
  bool stopped_ = false;                   // guarded by control_
};

}  // namespace broadside
