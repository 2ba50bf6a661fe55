// engine/engine - joins the rooms: queues, limits, campaigns, shards; the host's side of all of them.
#include <poll.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <broadside/engine.hpp>
#include <cerrno>
#include <engine/shard_driver.hpp>
#include <engine/shared_state.hpp>
#include <engine/wake_fd.hpp>
#include <journal/memory_journal.hpp>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace broadside {
namespace {

using namespace engine_detail;
using std::chrono::milliseconds;

constexpr std::size_t host_batch = 64;  // slots handled at once on a host thread's stack
constexpr unsigned host_waiter = 0;     // of the event queue

/// 52 bits that no earlier engine of this instance used: 41 of milliseconds since 2020, then 11 that count on. An
/// engine would have to send two million messages a second for its whole life to reach its successor's numbers.
std::uint64_t first_sequence(wall_time now) {
  constexpr std::int64_t epoch_2020_ms = 1'577'836'800'000;
  const auto ms = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count() - epoch_2020_ms;
  return (static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0)) & ((std::uint64_t{1} << 41U) - 1)) << 11U;
}

}  // namespace

class engine::impl {
 public:
  impl(options o, environment& env, wake_fd news, wake_fd settled)
      : news_(std::move(news)),
        settled_(std::move(settled)),
        slots_(o.messages_inside_max, o.recipient_bytes_max),
        free_(o.messages_inside_max),
        intake_(o.messages_inside_max, {wake_shard, this}),
        events_(o.messages_inside_max, {wake_host, this}),
        journal_(o.sources_max),
        campaigns_(o.campaigns_max),
        sources_(o.sources_max) {
    const std::uint64_t instance = o.instance == 0xFFFF ? env.random() % 4096 : o.instance;
    next_id_ = instance << 52U | first_sequence(env.wall_now());
    for (slot_index i = 0; i < slots_.count(); ++i) static_cast<void>(free_.try_push(slot_index{i}));
    shared_.options = std::move(o);
    shared_.environment_ = &env;
    shared_.slots = &slots_;
    shared_.intake = &intake_;
    shared_.events = &events_;
    shared_.journal_ = &journal_;
    shared_.campaigns = &campaigns_;
    const time_point start = env.now();
    for (const route_options& r : shared_.options.routes)
      shared_.routes.push_back(std::make_unique<route_entry>(r, start));
    for (const sender_limit& s : shared_.options.senders)
      shared_.sender_limits.push_back(std::make_unique<rate::gcra>(s.limit, start));
    static_cast<void>(events_.arm(host_waiter));
  }

  ~impl() { stop(); }

  result<void, failure> start() {
    if (shared_.options.preflight.mode != preflight_mode::off) {
      auto opened = preflight::open(shared_.options.preflight, *shared_.environment_);
      if (!opened) return opened.error();
      preflight_.emplace(std::move(*opened));
    }
    for (unsigned i = 0; i < shared_.options.shards; ++i) {
      auto made = shard::make(shared_, i, settled_);
      if (!made) return made.error();
      shards_.push_back(std::move(*made));
    }
    for (const auto& s : shards_) {
      if (auto started = s->start(); !started) return failure{started.error(), {}};
    }
    return {};
  }

  result<campaign_id, failure> launch(campaign c) {
    auto compiled = compiled_campaign::compile(std::move(c), shared_.options.routes, shared_.options.senders,
                                               shared_.options.profiles);
    if (!compiled) return compiled.error();
    auto entry = std::make_unique<campaign_entry>();
    entry->findings = std::move((*compiled)->findings);
    if (auto seen = look_at_media(**compiled, entry->findings); !seen) return seen.error();
    std::stable_sort(entry->findings.begin(), entry->findings.end(),
                     [](const finding& a, const finding& b) { return a.severity < b.severity; });
    entry->compiled = std::move(*compiled);
    const std::uint32_t wanted = entry->compiled->definition.inside_max;
    entry->places_max = wanted != 0 ? std::min(wanted, slots_.count()) : slots_.count() / 2;
    const std::scoped_lock lock(control_);
    if (campaigns_.is_full()) return failure{errc::too_many_campaigns, {}};
    return campaign_id{campaigns_.add(std::move(entry))};
  }

