// sim/scripted_host - see scripted_host.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <sim/patience.hpp>
#include <sim/scripted_host.hpp>
#include <sim/setting.hpp>
#include <utility>

namespace broadside::sim {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

// habits that come once, by their place in done_
constexpr std::size_t first_restart = 0;
constexpr std::size_t second_restart = 1;
constexpr std::size_t death = 2;
constexpr std::size_t edit_of = 3;  // and the campaign's number
constexpr std::size_t reweigh_of = edit_of + campaigns_max;
constexpr std::size_t change_of = reweigh_of + campaigns_max;  // and the limit's
constexpr std::size_t end_of = change_of + limits_max;         // and the route's
constexpr std::size_t habits = end_of + routes_max;

}  // namespace

scripted_host::scripted_host(const plan& p, testing::simulation& world, std::vector<std::string> urls)
    : plan_(p),
      world_(world),
      urls_(std::move(urls)),
      book_(p),
      watch_(p),
      postman_(p),
      reports_(p),
      work_(p.campaign_count()),
      start_(world.clock().now()),
      next_poll_(start_),
      next_submit_(start_),
      done_(habits, false),
      heard_of_(p.campaign_count(), 0),
      moved_(p.campaign_count(), start_) {
  for (std::size_t c = 0; c < work_.size(); ++c)
    work_[c].sources.resize(static_cast<std::size_t>(plan_.campaign[c].sources));
  record_.wall_jumped = p.fault.wall_jump > 0;
  if (p.wall_start_s > 0) world_.set_wall_clock(wall_time{std::chrono::seconds{p.wall_start_s}});
}

number scripted_host::ms_since_start() const {
  return std::chrono::duration_cast<milliseconds>(world_.clock().now() - start_).count();
}

/// So that what stop() wants written is written in time. A disk that was full when everything began to work is so for a
/// while longer, and the journal tries again only now and then.
bool scripted_host::disk_works() const {
  const fault_plan& f = plan_.fault;
  const number aftermath = f.disk_full_for_ms + f.sync_slow_for_ms + 5000;
  return (f.disk_full == 0 && f.sync_fails == 0 && f.sync_slow == 0) ||
         (healed_ && ms_since_start() > healed_at_ms_ + aftermath);
}

verdict_of_check scripted_host::run() {
  open();
  while (!problem_ && ms_since_start() < plan_.faults_for_ms) {
    act();
    sleep();
  }
  heal();
  wait_for_the_end();
  if (!problem_) close();
  if (!problem_ && plan_.durable()) look_again();
  return problem_;
}

// ---------------------------------------------------------------- engines

void scripted_host::open() {
  constexpr int tries = 500;
  for (int i = 0; i < tries && !problem_; ++i) {
    if (open_once()) return;
    if (i > tries / 2) heal();
    world_.run_for(milliseconds{plan_.host.back_after_ms});
  }
  wrong(problem{"the engine cannot be opened although everything works"});
}

/// False: the process died, or the disk did not work.
bool scripted_host::open_once() {
  record_.engines.push_back({world_.clock().now(), false});
  const auto which = static_cast<unsigned>(record_.engines.size() - 1);
  auto opened = world_.open(options_of(plan_, urls_));
  if (!opened) {
    world_.note("cannot open: " + opened.error().message());
    if (opened.error().code == errc::invalid_options) wrong(problem{"open(): " + opened.error().message()});
    return false;
  }
  engine_ = std::move(*opened);
  seen_ = {};
  if (world_.crashed()) {
    engine_.reset();
    return false;
  }
  wrong(watch_.opened(*engine_, which, book_, reports_));
  // First what stops messages: then nothing leaves that the host wants kept back.
  for (std::size_t c = 0; c < work_.size(); ++c) take_up(c);
  for (std::size_t c = 0; c < work_.size(); ++c) {
    if (work_[c].cancelled && !work_[c].cancel_is_kept && alive()) cancel(c);
  }
  if (world_.crashed() && !problem_) {
    after_a_crash();
    return engine_.has_value();
  }
  return true;
}

