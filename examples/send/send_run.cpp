// send/send_run - the loop: events, rows, signals, the clock, wait. One thread beside the engine's own.
#include "send_run.hpp"
#include <fmt/format.h>
#include <poll.h>
#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include "findings.hpp"
#include "media_look.hpp"
#include "output_file.hpp"
#include "reload.hpp"
#include "tell.hpp"

namespace broadside::send {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds look_every{200};    // at routes and limits of time
constexpr milliseconds line_every{3'000};  // plain progress
constexpr milliseconds flush_every{500};
constexpr milliseconds last_event_wait{2'000};  // for events that should come and do not
constexpr milliseconds last_record_wait{5'000};

time_point now() { return environment::system().now(); }

std::string not_launched(const failure& why) {
  return fmt::format("the campaign cannot be launched\n{}", why.message());
}

std::string_view cost_of_stopping(bool is_durable) {
  return is_durable
             ? "Interrupt again to stop at once: nothing is lost, the same command goes on, but what is on its "
               "way then may end as maybe_sent."
             : "Interrupt again to stop at once: what is on its way then ends as maybe_sent, the rest as not_sent.";
}

/// The journal's failures say where in its folder; others, of options or of what the system gives, do not.
bool is_of_journal(const failure& why, const std::string& folder) {
  for (const errc each :
       {errc::journal_in_use, errc::journal_damaged, errc::journal_too_new, errc::journal_full, errc::journal_faulty}) {
    if (why.code == each) return true;
  }
  return std::any_of(why.violations.begin(), why.violations.end(),
                     [&](const violation& v) { return v.field.starts_with(folder); });
}

}  // namespace

send_run::send_run(setup from, audience_input& input, run_options how)
    : setup_(std::move(from)),
      options_(std::move(how)),
      input_(&input),
      intake_(input, with_columns(options_.rows, setup_.columns)),
      book_(options_.book),
      give_up_(options_.give_up_after) {}

exit_code send_run::run() {
  if (const auto code = read_first()) return *code;
  if (const auto code = look_at_outputs()) return *code;
  if (const auto code = look_at_new_media()) return *code;
  // From here on messages that an earlier run left inside may leave.
  if (!signals_.take()) return fail(exit_code::wrong_usage, "the system does not take a handler for signals");
  if (const auto code = open_engine()) return *code;
  if (const auto code = open_files()) return *code;
  if (const auto code = launch()) return *code;
  signals_.attend();
  begin_intake();
  loop();
  settle();
  return decide_exit(end_);
}

exit_code send_run::fail(exit_code code, const std::string& text) {
  tell(fmt::format("error: {}\n", text));
  return code;
}

// The header is read before the engine starts: a file without the right columns must not look like a campaign.
std::optional<exit_code> send_run::read_first() {
  while (true) {
    const audience_step step = intake_.next_first();
    if (step == audience_step::unusable) {
      for (const std::string& each : intake_.errors()) {
        tell(fmt::format("error: {}: {}\n", options_.audience, printable(each, 300)));
      }
      return exit_code::audience_unreadable;
    }
    if (step != audience_step::more) return std::nullopt;
    if (intake_.at_end()) {
      if (intake_.input_error().empty()) return std::nullopt;  // a header and nothing below
      return fail(exit_code::audience_unreadable, intake_.input_error());
    }
    input_->wait();
    intake_.read_block();
  }
}

// What is easily wrong is told before the engine starts: from then on messages of earlier runs may leave.
std::optional<exit_code> send_run::look_at_outputs() {
  for (const std::string& path : {options_.book.events_path, options_.book.rejects_path}) {
    if (path.empty()) continue;
    if (const std::string wrong = hindrance(path); !wrong.empty()) return fail(exit_code::output_failed, wrong);
  }
  return std::nullopt;
}

// A campaign that no earlier run launched is refused for its media before the engine starts; a signal ends the wait.
// One that is gone on with is not looked at: only launch() knows whether its definition is a new one.
std::optional<exit_code> send_run::look_at_new_media() {
  if (options_.goes_on && options_.goes_on->before.exists) return std::nullopt;
  const auto look = look_at_media(setup_);
  if (!look.has_value()) return fail(exit_code::wrong_usage, not_launched(look.error()));
  if (has_errors(look->findings)) {
    return fail(exit_code::wrong_usage,
                not_launched({make_error_code(errc::invalid_campaign), errors_of(look->findings)}));
  }
  for (const finding& each : look->findings) say(finding_line(each));
  setup_.options.preflight.mode = preflight_mode::off;  // once is enough
  return std::nullopt;
}

// After the engine has the journal, and with it the right to these files.
std::optional<exit_code> send_run::open_files() {
  left_open left;
  if (options_.goes_on) {
    const earlier_run& before = options_.goes_on->before;
    left = {before.inside, before.redelivered, before.counts, options_.goes_on->audience.taken > 0, true};
  }
  if (book_.open_files(std::move(left))) return std::nullopt;
  return fail(exit_code::output_failed, book_.errors());
}

std::optional<exit_code> send_run::open_engine() {
  // While the journal is read nothing leaves yet.
  setup_.options.journal.on_progress = [this,
                                        tell_of = setup_.options.journal.on_progress](const recovery_progress& p) {
    signals_.end_if_asked();
    if (tell_of) tell_of(p);
  };
  auto opened = engine::open(setup_.options);
  if (!opened.has_value()) {
    const failure& why = opened.error();
    const std::string& folder = setup_.options.journal.path;
    if (is_durable() && is_of_journal(why, folder)) {
      return fail(exit_code::journal_failed, fmt::format("the journal {} cannot be used: {}", folder, why.message()));
    }
    return fail(exit_code::wrong_usage, fmt::format("the engine does not start\n{}", why.message()));
  }
  engine_.emplace(std::move(*opened));
  return check_recovered();
}

// The first thing after the lock: whatever was looked at before may have changed since.
std::optional<exit_code> send_run::check_recovered() {
  if (is_durable() && !options_.goes_on->before.unreadable.empty() && !engine_->campaigns().empty()) {
    return fail(exit_code::journal_failed, fmt::format("the journal {} cannot be read: {}", setup_.options.journal.path,
                                                       options_.goes_on->before.unreadable));
  }
  if (is_durable() && !is_as_before(options_.goes_on->before, engine_->campaigns(), engine_->recovered())) {
    return fail(exit_code::journal_failed,
                fmt::format("another sender had the journal {} meanwhile: nothing was sent. Run the same command again",
                            setup_.options.journal.path));
  }
  const recovery_report& found = engine_->recovered();
  for (const std::string& each : found.damage) say(fmt::format("warning: the journal: {}", each));
  if (found.quarantined > 0) {
    say(fmt::format("warning: {} records of the journal cannot be read and were set aside", found.quarantined));
  }
  if (found.lost > 0) {
    say(
        fmt::format("warning: of {} messages nothing is known any more but that they were taken: they are in none of "
                    "the counts below",
                    found.lost));
  }
  return std::nullopt;
}

// Of a campaign that has changed since an earlier run the media are looked at here, for a while: meanwhile what that
// run left inside leaves already, also when this launch is refused then. A signal is told of afterwards; a second one
// ends the process, which costs what a crash does.
std::optional<exit_code> send_run::launch() {
  const auto campaign = engine_->launch(setup_.campaign);
  if (!campaign.has_value()) {
    return fail(exit_code::wrong_usage, not_launched(campaign.error()));
  }
  campaign_ = *campaign;
  for (const finding& each : engine_->findings(campaign_)) {  // those of the media, which nobody has looked at before
    const auto& told = setup_.findings;
    if (std::find(told.begin(), told.end(), each) == told.end()) say(finding_line(each));
  }
  std::string name = "audience";
  if (options_.goes_on) {
    const continuation& how = *options_.goes_on;
    name = how.audience.source;
    if (how.audience.must_note) {
      const std::string wrong = audience_notes::append(setup_.options.journal.path, how.remember);
      if (!wrong.empty()) return fail(exit_code::journal_failed, wrong);
    }
  }
  const auto source = engine_->open_source(campaign_, name);
  if (!source.has_value()) return fail(exit_code::wrong_usage, source.error().message());
  source_ = *source;
  launched_ = true;
  return std::nullopt;
}

void send_run::begin_intake() {
  campaigns_.insert(campaign_);
  std::uint64_t resume = 0;
  std::unordered_set<std::uint64_t> remembered;
  if (options_.goes_on) {
    resume = static_cast<std::uint64_t>(engine_->resume_point(source_));
    for (const campaign_status& each : engine_->campaigns()) {
      if (each.key == setup_.campaign.key) campaigns_.insert(each.id);
      if (each.id == campaign_ && each.phase == campaign_phase::paused) {
        say("the campaign was paused: it goes on");
        static_cast<void>(engine_->resume(campaign_));
      }
    }
    remembered = options_.goes_on->before.inside_rows;
    say_what_was_found(resume);
  }
  book_.begin(campaigns_, source_, sources_of_audience(), intake_);
  intake_.begin(
      source_, resume, std::move(remembered),
      {[this](const audience_row& r) { book_.add_bad(r); }, [this](const audience_row& r) { book_.row_went_by(r); }});
}

// An earlier version of the campaign had the same audience as another source; its rows have the same numbers.
std::set<source_id> send_run::sources_of_audience() const {
  std::set<source_id> out{source_};
  if (!options_.goes_on) return out;
  const std::vector<source_status>& known = options_.goes_on->before.sources;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i].name == options_.goes_on->audience.source && campaigns_.contains(known[i].campaign)) {
      out.insert(source_id{static_cast<std::uint32_t>(i)});
    }
  }
  return out;
}