  [[nodiscard]] std::vector<finding> findings(campaign_id id) const {
    const campaign_entry* c = find(id);
    return c == nullptr ? std::vector<finding>{} : c->findings;
  }

  result<source_id> open_source(campaign_id id, std::string_view name) {
    const std::scoped_lock lock(control_);
    campaign_entry* c = find(id);
    if (c == nullptr) return errc::unknown_campaign;
    if (sources_.is_full()) return errc::too_many_sources;
    auto entry = std::make_unique<source_entry>();
    entry->campaign = id;
    entry->name = name;
    c->sources_open.fetch_add(1, std::memory_order_release);  // first: finished() must not see a known one as finished
    c->sources_known.fetch_add(1, std::memory_order_release);
    return source_id{sources_.add(std::move(entry))};
  }

  submitted submit(source_id id, ordinal first, std::span<const recipient> recipients) noexcept;

  result<void> finish(source_id id) {
    source_entry* source = sources_.find(static_cast<std::uint32_t>(id));
    if (source == nullptr) return errc::unknown_source;
    if (!source->finished.exchange(true, std::memory_order_acq_rel)) {
      find(source->campaign)->sources_open.fetch_sub(1, std::memory_order_release);
    }
    return {};
  }

  [[nodiscard]] ordinal resume_point(source_id id) const noexcept { return journal_.resume_point(id); }

  std::size_t poll(std::span<event> out) noexcept;
  void confirm(position at) noexcept { journal_.erase(at); }
  [[nodiscard]] position durable() const noexcept { return journal_.durable(); }
  [[nodiscard]] int event_fd() const noexcept { return news_.get(); }

  [[nodiscard]] ledger counts(campaign_id id) const noexcept;

  [[nodiscard]] bool finished(campaign_id id) const noexcept {
    const campaign_entry* c = find(id);
    if (c == nullptr || c->sources_known.load(std::memory_order_acquire) == 0) return false;
    return c->sources_open.load(std::memory_order_acquire) == 0 && counts(id).inside == 0;
  }

  [[nodiscard]] event_context context(campaign_id id, std::uint16_t route) const noexcept {
    event_context said;
    if (const campaign_entry* c = find(id)) {
      const campaign& d = c->compiled->definition;
      said = {d.name, d.action_id, d.action_name, d.campaign_policy, d.consent_category, d.sender.sender, {}, {}};
    }
    if (route < shared_.routes.size()) {
      said.provider = shared_.routes[route]->options->provider->name();
      said.route = shared_.routes[route]->options->name;
    }
    return said;
  }

  [[nodiscard]] std::vector<route_status> routes() const;
  result<void> set_state(campaign_id, campaign_state);
  result<void> drain(milliseconds timeout);
  void stop() noexcept;

 private:
  result<void, failure> look_at_media(const compiled_campaign&, std::vector<finding>& found);
  static void wake_shard(void* self, unsigned waiter) noexcept { static_cast<impl*>(self)->shards_[waiter]->wake(); }
  static void wake_host(void* self, unsigned) noexcept {
    static_cast<impl*>(self)->news_.signal();
    static_cast<impl*>(self)->signalled_.store(true, std::memory_order_release);  // after: poll() never misses a clear
  }