/// Launches what was launched before, opens its sources, and sees to it that it stands where the host wants it.
void scripted_host::take_up(std::size_t c) {
  campaign_work& w = work_[c];
  for (source_work& s : w.sources) {
    s.finished = false;
    s.pending.clear();
    if (!plan_.durable()) s.next = s.kept = 0;
  }
  if (!plan_.durable() && w.launched) {
    for (std::size_t s = 0; s < w.sources.size(); ++s) book_.forgotten(c, s, 0);
  }
  if (!w.launched || problem_) return;
  w.launched = false;
  launch(c);
  if (problem_ || w.cancelled) return;
  for (const campaign_status& s : engine_->campaigns()) {
    if (s.key != key_of(c) || s.phase == campaign_phase::cancelled) continue;
    if (w.paused) static_cast<void>(engine_->pause(s.id));
    if (!w.paused && s.phase == campaign_phase::paused) static_cast<void>(engine_->resume(s.id));
  }
}

void scripted_host::launch(std::size_t c) {
  campaign_work& w = work_[c];
  const auto launched = engine_->launch(campaign_of(plan_, c, w.version));
  if (launched) {
    w.id = *launched;
    if (w.cancelled && w.cancel_is_kept && plan_.kept() == record::every_batch)
      return wrong(problem{fmt::format("campaign {} was cancelled, and goes on after a restart", c)});
    if (w.cancelled) w.cancel_is_kept = false;
  } else if (launched.error().code == errc::campaign_cancelled && w.cancelled && !ids_of(c).empty()) {
    w.id = ids_of(c).back();
    w.cancel_is_kept = true;
  } else {
    return wrong(problem{fmt::format("launch() of campaign {}: {}", c, launched.error().message())});
  }
  world_.note(fmt::format("launches campaign {}", c));
  w.launched = true;
  for (std::size_t s = 0; s < w.sources.size() && !problem_; ++s) open_source(c, s);
}

/// Everything that the engine does not have is submitted again, from where it says.
void scripted_host::open_source(std::size_t c, std::size_t s) {
  source_work& source = work_[c].sources[s];
  const auto opened = engine_->open_source(work_[c].id, source_name(s));
  if (!opened) return wrong(problem{fmt::format("open_source() of campaign {}: {}", c, opened.error().message())});
  source.id = *opened;
  source.finished = false;
  if (!plan_.durable()) return;
  const auto resume = static_cast<std::uint64_t>(engine_->resume_point(source.id));
  const std::uint64_t base = s * source_stride;
  const auto next = static_cast<std::size_t>(resume > base ? resume - base : 0);
  const auto& rows = book_.campaigns()[c].sources[s].rows;
  const std::string where = fmt::format("source {} of campaign {}", s, c);
  if (next > rows.size()) return wrong(problem{fmt::format("{} resumes at row {} of {}", where, next, rows.size())});
  if (next < source.kept && plan_.kept() != record::none)
    return wrong(
        problem{fmt::format("{} resumes at row {}, and {} rows were said to be durable", where, next, source.kept)});
  for (std::size_t r = next; r < rows.size() && plan_.kept() == record::every_batch; ++r) {
    if (!rows[r].told.empty())
      return wrong(problem{fmt::format("{} resumes at row {}, and the host was told of row {}", where, next, r),
                           to_string(rows[r].told.back().id)});
  }
  source.next = next;
  if (plan_.kept() == record::none) source.kept = next;
  book_.forgotten(c, s, next);
}

void scripted_host::after_a_crash() {
  record_.engines.back().lossy_end = true;
  book_.something_was_lost();
  reports_.something_was_lost();
  watch_.ended_badly();
  for (std::size_t c = 0; c < work_.size(); ++c) {
    if (work_[c].cancelled && !work_[c].cancel_is_kept) end_standstill(c);
  }
  engine_.reset();
  world_.run_for(milliseconds{plan_.host.back_after_ms});
  open();
}