void send_run::say_what_was_found(std::uint64_t resume) {
  const continuation& how = *options_.goes_on;
  if (!how.audience.notice.empty()) say(how.audience.notice);
  if (how.before.of_others > 0) {
    say(fmt::format("{} messages of other campaigns are inside this journal: they go on too", how.before.of_others));
  }
  if (!how.before.exists && how.was_told_again && how.before.run > 1) {
    say(fmt::format(
        "sends to everybody in {} once more, as the campaign \"{}\"; to go on with it, and with nothing else, "
        "say --run {} instead of --again",
        options_.audience, printable(how.before.key, 255), how.before.run));
  }
  if (!how.before.exists) return;
  say(fmt::format("continues at row {} of {}: {}", resume + 1, options_.audience, counts_text(how.before)));
  for (const campaign_status& each : engine_->campaigns()) {
    if (each.id != campaign_ || each.version <= how.before.version) continue;
    say(fmt::format(
        "the campaign file has changed: version {} from row {} on; {} messages of version {} are still inside",
        each.version, resume + 1, how.before.counts.inside, how.before.version));
  }
}

// --- the loop ----------------------------------------------------------------------------------------------------

void send_run::loop() {
  began_ = looked_at_ = shown_at_ = flushed_at_ = told_again_at_ = now();
  while (!over()) {
    check_signals();
    check_reload();
    bool moved = book_.take_from(*engine_);
    // What is told again comes first: the lines of its rows are met when they are read.
    if (moved) told_again_at_ = now();
    if (!book_.tells_again() || now() - told_again_at_ > last_event_wait) moved |= intake_.read_rows();
    moved |= submit_batch();
    if (intake_.is_read() && intake_.is_submitted() && !finished_) {
      stop_reading(input_->error().empty() ? stop_cause::none : stop_cause::audience_failed);
    }
    finish_source();
    check_clock();
    if (!moved) wait();
  }
}