  [[nodiscard]] campaign_entry* find(campaign_id id) const noexcept {
    return campaigns_.find(static_cast<std::uint32_t>(id));
  }
  [[nodiscard]] errc refusal(const source_entry&, const campaign_entry&) const noexcept;
  void withdraw(campaign_entry&, std::span<slot_index>, std::span<journal::record>) noexcept;
  void give_back(std::span<slot_index>) noexcept;
  std::size_t submit_some(source_id, source_entry&, ordinal first, std::span<const recipient>, submitted&) noexcept;
  void fill(slot_index, source_id, const source_entry&, ordinal, const recipient&, time_point expires_at) noexcept;
  [[nodiscard]] result<void> settled_state() const noexcept;

  // constant after open(), safe from any thread
  wake_fd news_;
  wake_fd settled_;
  slot_arena slots_;
  audience_queue<slot_index> free_;
  audience_queue<slot_index> intake_;
  audience_queue<slot_index> events_;
  journal::memory_journal journal_;
  growing_table<campaign_entry> campaigns_;  // add() under control_
  growing_table<source_entry> sources_;      // add() under control_
  shared_state shared_;
  std::vector<std::unique_ptr<shard>> shards_;
  std::atomic<std::uint64_t> next_id_{0};
  std::atomic<bool> signalled_{false};  // news_ may be readable
  std::mutex looking_;                  // preflight_: one look at a time
  std::optional<preflight> preflight_;  // none: media are not looked at
  std::mutex control_;                  // launch, open_source, stop: never taken by a shard
  bool stopped_ = false;                // guarded by control_
};

/// Fetches the campaign's media and judges them by the rules of each of its routes.
result<void, failure> engine::impl::look_at_media(const compiled_campaign& c, std::vector<finding>& found) {
  if (!preflight_ || c.definition.media.empty()) return {};
  std::vector<std::string> urls;
  for (const media_link& each : c.definition.media) urls.push_back(each.url);
  const auto reports = [&] {
    const std::scoped_lock lock(looking_);
    return preflight_->look(urls);
  }();
  if (!reports) return failure{reports.error(), {}};
  std::vector<violation> errors;
  for (const auto& w : c.routes) {
    auto said =
        check_media(c.definition, *reports, rules_of(shared_.options.routes[w.route], shared_.options.profiles));
    for (finding& f : said) {
      if (shared_.options.preflight.mode == preflight_mode::warn) f.severity = std::max(f.severity, severity::warning);
    }
    sort_findings(std::move(said), errors, found);
  }
  if (!errors.empty()) return failure{errc::invalid_campaign, std::move(errors)};
  return {};
}

errc engine::impl::refusal(const source_entry& source, const campaign_entry& c) const noexcept {
  if (intake_.closed()) return errc::intake_closed;
  if (source.finished.load(std::memory_order_acquire)) return errc::source_finished;
  switch (c.state.load(std::memory_order_acquire)) {
    case campaign_state::paused:
      return errc::campaign_paused;
    case campaign_state::cancelled:
      return errc::campaign_cancelled;
    case campaign_state::running:
      break;
  }
  return errc{};
}

submitted engine::impl::submit(source_id id, ordinal first, std::span<const recipient> recipients) noexcept {
  submitted said{0, journal_.durable(), errc{}};
  source_entry* source = sources_.find(static_cast<std::uint32_t>(id));
  if (source == nullptr) {
    said.stopped_by = errc::unknown_source;
    return said;
  }
  said.stopped_by = refusal(*source, *find(source->campaign));
  if (said.stopped_by != errc{}) return said;

  const auto from = static_cast<std::uint64_t>(first);
  const std::uint64_t taken_before = source->next.load(std::memory_order_relaxed);
  said.accepted = taken_before > from ? std::min<std::uint64_t>(taken_before - from, recipients.size()) : 0;
  while (said.accepted < recipients.size() && said.stopped_by == errc{}) {
    const auto rest = recipients.subspan(said.accepted);
    said.accepted +=
        submit_some(id, *source, ordinal{from + said.accepted}, rest.first(std::min(rest.size(), host_batch)), said);
  }
  return said;
}

