// send/event_book - see event_book.hpp. One thread beside the engine's own.
#include "event_book.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <utility>

namespace broadside::send {
namespace {

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

void count_reason(reason_counts& into, std::string_view reason) {
  constexpr std::size_t different_max = 64;  // a provider's codes are its own: bounded
  const auto found = into.find(reason);
  if (found != into.end()) {
    ++found->second;
  } else {
    ++into[into.size() < different_max ? std::string(reason) : std::string("others")];
  }
}

}  // namespace

event_book::event_book(event_book_options how)
    : options_(std::move(how)), events_file_(options_.numbers), rejects_(options_.numbers) {}

bool event_book::open_files(left_open left) {
  left_ = std::move(left);
  seen_ = left_.told;
  seen_.submitted = left_.told.settled();
  seen_.inside = 0;
  const auto how = left_.is_durable ? output_file::mode::resume : output_file::mode::append;
  return (options_.events_path.empty() || events_file_.open(options_.events_path, how, left_.told_again)) &&
         (options_.rejects_path.empty() || rejects_.open(options_.rejects_path, left_.same_audience));
}

void event_book::begin(std::set<campaign_id> campaigns, source_id source, std::set<source_id> audience, intake& rows) {
  campaigns_ = std::move(campaigns);
  source_ = source;
  audience_ = std::move(audience);
  rows_ = &rows;
  rejects_.begin();
}

bool event_book::take_from(engine& from) {
  const std::size_t n = from.poll(events_);
  for (std::size_t i = 0; i < n; ++i) take_event(from, events_[i]);
  return n > 0;
}

void event_book::take_event(const engine& from, const event& e) {
  taken_ = std::max(taken_, e.at);
  const auto row = static_cast<std::uint64_t>(e.row);
  const bool ours = campaigns_.contains(e.campaign);
  const bool is_of_audience = audience_.contains(e.source);
  std::uint64_t line = 0;
  if (const auto mine = e.source == source_ ? rows_->take_line(row) : std::nullopt) {
    ++of_this_run_;
    line = *mine;
    count(e);
  } else {
    if (is_of_audience) line = rows_->line_of(row);
    if (left_.inside.erase(static_cast<std::uint64_t>(e.id)) > 0) {
      if (ours) count(e);
    } else if (left_.told_again > 0) {
      --left_.told_again;
    } else {
      explained_ = false;  // a second event of a message, or of one that was never submitted
      return;
    }
  }
  if (e.outcome == outcome::rejected && is_about_the_row(e.reason)) {
    if (is_of_audience) {
      reject(e, line);
    } else {
      ++rejected_elsewhere_;
    }
  }
  events_file_.add(e, from.context(e.campaign, e.route));
  if (options_.on_event) options_.on_event(e);
}

void event_book::count(const event& e) {
  ++seen_.submitted;
  ++count_of(seen_, e.outcome);
  if (e.outcome != outcome::accepted) {
    count_reason(reasons_, fmt::format("{}: {}", name_of(e.outcome), row_reason(e)));
  }
}

void event_book::reject(const event& e, std::uint64_t line) {
  const auto row = static_cast<std::uint64_t>(e.row);
  if (line == 0 && !rows_->is_read()) {
    without_line_[row] = {e.reason, std::string(e.recipient.view())};
  } else {
    rejects_.add(line, row, name_of(e.reason), message_of(e.reason), e.recipient);
  }
}

void event_book::add_bad(const audience_row& row) {
  rejects_.add(row.line, row.number, name_of(row.fault), explain(row.fault), {});
}

void event_book::row_went_by(const audience_row& row) {
  if (without_line_.empty()) return;
  const auto found = without_line_.find(row.number);
  if (found == without_line_.end()) return;
  const rejected& what = found->second;
  rejects_.add(row.line, row.number, name_of(what.reason), message_of(what.reason), what.recipient);
  without_line_.erase(found);
}

// An event that is told again must not be overtaken by the confirmation of a newer one.
bool event_book::flush(engine& to, confirming how) {
  if (how == confirming::all) {
    for (const auto& [row, what] : without_line_) {
      rejects_.add(0, row, name_of(what.reason), message_of(what.reason), what.recipient);
    }
    without_line_.clear();
  }
  const position upto = how == confirming::all ? taken_ : std::exchange(flushed_, taken_);
  const bool events_written = events_file_.file().sync();
  const bool rejects_written = rejects_.file().sync();
  if (!events_written || !rejects_written) return false;
  if (upto != position{} && left_.told_again == 0 && without_line_.empty()) to.confirm(upto);
  return true;
}

bool event_book::close() {
  const bool events_closed = events_file_.file().close();
  return rejects_.file().close() && events_closed;
}

std::string event_book::errors() {
  const std::string& first = events_file_.file().error();
  return first.empty() ? rejects_.file().error() : first;
}

}  // namespace broadside::send