bool send_run::submit_batch() {
  if (finished_) return false;
  errc stopped_by{};
  const bool moved = intake_.submit_batch(*engine_, stopped_by);
  if (stopped_by == errc::source_finished) {
    say(fmt::format(
        "error: rows from {} on of {} are not taken: an earlier run finished this audience before them. Put "
        "new rows into a file of their own, which is another audience of the campaign",
        intake_.next_row() + 1, options_.audience));
    stop_reading(stop_cause::audience_grew);
    return moved;
  }
  // A journal that cannot be written is waited for like an engine that is full: check_journal() says so.
  const bool waits = stopped_by == errc{} || stopped_by == errc::full || stopped_by == errc::journal_faulty;
  if (!waits && !stopped_) {
    say(fmt::format("error: the engine takes no more: {}", message_of(stopped_by)));
    stop_engine(stop_cause::gave_up);
  }
  return moved;
}

void send_run::flush_outputs(event_book::confirming how) {
  flushed_at_ = now();
  if (book_.flush(*engine_, how) || end_.cause == stop_cause::output_failed) return;
  say(fmt::format("error: {}", book_.errors()));
  stop_reading(stop_cause::output_failed);
}

void send_run::check_signals() {
  while (signals_.next()) {
    if (!interrupted_once_) {
      interrupted_once_ = true;
      say(fmt::format("interrupted: {}; {} messages inside end first, for at most {}. {}",
                      end_.all_read ? "every row is submitted" : "no more rows are submitted", counts().inside,
                      span_text(options_.drain_timeout), cost_of_stopping(is_durable())));
      stop_reading(stop_cause::interrupted);
      drain_until_ = now() + options_.drain_timeout;
    } else if (!stopped_) {
      say("interrupted again: stopping at once");
      stop_engine(stop_cause::interrupted);
    }
  }
}