void scripted_host::stop_engine() {
  const bool worked = disk_works();
  confirm();
  world_.note("stops");
  engine_->stop();
  while (alive() && poll_once() > 0) {
  }
  if (world_.crashed() || problem_) return;
  confirm();
  wrong(watch_.look(*engine_));
  const bool well = worked && disk_works();
  if (well && !watch_.has_unread(*engine_)) wrong(watch_.all_told(*engine_));
  if (well) {
    watch_.ended_well(*engine_);
  } else {
    watch_.ended_badly();
    book_.something_was_lost();
    reports_.something_was_lost();
    record_.engines.back().lossy_end = true;
  }
  engine_.reset();
}

void scripted_host::restart() {
  stop_engine();
  if (problem_) return;
  if (world_.crashed()) return after_a_crash();
  world_.run_for(milliseconds{plan_.host.back_after_ms});
  open();
}

// ---------------------------------------------------------------- what a host does

void scripted_host::act() {
  if (!problem_ && world_.crashed()) return after_a_crash();
  const time_point now = world_.clock().now();
  act_once(first_restart, plan_.host.restart_ms, &scripted_host::restart);
  act_once(second_restart, plan_.host.restart2_ms, &scripted_host::restart);
  if (alive()) change_states();
  if (alive()) change_limits();
  end_providers();
  bring_reports();
  if (alive() && now >= next_submit_) {
    submit_everywhere();
    // Once everything works the host does its best, so that a run ends soon.
    next_submit_ =
        now + milliseconds{healed_ ? std::max<number>(plan_.host.submit_every_ms, 20) : plan_.host.submit_every_ms};
  }
  if (alive() && now >= next_poll_) {
    if (!is_deaf()) poll();
    next_poll_ =
        now + milliseconds{healed_ ? std::min<number>(plan_.host.poll_every_ms, 50) : plan_.host.poll_every_ms};
  }
  if (alive()) look();
}

void scripted_host::act_once(std::size_t habit, number ms, void (scripted_host::*what)()) {
  if (ms == 0 || done_[habit] || ms_since_start() < ms || !alive()) return;
  done_[habit] = true;
  (this->*what)();
}

void scripted_host::change_states() {
  const number at = ms_since_start();
  for (std::size_t c = 0; c < work_.size(); ++c) {
    const campaign_plan& p = plan_.campaign[c];
    campaign_work& w = work_[c];
    if (alive() && !w.launched && at >= p.starts_ms) launch(c);
    const bool pauses = p.pause_ms > 0 && at >= p.pause_ms && at < p.pause_ms + p.paused_for_ms;
    if (alive() && w.launched && !w.cancelled && pauses != w.paused) set_paused(c, pauses);
    const bool edits = p.edit_ms > 0 && at >= p.edit_ms && !done_[edit_of + c];
    if (alive() && w.launched && !w.cancelled && edits) edit(c);
    if (alive() && w.launched && !w.cancelled && p.cancel_ms > 0 && at >= p.cancel_ms) cancel(c);
    if (alive() && w.launched && p.reweigh_ms > 0 && at >= p.reweigh_ms && !done_[reweigh_of + c]) reweigh(c);
  }
}

void scripted_host::change_limits() {
  for (std::size_t i = 0; i < limits_max; ++i) {
    const limit_plan& l = plan_.limit[i];
    if (l.kind == 0 || l.change_ms == 0 || ms_since_start() < l.change_ms || done_[change_of + i]) continue;
    done_[change_of + i] = true;
    world_.note(fmt::format("changes limit {}", i));
    const rate_limit fresh{static_cast<double>(l.new_rate), static_cast<std::uint32_t>(l.new_burst)};
    if (const auto changed = engine_->change_limit(limit_name(i), fresh); !changed)
      return wrong(problem{"change_limit(): " + changed.error().message()});
    record_.changes.push_back({i, world_.departures().size(), world_.clock().now(), watch_.number()});
  }
}

void scripted_host::reweigh(std::size_t c) {
  done_[reweigh_of + c] = true;
  world_.note(fmt::format("gives campaign {} another weight", c));
  const auto weight = static_cast<std::uint32_t>(plan_.campaign[c].new_share);
  for (const campaign_id id : ids_of(c)) {
    if (const auto changed = engine_->change_weight(id, weight); !changed && alive())
      return wrong(problem{"change_weight(): " + changed.error().message()});
  }
}

