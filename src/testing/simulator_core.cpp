// testing/simulator_core - a request's way: resource, fault, provider, answer, bytes.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <iterator>
#include <system_error>
#include <testing/sample_image.hpp>
#include <testing/simulator_core.hpp>
#include <utility>

namespace broadside::testing {
namespace {

resource resource_of(std::string_view target) noexcept {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/ep/v2/") return resource::sinch;
  if (path == "/mms/2/messages") return resource::infobip;
  if (path == "/mms/2/logs") return resource::infobip_logs;
  if (path == "/_simulator/counts") return resource::counts;
  if (path == "/_simulator/accepted") return resource::accepted;
  if (path == "/_simulator/image.png") return resource::image;
  return resource::none;
}

/// Of "…?from=1200"; anything else is 0.
std::size_t from_of(std::string_view target) noexcept {
  constexpr std::string_view name = "?from=";
  const std::size_t at = target.find(name);
  std::size_t from = 0;
  if (at == std::string_view::npos) return 0;
  const std::string_view digits = target.substr(at + name.size());
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), from);
  return failed == std::errc{} && end == digits.data() + digits.size() ? from : 0;
}

std::string_view reason_of(unsigned status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

/// What is read, not posted.
bool is_read_only(resource where) noexcept {
  return where == resource::infobip_logs || where == resource::counts || where == resource::accepted ||
         where == resource::image;
}

/// An answer of the HTTP server itself, not of a provider.
void plain(unsigned status, api_answer& out) {
  out.clear();
  out.status = status;
  out.content_type = "text/plain";
  out.body = fmt::format("{}\n", reason_of(status));
}

void append_http_date(std::string& out, std::int64_t at_s) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds at{std::chrono::seconds{at_s}};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  fmt::format_to(std::back_inserter(out), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                 days[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                 months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), time.hours().count(),
                 time.minutes().count(), time.seconds().count());
}

bool accepts_first(fault what) noexcept {
  return what == fault::reset_after_accept || what == fault::error_500_after_accept || what == fault::truncated ||
         what == fault::garbage;
}

using counter = std::pair<std::string_view, std::uint64_t simulator_counts::*>;
constexpr std::array<counter, 16> counters{{{"requests", &simulator_counts::requests},
                                            {"accepted", &simulator_counts::accepted},
                                            {"accepted_ids", &simulator_counts::accepted_ids},
                                            {"repeats", &simulator_counts::repeats},
                                            {"duplicates_refused", &simulator_counts::duplicates_refused},
                                            {"rejected", &simulator_counts::rejected},
                                            {"throttled", &simulator_counts::throttled},
                                            {"faults", &simulator_counts::faults},
                                            {"answers_lost", &simulator_counts::answers_lost},
                                            {"malformed", &simulator_counts::malformed},
                                            {"connections", &simulator_counts::connections},
                                            {"unauthorized", &simulator_counts::unauthorized},
                                            {"queries", &simulator_counts::queries},
                                            {"queries_throttled", &simulator_counts::queries_throttled},
                                            {"outages", &simulator_counts::outages},
                                            {"early", &simulator_counts::early}}};

void append_counts(std::string& out, const simulator_counts& counts) {
  char before = '{';
  for (const auto& [name, member] : counters) {
    fmt::format_to(std::back_inserter(out), R"({}"{}":{})", before, name, counts.*member);
    before = ',';
  }
  out += '}';
}

}  // namespace

simulator_core::simulator_core(const simulator_options& options)
    : faults_(options.faults),
      dice_(options.seed),
      outages_(options.outages, options.outages_from_first_request),
      sinch_(options),
      infobip_(options) {}

void simulator_core::started(time_point now, wall_time wall) noexcept {
  wall_at_zero_ = wall - now.time_since_epoch();
  outages_.started(now);
}

provider_books* simulator_core::books_of(resource where) {
  if (where == resource::sinch) return &sinch_.books;
  if (where == resource::infobip || where == resource::infobip_logs) return &infobip_.books;
  return nullptr;
}