void send_run::check_reload() {
  if (!signals_.reload() || stopped_) return;
  for (const std::string& each : reload(options_.campaign_path, setup_, *engine_, campaigns_)) say(each);
}

void send_run::check_clock() {
  const time_point at = now();
  if (at - flushed_at_ >= flush_every) flush_outputs(event_book::confirming::late);
  if (at - looked_at_ < look_every) return;
  looked_at_ = at;
  const std::vector<route_status> routes = engine_->routes();
  const ledger books = counts();
  meter_.update(at, books.settled());
  check_journal();
  check_routes(at, routes, books);
  if (!stopped_ && drain_until_ && at >= *drain_until_) {
    say(fmt::format("the time to drain ({}) is over: stopping", span_text(options_.drain_timeout)));
    stop_engine(stop_cause::drain_timed_out);
  }
  show(routes, books);
}

void send_run::check_journal() {
  const journal_status journal = engine_->journal();
  if (!is_durable() || stopped_ || journal.writes == !journal_fault_told_) return;
  journal_fault_told_ = !journal.writes;
  say(journal.writes ? "the journal is written again: it goes on"
                     : fmt::format("error: the journal cannot be written: {}. Nothing is taken or sent until it can be",
                                   journal.fault.message()));
}

void send_run::check_routes(time_point at, const std::vector<route_status>& routes, const ledger& books) {
  const auto used = [&](const route_status& route) {
    const auto& shares = setup_.campaign.sender.routes;
    return std::any_of(shares.begin(), shares.end(), [&](const route_share& s) { return s.route == route.name; });
  };
  // A throttle is waited for, unless not one message was ever accepted: then nobody knows that the routes work at all.
  const auto out_of_use = [&](const route_status& route) {
    const bool unreachable = route.connections == 0 && route.waiting > 0 && !route.last_error.empty();
    return route.suspended || unreachable || (books.accepted == 0 && route.rests_for.count() > 0);
  };
  const bool all_out = std::all_of(routes.begin(), routes.end(),
                                   [&](const route_status& route) { return !used(route) || out_of_use(route); });
  if (stopped_ || !give_up_.update(at, books.accepted, all_out && !routes.empty())) return;
  say(fmt::format("error: no route could be used for {}: stopping", span_text(options_.give_up_after)));
  for (const route_status& route : routes) {
    if (!route.last_error.empty()) say(fmt::format("  route \"{}\": {}", route.name, printable(route.last_error, 160)));
  }
  stop_engine(stop_cause::gave_up);
}

