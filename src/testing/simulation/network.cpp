// testing/simulation/network - see network.hpp.
#include <algorithm>
#include <testing/simulation/network.hpp>
#include <utility>

namespace broadside::testing::sim {

using namespace std::chrono_literals;

// ---------------------------------------------------------------- the client's side

void line::begin_request(std::size_t bytes) {
  const auto& f = world_.faults;
  const bool breaks = world_.happens(concern::network, f.reset);
  const bool silent = world_.happens(concern::network, f.half_open);
  // As often in the answer as in the request: an answer has some hundred bytes.
  const std::uint64_t half = world_.dice(concern::network).below(2);
  const std::uint64_t at = world_.dice(concern::network).below(half == 0 ? bytes : 400);
  fate_ = breaks ? fate::breaks : silent ? fate::falls_silent : fate::none;
  left_ = half == 0 ? at : bytes + at;
  if (fate_ == fate::breaks) ++world_.counts.resets;
  if (fate_ == fate::falls_silent) ++world_.counts.half_open;
  if (fate_ != fate::none) world_.note("line {} {} after {} bytes", number_, breaks ? "breaks" : "falls silent", left_);
}

/// As much of the bytes as the line carries; then it is broken or silent.
std::string_view line::passed(std::string_view bytes) {
  if (fate_ == fate::none) return bytes;
  if (bytes.size() < left_) {
    left_ -= bytes.size();
    return bytes;
  }
  const std::string_view some = bytes.substr(0, static_cast<std::size_t>(left_));
  left_ = 0;
  if (std::exchange(fate_, fate::none) == fate::falls_silent) silent_ = true;
  return some;
}

/// No byte overtakes another.
time_point line::arrival(time_point& last) {
  const auto& f = world_.faults;
  last = std::max(last, world_.now() + f.latency + world_.up_to(concern::network, f.latency_jitter));
  return last;
}

void line::send(std::string_view bytes) {
  const bool was_silent = silent_;
  const bool breaks = fate_ == fate::breaks && bytes.size() >= left_;
  const std::string_view some = passed(bytes);
  const time_point when = arrival(up_last_);
  if (was_silent) return;
  world_.at(when, 0, [self = shared_from_this(), text = std::string(some)] { self->arrive(text); });
  if (breaks) world_.at(when, 0, [self = shared_from_this()] { self->break_it(); });
}

void line::close() {
  user = nullptr;
  if (silent_) return;
  world_.at(arrival(up_last_), 0, [self = shared_from_this()] { self->client_gone_ = true; });
}

// ---------------------------------------------------------------- the provider's side

void line::break_it() {
  provider_gone_ = true;
  world_.at(arrival(down_last_), user_life_, [self = shared_from_this()] {
    self->broken = true;
    if (self->user != nullptr) self->user->on_readable();
  });
}

void line::end_back() {
  provider_gone_ = true;
  if (silent_) return;
  world_.at(arrival(down_last_), user_life_, [self = shared_from_this()] {
    self->ended = true;
    if (self->user != nullptr) self->user->on_readable();
  });
}

void line::arrive(std::string_view bytes) {
  if (host_.gone_until > world_.now() && !provider_gone_) return break_it();
  if (provider_gone_) {  // bytes for a closed socket are answered by a reset
    if (!broken && !silent_) break_it();
    return;
  }
  switch (reader_.feed(bytes)) {
    case request_reader::progress::need_more:
      return;
    case request_reader::progress::complete:
      return answer();
    case request_reader::progress::broken:
      world_.defect(fmt::format("{}: a request that is no HTTP", host_.name));
      return break_it();
  }
}

void line::answer() {
  const request_ticket ticket = host_.core.begin(reader_.method(), reader_.target(), marks_);
  if (ticket.drawn.what != fault::none) ++world_.counts.provider_faults;
  if (simulator_core::resets_now(ticket)) {
    world_.note("{} breaks line {} before it reads", host_.name, number_);
    return break_it();
  }
  const auto r = std::make_shared<reply>();
  const bool keeps = reader_.field("connection") != "close";
  host_.core.finish(ticket,
                    {reader_.field("content-type"), reader_.field("authorization"), reader_.field("x-api-key"),
                     reader_.body(), reader_.target()},
                    keeps, world_.now(), *r);
  reader_.next();
  take_acceptances();
  const simulator_counts& sinch = host_.core.sinch().counts;
  const simulator_counts& infobip = host_.core.infobip().counts;
  const std::uint64_t wrong = sinch.malformed + infobip.malformed + sinch.unauthorized + infobip.unauthorized;
  if (wrong != host_.faults_seen) world_.defect(fmt::format("{}: a request that is malformed or refused", host_.name));
  host_.faults_seen = wrong;
  world_.note("{} answers {} on line {}{}{}", host_.name, r->answer.status, number_, r->lost ? ", spoiled" : "",
              r->way == reply_way::reset ? ", by a reset" : "");
  if (r->delay <= duration::zero()) return act(r);
  world_.after(r->delay, 0, [self = shared_from_this(), r] { self->act(r); });
}

void line::act(const std::shared_ptr<reply>& r) {
  if (client_gone_ || provider_gone_ || silent_) return host_.core.lose(*r);
  if (r->way == reply_way::reset) return break_it();
  const bool slow = world_.happens(concern::network, world_.faults.slow_bytes);
  if (slow) ++world_.counts.slow_answers;
  if (slow || r->way == reply_way::write_slowly) {
    const duration whole = slow ? duration{world_.faults.slow_for} : r->slow_for;
    const std::size_t steps = std::min<std::size_t>(r->bytes.size(), 20);
    return send_slowly(r, 0, (r->bytes.size() + steps - 1) / steps, whole / static_cast<duration::rep>(steps));
  }
  send_back(r->bytes);
  finish(*r);
}

void line::send_slowly(const std::shared_ptr<reply>& r, std::size_t from, std::size_t piece, duration pause) {
  if (provider_gone_) return;
  send_back(std::string_view(r->bytes).substr(from, piece));
  if (from + piece >= r->bytes.size()) return finish(*r);
  world_.after(pause, 0, [self = shared_from_this(), r, from, piece, pause] {
    self->send_slowly(r, from + piece, piece, pause);
  });
}

void line::finish(const reply& r) {
  const bool closes = world_.happens(concern::network, world_.faults.close_after);
  if (closes && !r.close) ++world_.counts.closed_after;
  if (closes || r.close) end_back();
}

void line::send_back(std::string_view bytes) {
  if (provider_gone_) return;
  const bool was_silent = silent_;
  const bool breaks = fate_ == fate::breaks && bytes.size() >= left_;
  const std::string_view some = passed(bytes);
  if (!was_silent && !some.empty()) {
    world_.at(arrival(down_last_), user_life_, [self = shared_from_this(), text = std::string(some)] {
      self->inbox += text;
      if (self->user != nullptr) self->user->on_readable();
    });
  }
  if (breaks) break_it();
}

void line::take_acceptances() {
  const auto take = [&](const provider_books& books, std::size_t& seen, std::vector<acceptance>& into) {
    for (; seen < books.accepted.size(); ++seen) {
      const auto& m = books.accepted[seen];
      world_.note("{} takes {} for {}", host_.name, m.id, m.to);
      into.push_back({world_.now(), host_.index, m.id, m.to, m.reference});
    }
  };
  take(host_.core.sinch(), host_.sinch_seen, world_.acceptances);
  take(host_.core.infobip(), host_.infobip_seen, world_.acceptances);
}

}  // namespace broadside::testing::sim
