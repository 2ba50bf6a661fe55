// send/send_run - the loop: read, submit, take events, look at the clock, wait. One thread beside the engine's own.
#include "send_run.hpp"
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <utility>
#include "findings.hpp"

namespace broadside::send {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t batch_rows_max = 256;
constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr milliseconds look_every{200};    // at routes and limits of time
constexpr milliseconds line_every{3'000};  // plain progress
constexpr milliseconds flush_every{1'000};
constexpr milliseconds last_event_wait{2'000};  // for events that should come and do not

time_point now() { return environment::system().now(); }

// Whether read() returns at once; -1 stands for what never waits.
bool is_readable(int fd) {
  pollfd ready{fd, POLLIN, 0};
  return fd < 0 || (::poll(&ready, 1, 0) > 0 && ready.revents != 0);
}

std::string row_reason(const event& e) {
  const std::string code = e.status_code.empty() ? std::string() : " " + printable(e.status_code, 32);
  return e.reason == errc{} ? "provider's answer" + code : std::string(name_of(e.reason)) + code;
}

std::uint64_t& count_of(ledger& counts, outcome what) {
  switch (what) {
    case outcome::accepted:
      return counts.accepted;
    case outcome::rejected:
      return counts.rejected;
    case outcome::suppressed:
      return counts.suppressed;
    case outcome::expired:
      return counts.expired;
    case outcome::not_sent:
      return counts.not_sent;
    case outcome::maybe_sent:
      break;
  }
  return counts.maybe_sent;
}

void count(reason_counts& into, std::string_view reason) {
  constexpr std::size_t different_max = 64;  // a provider's codes are its own: bounded
  const auto found = into.find(reason);
  if (found != into.end()) {
    ++found->second;
  } else {
    ++into[into.size() < different_max ? std::string(reason) : std::string("others")];
  }
}

}  // namespace

send_run::send_run(setup from, audience_input& input, run_options how, int signals)
    : setup_(std::move(from)),
      options_(std::move(how)),
      input_(&input),
      signals_(signals),
      reader_(options_.format, setup_.columns, options_.csv),
      chunk_(chunk_bytes),
      rejects_(options_.numbers),
      give_up_(options_.give_up_after) {}

exit_code send_run::run() {
  if (const auto code = open_files()) return *code;
  if (const auto code = read_first()) return *code;
  if (const auto code = launch()) return *code;
  began_ = looked_at_ = shown_at_ = flushed_at_ = now();
  while (!over()) {
    bool moved = take_events();
    moved |= read_rows();
    moved |= submit_batch();
    check_signals();
    check_clock();
    if (!moved) wait();
  }
  settle();
  return decide_exit(end_);
}

std::optional<exit_code> send_run::open_files() {
  const bool opened =
      (options_.events_path.empty() || events_file_.open(options_.events_path, output_file::mode::append)) &&
      (options_.rejects_path.empty() || rejects_.open(options_.rejects_path));
  if (opened) return std::nullopt;
  fmt::print(stderr, "error: {}{}\n", events_file_.error(), rejects_.file().error());
  return exit_code::output_failed;
}

// The header is read before the engine starts: a file without the right columns must not look like a campaign.
std::optional<exit_code> send_run::read_first() {
  while (true) {
    const audience_step step = reader_.next(held_);
    if (step == audience_step::unusable) {
      for (const std::string& each : reader_.errors()) {
        fmt::print(stderr, "error: {}: {}\n", options_.audience, printable(each, 300));
      }
      return exit_code::audience_unreadable;
    }
    if (step == audience_step::record) {
      has_held_ = true;
      return std::nullopt;
    }
    if (input_->at_end()) {
      if (input_->error().empty()) return std::nullopt;  // a header and nothing below
      fmt::print(stderr, "error: {}\n", input_->error());
      return exit_code::audience_unreadable;
    }
    check_signals();
    if (interrupted_once_) return exit_code::interrupted;
    if (input_->waits_on() >= 0) {
      std::array<pollfd, 2> ready{{{input_->waits_on(), POLLIN, 0}, {signals_, POLLIN, 0}}};
      ::poll(ready.data(), ready.size(), -1);
      if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    }
    const std::size_t n = input_->read(chunk_);
    reader_.feed({chunk_.data(), n});
    if (input_->at_end()) reader_.finish();
  }
}

namespace {

/// Launching may look at media for a while. Nothing has been sent and nothing can be lost: a signal ends the process.
result<campaign_id, failure> launch_interruptibly(engine& e, const campaign& c) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
  auto launched = e.launch(c);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  return launched;
}

}  // namespace

std::optional<exit_code> send_run::launch() {
  auto opened = engine::open(setup_.options);
  if (!opened.has_value()) {
    fmt::print(stderr, "error: the engine does not start\n{}\n", opened.error().message());
    return exit_code::wrong_usage;
  }
  engine_.emplace(std::move(*opened));
  const auto campaign = launch_interruptibly(*engine_, setup_.campaign);
  if (!campaign.has_value()) {
    fmt::print(stderr, "error: the campaign cannot be launched\n{}\n", campaign.error().message());
    return exit_code::wrong_usage;
  }
  campaign_ = *campaign;
  for (const finding& each : engine_->findings(campaign_)) {  // those of the media, which nobody has looked at before
    const auto& told = setup_.findings;
    if (std::find(told.begin(), told.end(), each) == told.end()) say(finding_line(each));
  }
  const auto source = engine_->open_source(campaign_, "audience");
  if (!source.has_value()) {
    fmt::print(stderr, "error: {}\n", source.error().message());
    return exit_code::wrong_usage;
  }
  source_ = *source;
  launched_ = true;
  constexpr std::uint32_t reserved_max = 65'536;
  lines_.reserve(std::min(setup_.options.messages_inside_max, reserved_max));
  return std::nullopt;
}

// --- the intake --------------------------------------------------------------------------------------------------

// Fills the batch, with at most one read. A batch has no gap in its ordinals: a bad row ends it.
bool send_run::read_rows() {
  if (!reading_ || batch_done_ < rows_.size()) return false;
  rows_.clear();
  value_sizes_.clear();
  bytes_.clear();
  batch_done_ = 0;
  bool moved = false;
  while (reading_ && rows_.size() < batch_rows_max) {
    if (!has_held_) {
      const audience_step step = reader_.next(held_);
      if (step != audience_step::record) break;
      has_held_ = true;
    }
    if (!take(held_)) break;
    has_held_ = false;
    moved = true;
  }
  if (!rows_.empty() || has_held_ || !reading_) return moved;
  if (input_->at_end()) {
    stop_reading(input_->error().empty() ? stop_cause::none : stop_cause::audience_failed);
    return true;
  }
  if (!is_readable(input_->waits_on())) return moved;
  const std::size_t n = input_->read(chunk_);
  reader_.feed({chunk_.data(), n});
  if (input_->at_end()) reader_.finish();
  return true;
}

// False: the record must wait for the next batch.
bool send_run::take(const audience_record& record) {
  if (record.fault != row_fault::none) {
    ++rows_read_;
    ++end_.rows_bad;
    count(bad_rows_, name_of(record.fault));
    rejects_.add(record.line, record.number, name_of(record.fault), explain(record.fault), record.to);
    return true;
  }
  if (rows_.empty()) batch_first_ = record.number;
  if (record.number != batch_first_ + rows_.size()) return false;
  ++rows_read_;
  rows_.push_back({record.line, record.to.size(), value_sizes_.size()});
  bytes_ += record.to;
  for (const std::string_view value : record.values) {
    bytes_ += value;
    value_sizes_.push_back(value.size());
  }
  return true;
}

bool send_run::submit_batch() {
  if (rows_.empty() || batch_done_ == rows_.size() || finished_) return false;
  if (batch_done_ == 0) {
    // views are made when the batch's bytes do not move any more
    const std::string_view all = bytes_;
    const std::size_t values = setup_.campaign.attributes.size();
    std::size_t at = 0;
    views_.clear();
    recipients_.clear();
    views_.reserve(value_sizes_.size());
    for (const batch_row& row : rows_) {
      const std::string_view to = all.substr(at, row.to_size);
      at += row.to_size;
      const std::size_t first = views_.size();
      for (std::size_t i = 0; i < values; ++i) {
        views_.push_back(all.substr(at, value_sizes_[row.first_value + i]));
        at += views_.back().size();
      }
      recipients_.push_back({to, std::span(views_).subspan(first, values)});
    }
  }
  const auto left = std::span<const recipient>(recipients_).subspan(batch_done_);
  const submitted taken = engine_->submit(source_, ordinal{batch_first_ + batch_done_}, left);
  for (std::size_t i = 0; i < taken.accepted; ++i) {
    lines_.emplace(batch_first_ + batch_done_ + i, rows_[batch_done_ + i].line);
  }
  batch_done_ += taken.accepted;
  expected_ += taken.accepted;
  if (taken.stopped_by != errc{} && taken.stopped_by != errc::full && !stopped_) {
    say(fmt::format("error: the engine takes no more: {}", message_of(taken.stopped_by)));
    stop_engine(stop_cause::gave_up);
  }
  return taken.accepted > 0;
}

// --- the events --------------------------------------------------------------------------------------------------

bool send_run::take_events() {
  const std::size_t n = engine_->poll(events_);
  for (std::size_t i = 0; i < n; ++i) take_event(events_[i]);
  if (n > 0) unconfirmed_ = events_[n - 1].at;
  return n > 0;
}

void send_run::take_event(const event& e) {
  const auto row = static_cast<std::uint64_t>(e.row);
  const auto line = lines_.find(row);
  if (line == lines_.end()) {
    end_.every_event_once = false;  // a second event of a message, or of one that was never submitted
    return;
  }
  ++end_.seen.submitted;
  ++count_of(end_.seen, e.outcome);
  if (e.outcome != outcome::accepted) count(reasons_, fmt::format("{}: {}", name_of(e.outcome), row_reason(e)));
  if (e.outcome == outcome::rejected && is_about_the_row(e.reason)) {
    rejects_.add(line->second, row, name_of(e.reason), message_of(e.reason), e.recipient);
  }
  lines_.erase(line);
  if (events_file_.is_open()) {
    json_.clear();
    append_json(json_, e, engine_->context(campaign_, e.route), options_.numbers);
    json_ += '\n';
    events_file_.write(json_);
  }
  if (options_.on_event) options_.on_event(e);
}

void send_run::flush_outputs() {
  flushed_at_ = now();
  const bool events_written = events_file_.flush();
  const bool rejects_written = rejects_.file().flush();
  if (events_written && rejects_written) {
    if (unconfirmed_ != position{}) engine_->confirm(std::exchange(unconfirmed_, position{}));
  } else if (end_.cause != stop_cause::output_failed) {
    say(fmt::format("error: {}{}", events_file_.error(), rejects_.file().error()));
    stop_reading(stop_cause::output_failed);
  }
}

// --- signals and the clock ---------------------------------------------------------------------------------------

void send_run::check_signals() {
  signalfd_siginfo signal{};
  while (::read(signals_, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
    if (!interrupted_once_) {
      interrupted_once_ = true;
      if (!engine_) return;
      say(
          fmt::format("interrupted: no more rows are submitted; {} messages inside end first, for at most {}. "
                      "Interrupt again to stop at once.",
                      engine_->counts(campaign_).inside, span_text(options_.drain_timeout)));
      stop_reading(stop_cause::interrupted);
      drain_until_ = now() + options_.drain_timeout;
    } else if (!stopped_) {
      say("interrupted again: stopping at once");
      stop_engine(stop_cause::interrupted);
    }
  }
}

void send_run::check_clock() {
  const time_point at = now();
  if (at - flushed_at_ >= flush_every) flush_outputs();
  if (at - looked_at_ < look_every) return;
  looked_at_ = at;
  const std::vector<route_status> routes = engine_->routes();
  const ledger counts = engine_->counts(campaign_);
  meter_.update(at, counts.settled());

  const auto used = [&](const route_status& route) {
    const auto& shares = setup_.campaign.sender.routes;
    return std::any_of(shares.begin(), shares.end(), [&](const route_share& s) { return s.route == route.name; });
  };
  // A throttle is waited for, unless not one message was ever accepted: then nobody knows that the routes work at all.
  const auto out_of_use = [&](const route_status& route) {
    const bool unreachable = route.connections == 0 && route.waiting > 0 && !route.last_error.empty();
    return route.suspended || unreachable || (counts.accepted == 0 && route.rests_for.count() > 0);
  };
  const bool all_out = std::all_of(routes.begin(), routes.end(),
                                   [&](const route_status& route) { return !used(route) || out_of_use(route); });
  if (!stopped_ && give_up_.update(at, counts.accepted, all_out && !routes.empty())) {
    say(fmt::format("error: no route could be used for {}: stopping", span_text(options_.give_up_after)));
    for (const route_status& route : routes) {
      if (!route.last_error.empty())
        say(fmt::format("  route \"{}\": {}", route.name, printable(route.last_error, 160)));
    }
    stop_engine(stop_cause::gave_up);
  }
  if (!stopped_ && drain_until_ && at >= *drain_until_) {
    say(fmt::format("the time to drain ({}) is over: stopping", span_text(options_.drain_timeout)));
    stop_engine(stop_cause::drain_timed_out);
  }
  show(routes);
}

void send_run::wait() {
  std::array<pollfd, 3> ready{{{engine_->event_fd(), POLLIN, 0}, {signals_, POLLIN, 0}, {-1, POLLIN, 0}}};
  const bool wants_input = reading_ && batch_done_ == rows_.size() && !has_held_ && !input_->at_end();
  if (wants_input) ready[2].fd = input_->waits_on();
  ::poll(ready.data(), ready.size(), static_cast<int>(look_every.count()));
}

// --- the end -----------------------------------------------------------------------------------------------------

void send_run::stop_reading(stop_cause cause) {
  if (end_.cause == stop_cause::none) end_.cause = cause;
  if (cause == stop_cause::audience_failed) say(fmt::format("error: {}", input_->error()));
  reading_ = false;
  if (cause != stop_cause::none) {
    // what is not submitted yet is not going to be: in the books such rows were not read
    rows_read_ -= rows_.size() - batch_done_;
    batch_done_ = rows_.size();
  }
  if (!finished_) (void)engine_->finish(source_);
  finished_ = true;
}

void send_run::stop_engine(stop_cause cause) {
  stop_reading(cause);
  // giving up and a drain that ran out say more than the interruption before them
  if (cause == stop_cause::drain_timed_out || cause == stop_cause::gave_up) end_.cause = cause;
  stopped_ = true;
  engine_->stop();
}

bool send_run::over() {
  if (!finished_ || !(stopped_ || engine_->finished(campaign_))) return false;
  if (end_.seen.submitted == expected_) return take_events() ? over() : true;
  // events that should be there: give them a moment, then say that they are missing
  if (take_events())
    quiet_since_.reset();
  else if (!quiet_since_)
    quiet_since_ = now();
  return quiet_since_ && now() - *quiet_since_ >= last_event_wait;
}

void send_run::settle() {
  flush_outputs();
  const bool events_closed = events_file_.close();
  const bool rejects_closed = rejects_.file().close();
  if (!(events_closed && rejects_closed) && end_.cause != stop_cause::output_failed) {
    say(fmt::format("error: {}{}", events_file_.error(), rejects_.file().error()));
    end_.cause = stop_cause::output_failed;
  }
  end_.counts = engine_->counts(campaign_);
  if (end_.counts.submitted != expected_) end_.every_event_once = false;
  took_ = std::chrono::duration_cast<milliseconds>(now() - began_);
  if (options_.progress == progress::rewriting) fmt::print(stderr, "\r\x1b[K");
}

std::string send_run::books() const {
  if (!launched_) return {};
  books_facts facts;
  facts.campaign = setup_.campaign.name;
  facts.rows = rows_read_;
  facts.bad_rows = bad_rows_;
  facts.reasons = reasons_;
  facts.took = took_;
  facts.rejects_path = options_.rejects_path;
  facts.events_path = options_.events_path;
  facts.end = end_;
  return books_table(facts);
}

// --- what is said ------------------------------------------------------------------------------------------------

progress_facts send_run::facts(const std::vector<route_status>& routes) const {
  progress_facts out;
  out.phase = finished_ ? "draining" : "sending";
  out.rows = rows_read_;
  out.rows_bad = end_.rows_bad;
  out.bytes = input_->bytes();
  out.bytes_total = input_->bytes_total();
  out.all_read = !reading_;
  out.counts = engine_->counts(campaign_);
  for (const route_status& route : routes) out.in_flight += route.in_flight;
  out.per_second = meter_.per_second();
  return out;
}

void send_run::show(const std::vector<route_status>& routes) {
  for (const route_status& route : routes) {
    const std::string line = route_line(route);
    std::string& told = told_[route.name];
    if (line.empty() || told == route.last_error) continue;
    told = route.last_error;
    say(line);
  }
  if (options_.progress == progress::never) return;
  const bool rewriting = options_.progress == progress::rewriting;
  const time_point at = now();
  if (!rewriting && at - shown_at_ < line_every) return;
  shown_at_ = at;
  std::string line = progress_line(facts(routes));
  for (const route_status& route : routes) {
    if (route.rests_for.count() > 0) line += fmt::format(", {} rests {}", route.name, span_text(route.rests_for));
  }
  if (rewriting) {
    fmt::print(stderr, "\r\x1b[K{}", line);
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

void send_run::say(const std::string& text) {
  if (options_.quiet && !text.starts_with("error")) return;
  if (options_.progress == progress::rewriting) fmt::print(stderr, "\r\x1b[K");
  fmt::print(stderr, "{}\n", text);
}

}  // namespace broadside::send