/// One batch on the stack: free slots, filled, counted, into the intake.
std::size_t engine::impl::submit_some(source_id id, source_entry& source, ordinal first,
                                      std::span<const recipient> some, submitted& said) noexcept {
  std::array<slot_index, host_batch> batch;
  std::array<journal::record, host_batch> records;
  campaign_entry& c = *find(source.campaign);
  const std::size_t share = c.take_places(some.size());
  const std::size_t n = free_.try_pop_batch(std::span(batch).first(share));
  c.give_places(share - n);
  if (n < some.size()) said.stopped_by = errc::full;
  if (n == 0) return 0;

  const time_point expires_at = shared_.environment_->now() + c.compiled->definition.age_max;
  const std::uint64_t ids = next_id_.fetch_add(n, std::memory_order_relaxed);
  for (std::size_t i = 0; i < n; ++i) {
    const ordinal row{static_cast<std::uint64_t>(first) + i};
    slots_[batch[i]].told = event{};
    slots_[batch[i]].told.id = message_id{ids + i};
    fill(batch[i], id, source, row, some[i], expires_at);
    records[i] = {journal::record_kind::taken, {}, message_id{ids + i}, id, row};
  }
  // Counted and recorded before a shard can see them: no claim is older than its taking.
  c.submitted.fetch_add(n, std::memory_order_release);
  said.at = journal_.append(std::span(records).first(n));
  const push_result pushed = intake_.try_push_batch(std::span(batch).first(n));
  if (pushed.taken < n)
    withdraw(c, std::span(batch).first(n).subspan(pushed.taken), std::span(records).first(n).subspan(pushed.taken));
  // Full in spite of a cell for every slot: a shard was stopped in the middle of a pop.
  if (pushed.taken < n) said.stopped_by = pushed.status == push_status::closed ? errc::intake_closed : errc::full;
  source.next.store(static_cast<std::uint64_t>(first) + pushed.taken, std::memory_order_release);
  return pushed.taken;
}

/// What the intake did not take after all was never taken.
void engine::impl::withdraw(campaign_entry& c, std::span<slot_index> slots,
                            std::span<journal::record> records) noexcept {
  for (journal::record& r : records) r.kind = journal::record_kind::withdrawn;
  static_cast<void>(journal_.append(records));
  c.submitted.fetch_sub(slots.size(), std::memory_order_release);
  c.give_places(slots.size());
  give_back(slots);
}

/// A slot in nobody's hands would be lost, so this goes on until all are back. It takes more than one try only when a
/// thread was stopped in the middle of submit() and keeps a cell.
void engine::impl::give_back(std::span<slot_index> slots) noexcept {
  for (std::size_t n = 0; n < slots.size();) {
    n += free_.try_push_batch(slots.subspan(n)).taken;
    if (n < slots.size()) std::this_thread::yield();
  }
}

void engine::impl::fill(slot_index i, source_id id, const source_entry& source, ordinal row, const recipient& r,
                        time_point expires_at) noexcept {
  slot& s = slots_[i];
  s.told.campaign = source.campaign;
  s.told.source = id;
  s.told.row = row;
  s.told.recipient = r.to;
  s.to.reset();
  s.expires_at = expires_at;
  s.failures = 0;
  s.answer_lost = false;
  slots_.store(i, r.to, r.values);
}

std::size_t engine::impl::poll(std::span<event> out) noexcept {
  std::size_t n = 0;
  std::array<slot_index, host_batch> batch;
  while (n < out.size()) {
    const std::size_t wanted = std::min(batch.size(), out.size() - n);
    const std::size_t got = events_.try_pop_batch(std::span(batch).first(wanted));
    for (std::size_t i = 0; i < got; ++i) {
      out[n + i] = slots_[batch[i]].told;
      if (campaign_entry* c = find(out[n + i].campaign)) c->give_places(1);
    }
    give_back(std::span(batch).first(got));
    n += got;
    if (got == wanted) continue;
    // Empty: quieten the descriptor, then announce the wait; what came in between makes it readable again.
    if (signalled_.exchange(false, std::memory_order_acquire)) news_.clear();
    if (!events_.arm(host_waiter)) wake_host(this, host_waiter);
    break;
  }
  return n;
}