/// Also while no engine lives: a provider does not ask.
void scripted_host::end_providers() {
  for (std::size_t i = 0; i < plan_.route_count(); ++i) {
    const route_plan& r = plan_.route[i];
    if (r.dies_ms == 0 || ms_since_start() < r.dies_ms || done_[end_of + i]) continue;
    done_[end_of + i] = true;
    world_.begin_outage(i, milliseconds{r.dead_for_ms});
  }
}

std::vector<campaign_id> scripted_host::ids_of(std::size_t c) const {
  std::vector<campaign_id> ids;
  for (const campaign_status& s : engine_->campaigns()) {
    if (s.key == key_of(c)) ids.push_back(s.id);
  }
  return ids;
}

std::optional<std::size_t> scripted_host::campaign_of_id(campaign_id id) const {
  for (const campaign_status& s : engine_->campaigns()) {
    if (s.id != id) continue;
    for (std::size_t c = 0; c < work_.size(); ++c) {
      if (s.key == key_of(c)) return c;
    }
  }
  return std::nullopt;
}

void scripted_host::begin_standstill(std::size_t c, bool is_final) {
  end_standstill(c);
  work_[c].standstill = record_.standstills.size();
  record_.standstills.push_back({c, world_.departures().size(), ~std::size_t{0}, is_final});
}

void scripted_host::end_standstill(std::size_t c) {
  if (!work_[c].standstill) return;
  record_.standstills[*std::exchange(work_[c].standstill, std::nullopt)].until = world_.departures().size();
}

void scripted_host::set_paused(std::size_t c, bool paused) {
  world_.note(fmt::format("{} campaign {}", paused ? "pauses" : "resumes", c));
  for (const campaign_id id : ids_of(c)) {
    const auto done = paused ? engine_->pause(id) : engine_->resume(id);
    if (!done && alive()) return wrong(problem{"pause() or resume(): " + done.error().message()});
  }
  work_[c].paused = paused;
  if (paused) {
    begin_standstill(c, false);
  } else {
    end_standstill(c);
  }
}

/// The state changes at once, and cancel() then waits for the disk while the world goes on. An older version whose
/// turn comes only then may still send meanwhile: the newest comes last, and the standstill begins with it.
void scripted_host::cancel(std::size_t c) {
  campaign_work& w = work_[c];
  world_.note(fmt::format("cancels campaign {}", c));
  w.cancelled = true;
  w.paused = false;
  bool kept = true;
  for (const campaign_id id : ids_of(c)) {
    if (world_.crashed()) return;
    if (id == w.id) begin_standstill(c, true);
    const auto done = engine_->cancel(id);
    kept = kept && done.has_value();
  }
  w.cancel_is_kept = kept && !world_.crashed();
}

/// Launched again under its key with another text: the new version takes the rest of the audience.
void scripted_host::edit(std::size_t c) {
  campaign_work& w = work_[c];
  done_[edit_of + c] = true;
  world_.note(fmt::format("edits campaign {}", c));
  ++w.version;
  for (source_work& s : w.sources) s.pending.clear();
  std::vector<std::size_t> before;
  for (const source_work& s : w.sources) before.push_back(s.next);
  launch_edited(c, before);
}

void scripted_host::launch_edited(std::size_t c, const std::vector<std::size_t>& before) {
  campaign_work& w = work_[c];
  const auto launched = engine_->launch(campaign_of(plan_, c, w.version));
  if (!launched) return wrong(problem{fmt::format("launch() of campaign {}: {}", c, launched.error().message())});
  w.id = *launched;
  for (std::size_t s = 0; s < w.sources.size(); ++s) {
    const auto opened = engine_->open_source(w.id, source_name(s));
    if (!opened) return wrong(problem{fmt::format("open_source() of campaign {}: {}", c, opened.error().message())});
    w.sources[s].id = *opened;
    w.sources[s].finished = false;
    w.sources[s].next = before[s];
    const auto resume = static_cast<std::uint64_t>(engine_->resume_point(*opened));
    if (plan_.durable() && before[s] > 0 && resume > static_cast<std::uint64_t>(ordinal_of(s, before[s])))
      return wrong(problem{
          fmt::format("a new version of campaign {} goes on at row {}, and {} were taken", c, resume, before[s])});
  }
  if (w.paused) static_cast<void>(engine_->pause(w.id));
}