void send_run::wait() {
  const std::array<int, 4> on{engine_->event_fd(), signals_.fd(), signals_.reload_fd(), intake_.waits_on()};
  std::array<pollfd, 4> ready;
  for (std::size_t i = 0; i < on.size(); ++i) ready[i] = {on[i], POLLIN, 0};
  ::poll(ready.data(), ready.size(), static_cast<int>(look_every.count()));
}

// --- the end -----------------------------------------------------------------------------------------------------

void send_run::stop_reading(stop_cause cause) {
  if (end_.cause == stop_cause::none) end_.cause = cause;
  if (cause == stop_cause::audience_failed) say(fmt::format("error: {}", input_->error()));
  if (std::exchange(finished_, true)) return;
  end_.all_read = cause == stop_cause::none;
  if (cause != stop_cause::none) intake_.stop();  // in the books what is not submitted was not read
  if (!is_durable()) static_cast<void>(engine_->finish(source_));
}

// A journal remembers a finished source for ever: rows that a later run will submit must find it open. So it is told
// when all were submitted, and when none of them can be lost any more.
void send_run::finish_source() {
  if (!is_durable() || !end_.all_read || source_finished_) return;
  if (static_cast<std::uint64_t>(engine_->resume_point(source_)) < intake_.next_row()) return;
  source_finished_ = true;
  static_cast<void>(engine_->finish(source_));
}

void send_run::stop_engine(stop_cause cause) {
  stop_reading(cause);
  // giving up and a drain that ran out say more than the interruption before them
  if (cause == stop_cause::drain_timed_out || cause == stop_cause::gave_up) end_.cause = cause;
  stopped_ = true;
  cut_ = counts().inside > 0;
  engine_->stop();
}

ledger send_run::counts() const {
  ledger sum;
  for (const campaign_id each : campaigns_) sum = sum_of(sum, engine_->counts(each));
  return sum;
}

bool send_run::over() {
  if (!finished_) return false;
  const ledger books = counts();
  if (books.inside > 0 && !stopped_) return false;
  if (book_.take_from(*engine_)) {
    quiet_since_.reset();
    return false;
  }
  if (book_.seen().submitted == books.settled() && !book_.tells_again()) return true;
  // events that should be there: give them a moment, then say that they are missing
  if (!quiet_since_) quiet_since_ = now();
  return now() - *quiet_since_ >= last_event_wait;
}

// The last records may still be on their way to the disk, with --durability other than every-batch. A signal ends the
// wait; the next run finishes the audience then.
void send_run::finish_late() {
  const time_point last = now() + last_record_wait;
  while (is_durable() && end_.all_read && !source_finished_ && !cut_) {
    finish_source();
    if (source_finished_ || now() > last || !engine_->journal().writes) return;
    if (signals_.next()) {
      if (end_.cause == stop_cause::none) end_.cause = stop_cause::interrupted;
      return;
    }
    pollfd signal{signals_.fd(), POLLIN, 0};
    ::poll(&signal, 1, 10);
  }
}