ledger engine::impl::counts(campaign_id id) const noexcept {
  ledger l;
  const campaign_entry* c = find(id);
  if (c == nullptr) return l;
  std::uint64_t taken = 0;
  for (const auto& s : shards_) {
    const shard_books::snapshot books = s->dispatch().books(id).read();
    const auto of = [&](outcome o) { return books.outcomes[static_cast<std::size_t>(o)]; };
    l.accepted += of(outcome::accepted);
    l.rejected += of(outcome::rejected);
    l.suppressed += of(outcome::suppressed);
    l.expired += of(outcome::expired);
    l.not_sent += of(outcome::not_sent);
    l.maybe_sent += of(outcome::maybe_sent);
    l.inside += books.held;
    taken += books.taken;
  }
  // Read last: a message is counted here before any shard can take it, so this is never behind.
  l.submitted = c->submitted.load(std::memory_order_acquire);
  l.inside += l.submitted - taken;  // what is still in the intake
  return l;
}

std::vector<route_status> engine::impl::routes() const {
  std::vector<route_status> all;
  const time_point now = shared_.environment_->now();
  for (std::size_t i = 0; i < shared_.routes.size(); ++i) {
    route_entry& r = *shared_.routes[i];
    route_status& said = all.emplace_back();
    said.name = r.options->name;
    for (const auto& s : shards_) {
      const route_gauges& g = s->dispatch().gauges(static_cast<std::uint16_t>(i));
      said.connections += g.connections.load(std::memory_order_relaxed);
      said.in_flight += g.in_flight.load(std::memory_order_relaxed);
      said.waiting += g.waiting.load(std::memory_order_relaxed);
    }
    const time_point until{std::chrono::nanoseconds{r.rests_until.load(std::memory_order_relaxed)}};
    if (until > now) said.rests_for = std::chrono::ceil<milliseconds>(until - now);
    said.suspended = r.suspended.load(std::memory_order_relaxed);
    const std::scoped_lock lock(r.last_error_mutex);
    said.last_error = r.last_error;
  }
  return all;
}

result<void> engine::impl::set_state(campaign_id id, campaign_state wanted) {
  campaign_entry* c = find(id);
  if (c == nullptr) return errc::unknown_campaign;
  campaign_state seen = c->state.load(std::memory_order_acquire);
  do {
    if (seen == campaign_state::cancelled) {
      if (wanted == campaign_state::cancelled) return {};
      return errc::campaign_cancelled;
    }
  } while (!c->state.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel));
  shared_.control_epoch.fetch_add(1, std::memory_order_acq_rel);
  for (const auto& s : shards_) s->wake();
  return {};
}

/// What drain() may say now: done, only paused messages left, timed_out for "not yet", or that what the books say is
/// inside is not what the shards hold: two counts that are kept apart.
result<void> engine::impl::settled_state() const noexcept {
  if (!intake_.drained()) return errc::timed_out;
  std::uint64_t inside = 0;
  for (std::uint32_t i = 0; i < campaigns_.size(); ++i) {
    const ledger l = counts(campaign_id{i});
    if (!l.balanced()) return errc::books_unbalanced;
    inside += l.inside;
  }
  std::uint64_t held = 0;
  std::uint64_t parked = 0;
  for (const auto& s : shards_) {
    const std::uint64_t lists = s->dispatch().held_by_lists();
    if (lists == dispatcher::busy) return errc::timed_out;
    held += lists;
    parked += s->dispatch().parked();
  }
  if ((inside == 0) != (held == 0)) return errc::books_unbalanced;  // or an answer is just being handled: ask again
  if (inside == 0) return {};
  return inside == parked && held == parked ? errc::campaign_paused : errc::timed_out;
}