// ---------------------------------------------------------------- rows

void scripted_host::submit_everywhere() {
  for (std::size_t c = 0; c < work_.size(); ++c) {
    for (std::size_t s = 0; s < work_[c].sources.size(); ++s) {
      if (work_[c].launched && alive()) submit_rows(c, s);
    }
  }
}

/// A durable engine says from where; with one that forgets, the host leaves out what it was told of.
bool scripted_host::may_take(const row_book& row) const { return plan_.durable() || (row.told.empty() && !row.inside); }

void scripted_host::submit_rows(std::size_t c, std::size_t s) {
  source_work& source = work_[c].sources[s];
  const auto& rows = book_.campaigns()[c].sources[s].rows;
  if (work_[c].cancelled) source.next = rows.size();
  while (source.next < rows.size() && !may_take(rows[source.next])) ++source.next;
  if (source.next == rows.size()) return finish_source(c, s);
  std::size_t from = source.next;
  if (plan_.durable() && plan_.host.from_resume != 0) {
    const auto resume = static_cast<std::uint64_t>(engine_->resume_point(source.id));
    from = resume > s * source_stride ? static_cast<std::size_t>(resume - s * source_stride) : 0;
  }
  std::vector<std::vector<std::string_view>> values;
  std::vector<recipient> batch;
  const auto most = static_cast<std::size_t>(plan_.host.batch);
  for (std::size_t r = from; r < rows.size() && batch.size() < most && may_take(rows[r]); ++r) {
    const row_text& text = rows[r].text;
    values.emplace_back(text.values.begin(), text.values.end());
    batch.push_back({text.to, {}});
  }
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].values = values[i];
  const submitted said = engine_->submit(source.id, ordinal_of(s, from), batch);
  const std::size_t end = from + said.accepted;
  if (said.accepted > 0) {
    world_.note(fmt::format("submits {} rows from {} of source {} of campaign {}: {} taken", batch.size(), from, s, c,
                            said.accepted));
  }
  constexpr std::array may_stop{errc{}, errc::full, errc::campaign_paused, errc::campaign_cancelled,
                                errc::journal_faulty};
  if (std::find(may_stop.begin(), may_stop.end(), said.stopped_by) == may_stop.end())
    return wrong(problem{fmt::format("submit() to campaign {} stopped by {}", c, name_of(said.stopped_by))});
  if (said.accepted < batch.size() && said.stopped_by == errc{})
    return wrong(problem{fmt::format("submit() took {} of {} rows and does not say why", said.accepted, batch.size())});
  if (end <= source.next) return;
  book_.taken({c, s, source.next}, end - source.next, world_.clock().now());
  reports_.mark({watch_.number(), world_.clock().now(), said.at});
  progress_ += end - source.next;
  source.next = end;
  source.pending.push_back({end, said.at});
}

void scripted_host::finish_source(std::size_t c, std::size_t s) {
  source_work& source = work_[c].sources[s];
  if (source.finished) return;
  const auto done = engine_->finish(source.id);
  if (!done) return wrong(problem{"finish(): " + done.error().message()});
  source.finished = true;
}

// ---------------------------------------------------------------- events

bool scripted_host::is_deaf() const {
  const number at = ms_since_start();
  const host_plan& h = plan_.host;
  return !healed_ && h.deaf_ms > 0 && at >= h.deaf_ms && at < h.deaf_ms + h.deaf_for_ms;
}

void scripted_host::poll() {
  const std::size_t n = poll_once();
  if (problem_ || n == 0) return;
  ++polls_with_events_;
  const host_plan& h = plan_.host;
  if (h.dies_at_poll > 0 && polls_with_events_ == static_cast<std::uint64_t>(h.dies_at_poll) && !done_[death]) {
    done_[death] = true;
    world_.note("dies between poll and confirm");
    return world_.crash();
  }
  if (h.confirm_every > 0 && ++polls_since_confirm_ >= h.confirm_every) confirm();
}

