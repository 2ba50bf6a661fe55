// engine/engine - the host's side: campaigns in, recipients in, events out.
#include <algorithm>
#include <array>
#include <engine/engine_impl.hpp>
#include <engine/engine_maker.hpp>
#include <thread>
#include <utility>

namespace broadside {
namespace {

using namespace engine_detail;
using std::chrono::milliseconds;

constexpr unsigned host_waiter = 0;  // of the event queue
// How long a disk that does not take what is recorded is waited for.
constexpr milliseconds cancel_patience{2'000};
constexpr milliseconds stop_patience{5'000};

/// 52 bits that no earlier engine of this instance used: 41 of milliseconds since 2020, then 11 that count on. An
/// engine would have to send two million messages a second for its whole life to reach its successor's numbers.
std::uint64_t first_sequence(wall_time now) {
  constexpr std::int64_t epoch_2020_ms = 1'577'836'800'000;
  const auto ms = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count() - epoch_2020_ms;
  return (static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0)) & ((std::uint64_t{1} << 41U) - 1)) << 11U;
}

}  // namespace

engine::impl::impl(options o, environment& env, runtime& on, wake_fd news, wake_fd settled)
    : runtime_(on),
      news_(std::move(news)),
      settled_(std::move(settled)),
      slots_(o.messages_inside_max, o.recipient_bytes_max),
      free_(o.messages_inside_max),
      intake_(o.messages_inside_max, {wake_shard, this}),
      events_(o.messages_inside_max, {wake_host, this}),
      campaigns_(o.campaigns_max),
      sources_(o.sources_max),
      tenants_(o.campaigns_max) {
  const std::uint64_t instance = o.instance == 0xFFFF ? env.random() % 4096 : o.instance;
  next_id_ = first_id_ = instance << 52U | first_sequence(env.wall_now());
  for (slot_index i = 0; i < slots_.count(); ++i) static_cast<void>(free_.try_push(slot_index{i}));
  shared_.options = std::move(o);
  shared_.environment_ = &env;
  shared_.slots = &slots_;
  shared_.intake = &intake_;
  shared_.events = &events_;
  shared_.journal_ = &memory_;
  shared_.campaigns = &campaigns_;
  shared_.tenants = &tenants_;
  shared_.make_routes(env.now(), next_id_);
  urgent_places_ = std::max<std::uint32_t>(1, slots_.count() / 16);
  static_cast<void>(events_.arm(host_waiter));
}

/// The shards first, then the journal's writer, which may still wake them; it takes what was confirmed after stop().
engine::impl::~impl() {
  stop();
  if (durable_) durable_->stop();
}

result<void, failure> engine::impl::start() {
  if (!shared_.options.journal.path.empty()) {
    if (auto done = recover(); !done) return done.error();
  }
  if (shared_.options.preflight.mode != preflight_mode::off) {
    auto opened = preflight::open(shared_.options.preflight, *shared_.environment_);
    if (!opened) return opened.error();
    preflight_.emplace(std::move(*opened));
  }
  shared_.told.start(shared_.options.shards + 1, redeliver_until_);
  for (unsigned i = 0; i < shared_.options.shards; ++i) {
    auto made = runtime_.make_shard(shared_, i, settled_);
    if (!made) return made.error();
    shards_.push_back(std::move(*made));
  }
  if (durable_) {
    if (auto started = durable_->start(wake_shard, this); !started) return failure{started.error(), {}};
  }
  for (const auto& s : shards_) {
    if (auto started = s->start(); !started) return failure{started.error(), {}};
  }
  return {};
}

errc engine::impl::refusal(const source_entry& source, const campaign_entry& c) const noexcept {
  if (intake_.closed()) return errc::intake_closed;
  if (!journal_->writes()) return errc::journal_faulty;
  if (source.finished.load(std::memory_order_seq_cst)) return errc::source_finished;
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
  submitted said{0, journal_->durable(), errc{}};
  source_entry* source = sources_.find(static_cast<std::uint32_t>(id));
  if (source == nullptr) {
    said.stopped_by = errc::unknown_source;
    return said;
  }
  // Before `finished` is looked at: who finishes the source and then sees no mark knows that `next` stays.
  source->submitting.store(true, std::memory_order_seq_cst);
  submit_marked(id, *source, first, recipients, said);
  source->submitting.store(false, std::memory_order_release);
  return said;
}

void engine::impl::submit_marked(source_id id, source_entry& source, ordinal first,
                                 std::span<const recipient> recipients, submitted& said) noexcept {
  said.stopped_by = refusal(source, *find(source.campaign));
  if (said.stopped_by != errc{}) return;
  const auto from = static_cast<std::uint64_t>(first);
  const std::uint64_t taken_before = source.next.load(std::memory_order_relaxed);
  said.accepted = taken_before > from ? std::min<std::uint64_t>(taken_before - from, recipients.size()) : 0;
  while (said.accepted < recipients.size() && said.stopped_by == errc{}) {
    const auto rest = recipients.subspan(said.accepted);
    said.accepted +=
        submit_some(id, source, ordinal{from + said.accepted}, rest.first(std::min(rest.size(), host_batch)), said);
    if (said.accepted < recipients.size() && source.finished.load(std::memory_order_acquire))
      said.stopped_by = errc::source_finished;
  }
}

/// One batch on the stack: free slots, filled, counted, into the intake. Their places in the journal are reserved
/// before a shard can see them, so that no claim is older than its taking, and filled in once it is known what the
/// intake took.
std::size_t engine::impl::submit_some(source_id id, source_entry& source, ordinal first,
                                      std::span<const recipient> some, submitted& said) noexcept {
  using ::broadside::journal::record;
  using ::broadside::journal::record_kind;
  std::array<slot_index, host_batch> batch;
  std::array<record, host_batch> records;
  campaign_entry& c = *find(source.campaign);
  const std::size_t share = c.take_places(some.size());
  const std::size_t n = free_.try_pop_batch(std::span(batch).first(places_for(c, share)));
  c.give_places(share - n);
  if (n < some.size()) said.stopped_by = errc::full;
  if (n == 0) return 0;

  const auto age_max = c.compiled->definition.age_max;
  const time_point expires_at = shared_.environment_->now() + age_max;
  const wall_time expires_wall = shared_.environment_->wall_now() + age_max;
  const std::uint64_t ids = next_id_.fetch_add(n, std::memory_order_relaxed);
  for (std::size_t i = 0; i < n; ++i) slots_.prefetch(batch[i]);
  for (std::size_t i = 0; i < n; ++i) {
    slots_[batch[i]].told = event{};
    slots_[batch[i]].told.id = message_id{ids + i};
    fill(batch[i], id, source, ordinal{static_cast<std::uint64_t>(first) + i}, some[i], expires_at, expires_wall);
    records[i] = {record_kind::taken, batch[i], {}};
  }
  c.submitted.fetch_add(n, std::memory_order_release);
  const position at = journal_->reserve(n);
  const push_result pushed = intake_.try_push_batch(std::span(batch).first(n));
  for (std::size_t i = pushed.taken; i < n; ++i) records[i] = {};
  journal_->publish(at, std::span(records).first(n));
  if (pushed.taken < n) {
    // Full in spite of a cell for every slot: a shard was stopped in the middle of a pop.
    said.stopped_by = pushed.status == push_status::closed ? errc::intake_closed : errc::full;
    c.submitted.fetch_sub(n - pushed.taken, std::memory_order_release);
    c.give_places(n - pushed.taken);
    give_back(std::span(batch).first(n).subspan(pushed.taken));
  }
  if (pushed.taken > 0) said.at = position{static_cast<std::uint64_t>(at) + pushed.taken - 1};
  source.next.store(static_cast<std::uint64_t>(first) + pushed.taken, std::memory_order_release);
  return pushed.taken;
}

/// The last places are for transactional messages. What several threads look at once may pass by a batch of each: the
/// places are a reserve, not a promise.
std::size_t engine::impl::places_for(const campaign_entry& c, std::size_t wanted) const noexcept {
  if (c.compiled->definition.priority == priority::transactional) return wanted;
  const std::size_t there = free_.size_approx();
  return std::min(wanted, there - std::min<std::size_t>(there, urgent_places_));
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
                        time_point expires_at, wall_time expires_wall) noexcept {
  slot& s = slots_[i];
  s.told.campaign = source.campaign;
  s.told.source = id;
  s.told.row = row;
  s.told.recipient = r.to;
  s.to.reset();
  s.expires_at = expires_at;
  s.expires_wall = expires_wall;
  s.failures = 0;
  s.alone = false;
  s.answer_lost = false;
  s.interrupted = false;
  s.not_before = {};
  slots_.store(i, r.to, r.values);
}

/// Once for all events of a campaign that stand together, as they mostly do.
void engine::impl::give_back_places(std::span<const event> told) noexcept {
  while (!told.empty()) {
    const auto other = [of = told.front().campaign](const event& e) { return e.campaign != of; };
    const auto n = static_cast<std::size_t>(std::find_if(told.begin(), told.end(), other) - told.begin());
    if (campaign_entry* c = find(told.front().campaign)) c->give_places(n);
    told = told.subspan(n);
  }
}

std::size_t engine::impl::poll(std::span<event> out) noexcept {
  std::size_t n = redelivers_.load(std::memory_order_acquire) ? redeliver(out) : 0;
  // Old events first, also when the disk does not give them now: who confirms a new one must have seen them.
  if (redelivers_.load(std::memory_order_acquire)) return n;
  if (reports_wait_.load(std::memory_order_acquire)) n += tell_reports(out.subspan(n));
  std::array<slot_index, host_batch> batch;
  while (n < out.size()) {
    const std::size_t wanted = std::min(batch.size(), out.size() - n);
    const std::size_t got = events_.try_pop_batch(std::span(batch).first(wanted));
    for (std::size_t i = 0; i < got; ++i) slots_.prefetch(batch[i]);
    for (std::size_t i = 0; i < got; ++i) {
      out[n + i] = slots_[batch[i]].told;
      const unsigned shard = slots_[batch[i]].shard;  // whose events come in the order of their positions
      if (i + 1 == got || slots_[batch[i + 1]].shard != shard) shared_.told.polled(shard, out[n + i].at);
    }
    give_back_places(out.subspan(n, got));
    give_back(std::span(batch).first(got));
    n += got;
    if (got == wanted) continue;
    // Empty: quieten the descriptor, then announce the wait; what came in between makes it readable again.
    if (signalled_.exchange(false, std::memory_order_acquire)) news_.clear();
    if (!events_.arm(host_waiter) || report_is_due()) wake_host(this, host_waiter);
    break;
  }
  return n;
}

/// What the shards may be recording just now lies behind what is cleared; of that, what was handed out counts, new
/// events and those of earlier engines alike.
void engine::impl::confirm(position at) noexcept {
  at = std::min(at, journal_->cleared());
  if (redelivers_.load(std::memory_order_acquire)) {
    const std::scoped_lock lock(redelivering_);
    if (redelivers_.load(std::memory_order_relaxed)) at = std::min(at, redelivered_);
  }
  journal_->confirm(shared_.told.seen(at));
}

result<void> engine::impl::set_state(campaign_id id, campaign_state wanted) {
  campaign_entry* c = find(id);
  if (c == nullptr) return errc::unknown_campaign;
  {
    const std::scoped_lock lock(control_);  // so that the journal has the changes in the order in which they were made
    const bool is_final = c->state.load(std::memory_order_acquire) == campaign_state::cancelled;
    if (is_final && wanted != campaign_state::cancelled) return errc::campaign_cancelled;
    if (!is_final && durable_) durable_->log().put_campaign_state(id, name_of(wanted));
    c->state.store(wanted, std::memory_order_release);
  }
  wake_shards(shared_.control_epoch);
  if (wanted != campaign_state::cancelled || !durable_) return {};
  if (const error_code failed = durable_->flush(cancel_patience)) return failed;
  return {};
}

/// Something changed that shards look at when its epoch grows.
void engine::impl::wake_shards(std::atomic<std::uint32_t>& epoch) noexcept {
  epoch.fetch_add(1, std::memory_order_acq_rel);
  for (const auto& s : shards_) s->wake();
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
    // Several threads may drain: one may clear the signal that another waits for, so no wait is long.
    runtime_.wait(settled_, std::min(left, milliseconds{100}));
    settled_.clear();
  }
}