result<void> engine::impl::drain(milliseconds timeout) {
  intake_.close();
  shared_.draining.store(true, std::memory_order_release);
  for (const auto& s : shards_) s->wake();
  constexpr milliseconds grace{200};  // for a shard that was just handling an answer when the time was over
  const time_point deadline =
      shared_.environment_->now() + std::min<milliseconds>(timeout, std::chrono::hours{24 * 365});
  for (;;) {
    const result<void> state = settled_state();
    if (state || state.error() == errc::campaign_paused) return state;
    const auto over = state.error() == errc::books_unbalanced ? deadline + grace : deadline;
    const auto left = std::chrono::ceil<milliseconds>(over - shared_.environment_->now());
    if (left <= milliseconds::zero()) return state;
    pollfd waiting{settled_.get(), POLLIN, 0};
    // Several threads may drain: one may clear the signal that another waits for, so no wait is long.
    ::poll(&waiting, 1, static_cast<int>(std::min<milliseconds::rep>(left.count(), 100)));
    settled_.clear();
  }
}

void engine::impl::stop() noexcept {
  const std::scoped_lock lock(control_);
  if (std::exchange(stopped_, true)) return;
  intake_.close();
  for (const auto& s : shards_) s->stop();
}

// ---------------------------------------------------------------- the public face

engine::engine(std::unique_ptr<impl> i) noexcept : impl_(std::move(i)) {}
engine::engine(engine&&) noexcept = default;
engine& engine::operator=(engine&&) noexcept = default;
engine::~engine() = default;

result<engine, failure> engine::open(options o, environment& env) {
  if (auto found = o.validate(); !found.empty()) return failure{errc::invalid_options, std::move(found)};
  auto news = wake_fd::make();
  if (!news) return failure{news.error(), {}};
  auto settled = wake_fd::make();
  if (!settled) return failure{settled.error(), {}};
  auto made = std::make_unique<impl>(std::move(o), env, std::move(*news), std::move(*settled));
  if (auto started = made->start(); !started) return started.error();
  return engine(std::move(made));
}

result<campaign_id, failure> engine::launch(campaign c) { return impl_->launch(std::move(c)); }
std::vector<finding> engine::findings(campaign_id id) const { return impl_->findings(id); }
result<source_id> engine::open_source(campaign_id id, std::string_view name) { return impl_->open_source(id, name); }
submitted engine::submit(source_id id, ordinal first, std::span<const recipient> recipients) noexcept {
  return impl_->submit(id, first, recipients);
}
result<void> engine::finish(source_id id) { return impl_->finish(id); }
ordinal engine::resume_point(source_id id) const noexcept { return impl_->resume_point(id); }
std::size_t engine::poll(std::span<event> out) noexcept { return impl_->poll(out); }
void engine::confirm(position at) noexcept { impl_->confirm(at); }
position engine::durable() const noexcept { return impl_->durable(); }
int engine::event_fd() const noexcept { return impl_->event_fd(); }
ledger engine::counts(campaign_id id) const noexcept { return impl_->counts(id); }
bool engine::finished(campaign_id id) const noexcept { return impl_->finished(id); }
event_context engine::context(campaign_id id, std::uint16_t route) const noexcept { return impl_->context(id, route); }
std::vector<route_status> engine::routes() const { return impl_->routes(); }
result<void> engine::pause(campaign_id id) { return impl_->set_state(id, campaign_state::paused); }
result<void> engine::resume(campaign_id id) { return impl_->set_state(id, campaign_state::running); }
result<void> engine::cancel(campaign_id id) { return impl_->set_state(id, campaign_state::cancelled); }
result<void> engine::drain(milliseconds timeout) { return impl_->drain(timeout); }
void engine::stop() noexcept { impl_->stop(); }

}  // namespace broadside
