// engine/engine_reports - delivery reports: from a callback to the journal, to whom it concerns, and to the host.
//
// On host threads. A report has a slot of its own, so that how many are under way is bounded, and its place in the
// journal, before it is told. What is not certain to be kept is answered with 503: the provider calls again.
#include <algorithm>
#include <engine/engine_impl.hpp>

namespace broadside {

using namespace engine_detail;
namespace kept = ::broadside::journal;

namespace {

callback_reply refused(unsigned status, error_code why) {
  callback_reply said;
  said.status = status;
  said.why = why;
  return said;
}

}  // namespace

result<callback_reply> engine::impl::accept_callback(std::string_view route, const http_request_view& request) {
  const auto& routes = shared_.routes;
  const auto is_it = [&](const auto& r) { return r->options->name == route; };
  const auto found = std::find_if(routes.begin(), routes.end(), is_it);
  if (found == routes.end()) return errc::unknown_route;
  const provider& p = *(*found)->options->provider;
  if (!p.reports()) return refused(404, errc::callbacks_off);
  if (!p.verify_callback(request)) return refused(403, errc::callback_refused);
  const auto content = p.read_callback(request);
  if (!content) return refused(400, content.error());
  if (!takes_reports_.load(std::memory_order_acquire)) return refused(503, errc::stopped);
  if (!journal_->writes()) return refused(503, errc::journal_faulty);

  callback_reply said;
  said.unmatched = content->others;
  const position last = take_reports(static_cast<std::uint16_t>(found - routes.begin()), content->reports, said);
  is_recorded(last, said);
  return said;
}

/// What a reference says must be something that this engine, or an earlier one on its journal, can have given. Numbers
/// of campaigns and sources begin anew where there is no journal, and ids do not. A row may be here before submit() has
/// counted its batch.
bool engine::impl::can_be_ours(const message_reference& of) const noexcept {
  constexpr unsigned sequence_bits = 52;
  const auto id = static_cast<std::uint64_t>(of.id);
  const bool is_mine = id >> sequence_bits == first_id_ >> sequence_bits;
  const bool is_later = is_mine && id >= next_id_.load(std::memory_order_relaxed);
  const bool is_earlier = !is_mine || id < first_id_;
  if (is_later || (is_earlier && !durable_)) return false;
  const source_entry* source = sources_.find(static_cast<std::uint32_t>(of.source));
  return find(of.campaign) != nullptr && source != nullptr && source->campaign == of.campaign &&
         static_cast<std::uint64_t>(of.row) < source->next.load(std::memory_order_acquire) + host_batch;
}

/// The last position that was given, or the default one: none was.
position engine::impl::take_reports(std::uint16_t route, std::span<const delivery_report> reports,
                                    callback_reply& said) {
  position last{};
  const std::scoped_lock lock(reporting_);
  for (const delivery_report& each : reports) {
    if (!can_be_ours(each.of)) {
      ++said.unmatched;
      continue;
    }
    if (shared_.deliveries->look(each.of.id, each.delivery) == delivery_desk::standing::repeated) {
      ++said.repeated;
      if (!untold_.empty()) last = slots_[untold_.back()].told.at;  // it may be among those that are not kept yet
      continue;
    }
    if (each.delivery == delivery::underway) {
      ++said.underway;
    } else if (const auto at = record_report(route, each)) {
      ++said.told;
      last = *at;
    } else {
      said.status = 503;
      said.why = errc::full;
      break;
    }
    unsigned shard = 0;
    if (shared_.deliveries->note(each, shard)) wake_shard(this, shard);
  }
  return last;
}

/// None: every slot is taken. Under reporting_, so that reports are told in the order of their positions.
std::optional<position> engine::impl::record_report(std::uint16_t route, const delivery_report& report) {
  slot_index i = no_slot;
  if (!free_.try_pop(i)) return std::nullopt;
  slot& s = slots_[i];
  s = slot{};
  event& told = s.told;
  told.id = report.of.id;
  told.campaign = report.of.campaign;
  told.source = report.of.source;
  told.row = report.of.row;
  told.outcome = outcome::accepted;
  told.delivery = report.delivery;
  told.as_sms = report.as_sms;
  told.route = route;
  told.time = report.at != wall_time{} ? report.at : shared_.environment_->wall_now();
  told.recipient = report.to;
  told.provider_message_id = report.provider_message_id;
  told.status_code = report.status_code;
  told.error = report.error;
  untold_.push_back(i);  // before anything that would have to be taken back
  const unsigned watched_as = shared_.options.shards;
  shared_.told.recording(watched_as);
  told.at = journal_->reserve(1);
  // All earlier reports were told: nothing of them stands in the way of confirming what comes before this one.
  if (untold_.size() == 1) shared_.told.polled(watched_as, position{static_cast<std::uint64_t>(told.at) - 1});
  shared_.told.recorded(watched_as, told.at);
  const std::uint16_t recorded_as = route < shared_.route_numbers.size() ? shared_.route_numbers[route] : route;
  const kept::record record{kept::record_kind::report, i, {.route = recorded_as}};
  journal_->publish(told.at, std::span(&record, 1));
  campaign_entry& c = *find(told.campaign);
  (told.delivery == delivery::delivered ? c.delivered : c.undelivered).fetch_add(1, std::memory_order_relaxed);
  reports_wait_.store(true, std::memory_order_release);
  return told.at;
}

/// Waits until the journal has everything up to `last`; without it the provider shall call again, and is then told that
/// the report is known, once it is kept. The host hears of it when it is.
void engine::impl::is_recorded(position last, callback_reply& said) {
  if (durable_ && journal_->durable() < last) {
    const error_code failed = durable_->flush(shared_.options.reports.patience);
    if (failed && journal_->durable() < last) {
      said.status = 503;
      said.why = failed;
    }
  }
  if (report_is_due()) wake_host(this, 0);
}

/// Whether poll() would tell a report now. If not, and there is one, the host is woken when the journal has it.
bool engine::impl::report_is_due() noexcept {
  if (!reports_wait_.load(std::memory_order_acquire)) return false;
  const std::scoped_lock lock(reporting_);
  if (untold_.empty()) return false;
  const position at = slots_[untold_.front()].told.at;
  const auto host = static_cast<unsigned>(shards_.size());
  return at <= journal_->cleared() || (host < kept::shards_max && !journal_->tell_when_cleared(host, at));
}

std::size_t engine::impl::tell_reports(std::span<event> out) noexcept {
  const std::scoped_lock lock(reporting_);
  const position cleared = journal_->cleared();
  std::size_t n = 0;
  while (n < out.size() && !untold_.empty() && slots_[untold_.front()].told.at <= cleared) {
    slot_index i = untold_.front();
    untold_.pop_front();
    out[n] = slots_[i].told;
    shared_.told.polled(shared_.options.shards, out[n].at);
    give_back(std::span(&i, 1));
    ++n;
  }
  reports_wait_.store(!untold_.empty(), std::memory_order_release);
  return n;
}

}  // namespace broadside