std::size_t scripted_host::poll_once() {
  std::vector<event> events(static_cast<std::size_t>(plan_.host.poll_batch));
  const std::size_t n = engine_->poll(events);
  if (n > 0) world_.note(fmt::format("is told of {} messages", n));
  for (std::size_t i = 0; i < n && !problem_; ++i) hear(events[i]);
  progress_ += n;
  return n;
}

void scripted_host::hear(const event& e) {
  const auto c = campaign_of_id(e.campaign);
  const std::string id = to_string(e.id);
  world_.note(fmt::format("is told {} {} {}", id,
                          e.delivery == delivery::none ? name_of(e.outcome) : name_of(e.delivery),
                          e.reason == errc{} ? "" : name_of(e.reason)));
  if (!c) return wrong(problem{"an event of a campaign that was never launched", id});
  const bool again = watch_.is_redelivering();
  const row_name row = named(*c, e.row);
  // Reports name things by the numbers that they had when the message left.
  const bool has_numbers = e.delivery == delivery::none || plan_.kept() == record::every_batch;
  if (!again && has_numbers && e.campaign == work_[*c].id && row.source < work_[*c].sources.size() &&
      e.source != work_[*c].sources[row.source].id)
    return wrong(problem{"the event names another source than the one the row was submitted to", id});
  wrong(watch_.hear(e, book_, reports_));
  if (e.delivery != delivery::none) return hear_report(e, *c, again);
  wrong(book_.hear(e, {*c, watch_.number(), again, world_.clock().now()}));
  seen_ = std::max(seen_, e.at);
  ++heard_of_[*c];
  moved_[*c] = world_.clock().now();
}

void scripted_host::hear_report(const event& e, std::size_t c, bool again) {
  wrong(reports_.hear(e, {c, watch_.number(), again, world_.clock().now()}, book_, book_.heard_another()));
  seen_ = std::max(seen_, e.at);
}

/// What is due, some at a time: each may wait for the disk, and the host has other work.
void scripted_host::bring_reports() {
  constexpr int at_once = 8;
  postman_.collect(world_.acceptances());
  for (int i = 0; i < at_once && alive(); ++i) {
    const auto next = postman_.next(world_.clock().now());
    if (!next) return;
    const bool is_taken = bring(*next).status == 200;
    if (!is_taken && !next->is_junk()) postman_.comes_again(*next, world_.clock().now());
  }
}

/// The answer; one of 0 when the process died before it was on its way.
callback_reply scripted_host::bring(const callback& c) {
  visit when{watch_.number(), world_.clock().now(), {}};
  const auto said = engine_->accept_callback(route_name(c.provider), {"POST", c.target, {}, c.body});
  when.ended = world_.clock().now();
  callback_reply reply;
  reply.status = 0;
  if (world_.crashed()) {
    reports_.died(c, when);
  } else if (said) {
    reply = *said;
    wrong(reports_.answered(c, reply, when));
  } else {
    wrong(problem{"accept_callback(): " + said.error().message(), c.letters.front().id});
  }
  for (const letter& l : c.letters) {
    world_.note(fmt::format("brings {} {}{}{}: {}", l.id, name_of(l.word), l.as_sms ? " as SMS" : "",
                            l.wrong == junk::none ? "" : ", which nobody may believe", reply.status));
  }
  ++progress_;
  return reply;
}

void scripted_host::confirm() {
  polls_since_confirm_ = 0;
  if (seen_ == position{}) return;
  engine_->confirm(seen_);
  book_.confirmed(seen_, watch_.number());
}

void scripted_host::look() {
  wrong(watch_.look(*engine_));
  const position durable = engine_->durable();
  for (campaign_work& w : work_) {
    for (std::size_t k = 0; k < w.sources.size() && w.launched && plan_.durable(); ++k) {
      source_work& s = w.sources[k];
      const auto resume = static_cast<std::uint64_t>(engine_->resume_point(s.id));
      if (resume > k * source_stride) s.kept = std::max(s.kept, static_cast<std::size_t>(resume - k * source_stride));
      for (const piece& each : s.pending) {
        if (each.at <= durable) s.kept = std::max(s.kept, each.end);
      }
      std::erase_if(s.pending, [&](const piece& each) { return each.at <= durable; });
    }
  }
}