void engine::impl::stop() noexcept {
  const std::scoped_lock lock(control_);
  if (std::exchange(stopped_, true)) return;
  takes_reports_.store(false, std::memory_order_release);
  intake_.close();
  for (const auto& s : shards_) s->stop();
  if (durable_) static_cast<void>(durable_->flush(stop_patience));
}

// ---------------------------------------------------------------- the public face

engine::engine(std::unique_ptr<impl> i) noexcept : impl_(std::move(i)) {}
engine::engine(engine&&) noexcept = default;
engine& engine::operator=(engine&&) noexcept = default;
engine::~engine() = default;

result<engine, failure> engine::open(options o, environment& env) {
  return engine_maker::open(std::move(o), env, runtime::threads());
}

result<engine, failure> engine_maker::open(options o, environment& env, runtime& on) {
  if (auto found = o.validate(); !found.empty()) return failure{errc::invalid_options, std::move(found)};
  auto news = wake_fd::make();
  if (!news) return failure{news.error(), {}};
  auto settled = wake_fd::make();
  if (!settled) return failure{settled.error(), {}};
  auto made = std::make_unique<engine::impl>(std::move(o), env, on, std::move(*news), std::move(*settled));
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
result<callback_reply> engine::accept_callback(std::string_view route, const http_request_view& request) {
  return impl_->accept_callback(route, request);
}
int engine::event_fd() const noexcept { return impl_->event_fd(); }
ledger engine::counts(campaign_id id) const noexcept { return impl_->counts(id); }
bool engine::finished(campaign_id id) const noexcept { return impl_->finished(id); }
event_context engine::context(campaign_id id, std::uint16_t route) const noexcept { return impl_->context(id, route); }
std::vector<limit_status> engine::limits() const { return impl_->limits(); }
std::vector<route_change> engine::route_history() const { return impl_->route_history(); }
result<void, failure> engine::change_limit(std::string_view name, rate_limit rate, std::uint64_t quota) {
  return impl_->change_limit(name, rate, quota);
}
result<void> engine::change_weight(campaign_id id, std::uint32_t weight) { return impl_->change_weight(id, weight); }
std::vector<route_status> engine::routes() const { return impl_->routes(); }
std::vector<campaign_status> engine::campaigns() const { return impl_->campaigns(); }
explanation engine::why(campaign_id id) const { return impl_->why(id); }
journal_status engine::journal() const noexcept { return impl_->journal(); }
const recovery_report& engine::recovered() const noexcept { return impl_->recovered(); }
result<void> engine::pause(campaign_id id) { return impl_->set_state(id, campaign_state::paused); }
result<void> engine::resume(campaign_id id) { return impl_->set_state(id, campaign_state::running); }
result<void> engine::cancel(campaign_id id) { return impl_->set_state(id, campaign_state::cancelled); }
result<void> engine::drain(milliseconds timeout) { return impl_->drain(timeout); }
void engine::stop() noexcept { impl_->stop(); }

}  // namespace broadside