request_ticket simulator_core::begin(std::string_view method, std::string_view target, connection_marks& marks) {
  request_ticket ticket;
  ticket.where = resource_of(target);
  ticket.from = ticket.where == resource::accepted ? from_of(target) : 0;
  ticket.allowed = method == (is_read_only(ticket.where) ? "GET" : "POST");
  provider_books* const books = books_of(ticket.where);
  if (books == nullptr || !ticket.allowed) return ticket;
  if (ticket.where == resource::infobip_logs) {
    ++books->counts.queries;
    return ticket;
  }
  ++books->counts.requests;
  bool& marked = ticket.where == resource::sinch ? marks.sinch : marks.infobip;
  if (!std::exchange(marked, true)) ++books->counts.connections;
  ticket.drawn = dice_.draw(faults_);
  if (ticket.drawn.what != fault::none) ++books->counts.faults;
  return ticket;
}

void simulator_core::finish(const request_ticket& ticket, const api_request& request, bool keep_alive, time_point now,
                            reply& out) {
  out.way = reply_way::write;
  out.close = !keep_alive;
  out.delay = ticket.drawn.delay;
  out.slow_for = faults_.slow_for;
  out.where = ticket.where;
  out.lost = false;
  const bool sends = ticket.allowed && (ticket.where == resource::sinch || ticket.where == resource::infobip);
  if (sends) books_of(ticket.where)->requested(now);
  if (sends) outages_.requested(now);
  if (sends && answer_in_outage(ticket, request, now, out)) {
    print(ticket, keep_alive, out);
    if (out.answer.status == 0) out.bytes.clear();
    return note_told(out, now);
  }
  answer(ticket, request, now, out);
  const fault what = ticket.drawn.what;
  if (accepts_first(what)) lose(out);
  if (what == fault::reset_after_read || what == fault::reset_after_accept) out.way = reply_way::reset;
  if (what == fault::slow) out.way = reply_way::write_slowly;
  print(ticket, keep_alive, out);
  if (what == fault::truncated) {
    out.bytes.resize(out.bytes.size() - (out.answer.body.size() + 1) / 2);
    out.close = true;
  }
  if (sends) note_told(out, now);
}

/// What the resource says when nothing is wrong with the provider but its faults.
void simulator_core::answer(const request_ticket& ticket, const api_request& request, time_point now, reply& out) {
  if (ticket.where == resource::none || !ticket.allowed) {
    return plain(ticket.where == resource::none ? 404 : 405, out.answer);
  }
  if (ticket.where == resource::infobip_logs) return infobip_.answer_logs(request, now, out.answer);
  if (books_of(ticket.where) != nullptr) return ask_provider(ticket, request, now, out.answer);
  out.answer.clear();
  if (ticket.where == resource::counts) {
    out.answer.body = counts_json();
  } else if (ticket.where == resource::accepted) {
    out.answer.content_type = "text/plain";
    out.answer.body = accepted_lines(ticket.from);
  } else {
    out.answer.content_type = "image/png";
    out.answer.body = sample_image;
  }
}

/// False: there is none now. An answer with status 0 is none.
bool simulator_core::answer_in_outage(const request_ticket& ticket, const api_request& request, time_point now,
                                      reply& out) {
  const outage* const what = outages_.at(now);
  if (what == nullptr) return false;
  ++books_of(ticket.where)->counts.outages;
  out.answer.clear();
  switch (what->what) {
    case outage::kind::refuses_connections:  // the connection is about to be closed
    case outage::kind::closes_unanswered:
      out.answer.status = 0;
      out.close = true;
      break;
    case outage::kind::error_503:
      spoil(fault::error_503, out.answer);
      tell_to_wait(*what, now + out.delay, out.answer);
      break;
    case outage::kind::throttles:
      ask(ticket.where, request, mood::throttling, now, out.answer);
      tell_to_wait(*what, now + out.delay, out.answer);
      break;
    case outage::kind::refuses_numbers:
      ask(ticket.where, request, mood::refusing, now, out.answer);
      break;
  }
  return true;
}

void simulator_core::tell_to_wait(const outage& what, time_point from, api_answer& out) const {
  if (what.retry_after_seconds == 0) return;
  const std::chrono::seconds span{what.retry_after_seconds};
  if (what.retry_after_as_date) {
    out.retry_at_s = std::chrono::ceil<std::chrono::seconds>(wall_at(from + span).time_since_epoch()).count();
  } else {
    out.retry_after_seconds = what.retry_after_seconds;
  }
}