/// Until the next thing that the plan has for the host.
void scripted_host::sleep() {
  if (!alive()) return;
  const time_point now = world_.clock().now();
  postman_.collect(world_.acceptances());
  time_point next = std::min({next_poll_, next_submit_, postman_.next_due()});
  const auto at = [&](number ms) {
    const time_point then = start_ + milliseconds{ms};
    if (ms > 0 && then > now) next = std::min(next, then);
  };
  at(plan_.host.restart_ms);
  at(plan_.host.restart2_ms);
  at(plan_.faults_for_ms);
  for (const limit_plan& l : plan_.limit) at(l.kind != 0 ? l.change_ms : 0);
  for (std::size_t i = 0; i < plan_.route_count(); ++i) at(plan_.route[i].dies_ms);
  for (std::size_t c = 0; c < work_.size(); ++c) {
    const campaign_plan& p = plan_.campaign[c];
    at(p.starts_ms);
    at(p.pause_ms);
    at(p.pause_ms + p.paused_for_ms);
    at(p.edit_ms);
    at(p.reweigh_ms);
    at(p.cancel_ms);
  }
  world_.run_for(std::max<duration>(next - now, 1us));
}

// ---------------------------------------------------------------- the end

/// From now on everything works.
void scripted_host::heal() {
  if (std::exchange(healed_, true)) return;
  healed_at_ms_ = ms_since_start();
  testing::simulation_faults none;
  none.latency = std::chrono::microseconds{plan_.fault.latency_us};
  none.latency_jitter = std::chrono::microseconds{plan_.fault.jitter_us};
  world_.set_faults(none);
  world_.note("sees that everything works");
}

void scripted_host::wait_for_the_end() {
  const time_point healed = world_.clock().now();
  time_point last = healed;
  std::uint64_t seen = 0;
  while (!problem_) {
    act();
    if (problem_ || everything_ended()) return;
    sleep();
    const time_point now = world_.clock().now();
    const std::uint64_t progress = progress_ + world_.departures().size();
    if (std::exchange(seen, progress) != progress) last = now;
    // What the plan still has for the host may be what everything waits for.
    if (ms_since_start() <= last_habit_ms()) last = now;
    if (now - last > stall_max(plan_)) return does_not_end("nothing moved any more");
    look_for_starved();
    if (now - healed > end_max(plan_) + milliseconds{last_habit_ms()}) return does_not_end("it went on and on");
  }
}

number scripted_host::last_habit_ms() const {
  number last = std::max(plan_.host.restart_ms, plan_.host.restart2_ms);
  for (std::size_t c = 0; c < work_.size(); ++c) {
    const campaign_plan& p = plan_.campaign[c];
    const number resumes = p.pause_ms > 0 ? p.pause_ms + p.paused_for_ms : 0;
    last = std::max({last, p.starts_ms, resumes, p.edit_ms, p.cancel_ms, p.reweigh_ms});
  }
  for (const limit_plan& l : plan_.limit) last = std::max(last, l.kind != 0 ? l.change_ms : 0);
  for (std::size_t i = 0; i < plan_.route_count(); ++i) {
    const route_plan& r = plan_.route[i];
    last = std::max(last, r.dies_ms > 0 ? r.dies_ms + r.dead_for_ms : 0);
  }
  return last;
}

bool scripted_host::everything_ended() {
  postman_.collect(world_.acceptances());
  if (postman_.next_due() != time_point::max()) return false;
  if (!alive() || book_.owed() > 0 || ms_since_start() <= last_habit_ms()) return false;
  for (std::size_t c = 0; c < work_.size(); ++c) {
    if (!work_[c].launched) return false;
    for (const campaign_id id : ids_of(c)) {
      if (!engine_->finished(id)) return false;
    }
  }
  return !watch_.has_unread(*engine_);
}