void send_run::settle() {
  limits_ = engine_->limits();
  flush_outputs(event_book::confirming::all);
  if (!book_.close() && end_.cause != stop_cause::output_failed) {
    say(fmt::format("error: {}", book_.errors()));
    end_.cause = stop_cause::output_failed;
  }
  finish_late();
  // What was confirmed is in the journal when this returns; after an engine that was stopped before, when it is
  // destroyed.
  engine_->stop();
  end_.rows_bad = intake_.rows_bad();
  end_.counts = counts();
  end_.seen = book_.seen();
  end_.every_event_once = book_.every_event_once() && book_.of_this_run() + end_.counts.inside >= intake_.submitted();
  end_.goes_on = is_durable();
  // nothing was left to interrupt: every row was read and every message ended by itself
  const bool ended = end_.all_read && end_.counts.inside == 0 && (is_durable() ? source_finished_ : !cut_);
  if (end_.cause == stop_cause::interrupted && ended) end_.cause = stop_cause::none;
  took_ = std::chrono::duration_cast<milliseconds>(now() - began_);
  if (options_.progress == progress::rewriting) tell("\r\x1b[K");
  const bool goes_on = end_.cause != stop_cause::audience_grew || end_.counts.inside > 0;
  if (is_durable() && end_.cause != stop_cause::none && goes_on) {
    const continuation& how = *options_.goes_on;
    say(fmt::format("not finished: {} taken, {} accepted, {} inside; run the same command{} to continue",
                    end_.counts.submitted, end_.counts.accepted, end_.counts.inside,
                    how.was_told_again ? fmt::format(" with --run {} instead of --again", how.before.run) : ""));
  }
}

std::string send_run::books() const {
  if (!launched_) return {};
  books_facts facts;
  facts.campaign = setup_.campaign.name;
  facts.rows = intake_.rows();
  facts.bad_rows = intake_.bad_rows();
  facts.reasons = book_.reasons();
  facts.took = took_;
  facts.rejects_path = options_.book.rejects_path;
  facts.events_path = options_.book.events_path;
  facts.end = end_;
  facts.rejected_elsewhere = book_.rejected_elsewhere();
  facts.limits = limits_;
  facts.resumed = options_.goes_on && options_.goes_on->before.exists;
  return books_table(facts);
}

// --- what is said ------------------------------------------------------------------------------------------------

explanation send_run::what_holds_up() const {
  for (const campaign_id each : campaigns_) {
    if (engine_->counts(each).inside > 0) return engine_->why(each);
  }
  return engine_->why(campaign_);
}

void send_run::show(const std::vector<route_status>& routes, const ledger& books) {
  for (const route_status& route : routes) {
    const std::string line = route_line(route);
    std::string& told = told_[route.name];
    if (line.empty() || told == route.last_error) continue;
    told = route.last_error;
    say(line);
  }
  const time_point at = now();
  const bool stalled = stall_.update(at, books);
  if (options_.progress == progress::never) return;
  const bool rewriting = options_.progress == progress::rewriting;
  if (!rewriting && at - shown_at_ < line_every) return;
  shown_at_ = at;
  const explanation why = what_holds_up();
  const bool is_limit = why.what == binding::rate_limit || why.what == binding::quota;
  progress_facts facts;
  facts.phase = finished_ ? "draining" : intake_.skipped() > 0 && intake_.submitted() == 0 ? "going on" : "sending";
  facts.rows = intake_.rows();
  facts.rows_bad = intake_.rows_bad();
  facts.bytes = input_->bytes();
  facts.bytes_total = input_->bytes_total();
  facts.all_read = finished_;
  facts.counts = books;
  for (const route_status& route : routes) facts.in_flight += route.in_flight;
  facts.per_second = meter_.per_second();
  if (stalled || is_limit) facts.holds_up = why.words;
  std::string line = progress_line(facts);
  for (const route_status& route : routes) {
    if (route.rests_for.count() > 0) line += fmt::format(", {} rests {}", route.name, span_text(route.rests_for));
  }
  tell(fmt::format("{}{}{}", rewriting ? "\r\x1b[K" : "", line, rewriting ? "" : "\n"));
}

void send_run::say(const std::string& text) {
  if (options_.quiet && !text.starts_with("error")) return;
  if (options_.progress == progress::rewriting) tell("\r\x1b[K");
  tell(fmt::format("{}\n", text));
}

}  // namespace broadside::send