/// From when the answer leaves to when it lets the client come again.
void simulator_core::note_told(const reply& out, time_point now) {
  const time_point leaves = now + out.delay;
  if (out.answer.retry_at_s != 0) {
    const wall_time until{std::chrono::seconds{out.answer.retry_at_s}};
    books_of(out.where)->told(leaves, leaves + (until - wall_at(leaves)));
  } else if (out.answer.retry_after_seconds != 0) {
    books_of(out.where)->told(leaves, leaves + std::chrono::seconds{out.answer.retry_after_seconds});
  }
}

void simulator_core::ask(resource where, const api_request& request, mood how, time_point now, api_answer& out) {
  if (where == resource::sinch) {
    sinch_.answer(request, how, now, out);
  } else {
    infobip_.answer(request, how, now, out);
  }
}

void simulator_core::ask_provider(const request_ticket& ticket, const api_request& request, time_point now,
                                  api_answer& out) {
  const fault what = ticket.drawn.what;
  if (what == fault::reset_after_read || what == fault::error_500 || what == fault::error_503) {
    out.clear();
    spoil(what, out);
    if (ticket.where == resource::infobip && what == fault::error_500) out.body = infobip_simulator::error_body(500);
    return;
  }
  const mood how = what == fault::provider_busy  ? mood::busy
                   : what == fault::throttle_429 ? mood::throttling
                                                 : mood::normal;
  ask(ticket.where, request, how, now, out);
  if (how == mood::throttling) out.retry_after_seconds = faults_.retry_after_seconds;
  spoil(what, out);
}

/// Replaces what the client is shown; what was accepted stays accepted.
void simulator_core::spoil(fault what, api_answer& out) {
  if (what == fault::error_500 || what == fault::error_500_after_accept) {
    out.status = 500;
    out.body = R"({"error":"Internal Server Error"})";
  } else if (what == fault::error_503) {  // as a gateway in front of the provider says it
    out.status = 503;
    out.content_type = "text/html";
    out.body = "<html><body><h1>503 Service Unavailable</h1></body></html>\n";
  } else if (what == fault::garbage) {
    out.body = "}{ this is no JSON \x01\x02 [";
  }
}

void simulator_core::finish_broken(const request_ticket& ticket, unsigned status, reply& out) {
  if (provider_books* const books = books_of(ticket.where)) ++books->counts.malformed;
  plain(status, out.answer);
  out.way = reply_way::write;
  out.close = true;
  out.delay = {};
  out.where = ticket.where;
  out.lost = false;
  print(ticket, false, out);
}

void simulator_core::lose(reply& unsent) {
  if (std::exchange(unsent.lost, true)) return;
  if (provider_books* const books = books_of(unsent.where)) books->lose(unsent.answer);
}

void simulator_core::print(const request_ticket& ticket, bool keep_alive, reply& out) const {
  out.bytes.clear();
  const auto end = std::back_inserter(out.bytes);
  fmt::format_to(end, "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", out.answer.status,
                 reason_of(out.answer.status), out.answer.content_type, out.answer.body.size());
  if (out.answer.retry_after_seconds != 0) fmt::format_to(end, "Retry-After: {}\r\n", out.answer.retry_after_seconds);
  if (out.answer.retry_at_s != 0) {
    out.bytes += "Retry-After: ";
    append_http_date(out.bytes, out.answer.retry_at_s);
    out.bytes += "\r\n";
  }
  // RFC 9110 §15.5.6: a 405 names what would have been allowed.
  if (out.answer.status == 405) {
    out.bytes += is_read_only(ticket.where) ? "Allow: GET\r\n" : "Allow: POST\r\n";
  }
  if (!keep_alive) out.bytes += "Connection: close\r\n";
  out.bytes += "\r\n";
  out.bytes += out.answer.body;
}

simulator_counts simulator_core::counts() const {
  simulator_counts sum = sinch().counts;
  for (const auto& [name, member] : counters) sum.*member += infobip().counts.*member;
  return sum;
}

std::string simulator_core::counts_json() const {
  std::string out = R"({"sinch":)";
  append_counts(out, sinch().counts);
  out += R"(,"infobip":)";
  append_counts(out, infobip().counts);
  out += "}\n";
  return out;
}