/// Campaigns share what there is: one that has work waits no longer than a turn of its weight takes.
void scripted_host::look_for_starved() {
  const time_point now = world_.clock().now();
  for (std::size_t c = 0; c < work_.size() && !problem_; ++c) {
    const bool waits = engine_ && work_[c].launched && !work_[c].paused && !engine_->finished(work_[c].id);
    if (!waits || ms_since_start() <= last_habit_ms()) moved_[c] = now;
    if (now - moved_[c] <= starved_after(plan_, c)) continue;
    does_not_end(fmt::format("campaign {} is starved", c));
  }
}

void scripted_host::does_not_end(std::string_view after) {
  std::string what = fmt::format("does not end: {}, and {} messages are owed", after, book_.owed());
  std::string message;
  if (engine_) {
    for (const campaign_status& c : engine_->campaigns()) {
      what += fmt::format("; campaign {} ({}): {}; {}", static_cast<std::uint32_t>(c.id), name_of(c.phase),
                          engine_->why(c.id).words, words_of(c.counts));
    }
  }
  wrong(problem{std::move(what), std::move(message)});
}

/// The engine that is left: drains at once, tells the same as its books, and stops.
void scripted_host::close() {
  while (alive() && !disk_works()) world_.run_for(1s);
  const auto drained = engine_->drain(30s);
  if (!drained) return wrong(problem{"drain() of an engine with nothing inside: " + drained.error().message()});
  wrong(watch_.look(*engine_));
  wrong(watch_.all_told(*engine_));
  look_at_deliveries();
  if (!problem_) stop_engine();
}

/// Where nothing is forgotten the books count every message once of whose delivery the host was told.
void scripted_host::look_at_deliveries() {
  if (problem_ || plan_.kept() != record::every_batch) return;
  for (const campaign_status& c : engine_->campaigns()) {
    const std::uint64_t delivered = reports_.told_of(c.id, true);
    const std::uint64_t undelivered = reports_.told_of(c.id, false);
    if (c.counts.delivered == delivered && c.counts.undelivered == undelivered) continue;
    return wrong(
        problem{fmt::format("the host was told of {} delivered messages of campaign {} and of {} that were "
                            "not, and its books are {}",
                            delivered, static_cast<std::uint32_t>(c.id), undelivered, words_of(c.counts))});
  }
}

/// Whoever comes again after everything: what he brings is known.
void scripted_host::bring_known_ones() {
  if (plan_.kept() != record::every_batch) return;
  constexpr int enough = 5;
  int n = 0;
  for (const auto& [id, m] : reports_.messages()) {
    const auto was = std::find_if(m.brought.begin(), m.brought.end(),
                                  [](const bringing& b) { return b.what.is_final() && b.is_taken(); });
    if (was == m.brought.end() || n++ == enough || !alive()) continue;
    const letter again = was->what;
    const callback_reply said = bring(postman::once_more(again, plan_));
    if (!problem_ && said.status != 200)
      return wrong(problem{fmt::format("a callback is answered {} although everything works", said.status), again.id});
  }
}

/// The record once more: what it says is what the last engine said, and there is nothing left to do or to tell.
void scripted_host::look_again() {
  const std::size_t departures = world_.departures().size();
  open();
  if (problem_) return;
  const recovery_report found = engine_->recovered();
  if (found.redelivered > 0 && plan_.kept() != record::none)
    return wrong(problem{fmt::format("{} events that were confirmed are told again at the end", found.redelivered)});
  if (found.requeued + found.interrupted > 0)
    return wrong(problem{fmt::format("{} messages are inside again at the end", found.requeued + found.interrupted)});
  world_.run_for(5s);
  wrong(watch_.look(*engine_));
  look_at_deliveries();
  bring_known_ones();
  if (poll_once() > 0 && !problem_) return wrong(problem{"an event is told although everything was confirmed"});
  if (world_.departures().size() != departures) return wrong(problem{"a message leaves although everything had ended"});
  for (std::size_t c = 0; c < work_.size() && !problem_; ++c) {
    for (std::size_t s = 0; s < work_[c].sources.size(); ++s) {
      if (!work_[c].cancelled && work_[c].sources[s].next != book_.campaigns()[c].sources[s].rows.size())
        return wrong(problem{fmt::format("source {} of campaign {} is not taken to its end at the end", s, c)});
    }
  }
  engine_->stop();
  engine_.reset();
}

}  // namespace broadside::sim