std::vector<sender_arrivals> simulator_core::arrivals() const {
  std::vector<sender_arrivals> all;
  for (const provider_books* books : {&sinch(), &infobip()}) {
    for (const auto& [sender, times] : books->arrivals) all.push_back({sender, times});
  }
  const auto before = [](const sender_arrivals& a, const sender_arrivals& b) { return a.sender < b.sender; };
  std::sort(all.begin(), all.end(), before);
  std::vector<sender_arrivals> merged;  // a sender may use both providers
  for (sender_arrivals& each : all) {
    if (merged.empty() || merged.back().sender != each.sender) {
      merged.push_back(std::move(each));
      continue;
    }
    auto& times = merged.back().times;
    const auto middle = static_cast<std::ptrdiff_t>(times.size());
    times.insert(times.end(), each.times.begin(), each.times.end());
    std::inplace_merge(times.begin(), times.begin() + middle, times.end());
  }
  return merged;
}

std::string simulator_core::accepted_lines(std::size_t from) const {
  std::string out;
  std::size_t at = 0;
  for (const provider_books* books : {&sinch(), &infobip()}) {
    for (const auto& message : books->accepted) {
      if (at++ < from) continue;
      if (at > from + accepted_lines_max) return out;
      fmt::format_to(std::back_inserter(out), "{} {}\n", message.id, message.to);
    }
  }
  return out;
}

namespace {

void check_limit(const rate_limit& limit, const std::string& field, std::vector<violation>& out) {
  if (!std::isfinite(limit.per_second) || limit.per_second < 0) {
    out.push_back({field + ".per_second", "must be zero or more"});
  }
  if (limit.burst == 0) out.push_back({field + ".burst", "must be at least 1"});
}

void check_faults(const simulator_faults& f, std::vector<violation>& out) {
  const std::array<std::pair<const char*, double>, 11> shares{{{"reset_before_read", f.reset_before_read},
                                                               {"reset_after_read", f.reset_after_read},
                                                               {"reset_after_accept", f.reset_after_accept},
                                                               {"error_500", f.error_500},
                                                               {"error_503", f.error_503},
                                                               {"error_500_after_accept", f.error_500_after_accept},
                                                               {"throttle_429", f.throttle_429},
                                                               {"provider_busy", f.provider_busy},
                                                               {"truncated", f.truncated},
                                                               {"garbage", f.garbage},
                                                               {"slow", f.slow}}};
  double sum = 0;
  for (const auto& [name, share] : shares) {
    if (!(share >= 0 && share <= 1)) out.push_back({std::string("faults.") + name, "must be 0 to 1"});
    sum += share;
  }
  if (sum > 1 + 1e-9) out.push_back({"faults", "must not add up to more than 1"});
  if (f.slow_for.count() < 0 || f.delay.count() < 0 || f.delay_jitter.count() < 0) {
    out.push_back({"faults", "times must not be negative"});
  }
}

void check_outages(const std::vector<outage>& outages, std::vector<violation>& out) {
  constexpr std::size_t outages_max = 1000;
  constexpr std::uint32_t retry_after_max = 86'400;
  constexpr std::chrono::hours until_max{24 * 365};
  if (outages.size() > outages_max) return out.push_back({"outages", "must be at most 1000"});
  for (std::size_t i = 0; i < outages.size(); ++i) {
    const outage& o = outages[i];
    const std::string field = fmt::format("outages[{}]", i);
    if (o.from.count() < 0 || o.until <= o.from || o.until > until_max) {
      out.push_back({field, "must begin at zero or later, and end later than that, within a year"});
    }
    if (o.retry_after_seconds > retry_after_max) {
      out.push_back({field + ".retry_after_seconds", "must be at most a day"});
    }
  }
}

}  // namespace

std::vector<violation> check(const simulator_options& options) {
  std::vector<violation> out;
  check_limit(options.sinch_limit, "sinch_limit", out);
  check_limit(options.infobip_limit, "infobip_limit", out);
  check_limit(options.infobip_logs_limit, "infobip_logs_limit", out);
  check_faults(options.faults, out);
  check_outages(options.outages, out);
  if (options.told_grace.count() < 0) out.push_back({"told_grace", "must not be negative"});
  if (options.refused_per_10000 > 10000) out.push_back({"refused_per_10000", "must be 0 to 10000"});
  return out;
}

}  // namespace broadside::testing
