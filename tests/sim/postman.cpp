// sim/postman - see postman.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <sim/postman.hpp>
#include <sim/setting.hpp>
#include <string_view>

namespace broadside::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::string sinch_body(const letter& l) {
  struct coded {
    const char *code, *status;
  };
  const coded is = l.word == delivery::underway    ? coded{"N101", "Sent"}
                   : l.word == delivery::delivered ? coded{l.as_sms ? "N202" : "N102", "Delivered"}
                   : l.word == delivery::expired   ? coded{"N103", "Expired"}
                                                   : coded{l.as_sms ? "E202" : "E101", "Failed"};
  return fmt::format(
      R"({{"origin":"MMS_MT","code":"{}","sent-as":"{}","status":"{}","status-details":"as told","from":"18885551234",)"
      R"("to":"{}","operator-id":7,"tracking-id":"T-{}","client-reference":"{}","timestamp":"2026-04-24T18:34:00Z"}})",
      is.code, l.as_sms ? "SMS" : "MMS", is.status, l.to, l.id, l.reference);
}

std::string infobip_result(const letter& l) {
  struct coded {
    int group, id;
    const char *group_name, *name;
  };
  const coded is = l.word == delivery::underway    ? coded{1, 7, "PENDING", "PENDING_ENROUTE"}
                   : l.word == delivery::delivered ? coded{3, 5, "DELIVERED", "DELIVERED_TO_HANDSET"}
                   : l.word == delivery::expired   ? coded{4, 15, "EXPIRED", "EXPIRED_EXPIRED"}
                                                   : coded{2, 4, "UNDELIVERABLE", "UNDELIVERABLE_REJECTED_OPERATOR"};
  return fmt::format(
      R"({{"bulkId":"BULK-1","messageId":"{}","to":"{}","sentAt":"2026-04-24T18:33:00.123+0000",)"
      R"("doneAt":"2026-04-24T18:34:00.000+0000","messageCount":1,"callbackData":"{}","status":{{"groupId":{},)"
      R"("groupName":"{}","id":{},"name":"{}","description":"as told"}},"error":{{"groupId":0,"groupName":"OK","id":0,)"
      R"("name":"NO_ERROR","description":"No Error","permanent":false}}}})",
      l.id, l.to, l.reference, is.group, is.group_name, is.id, is.name);
}

/// One request that says all of these; several only where the provider tells several at once.
callback written(std::vector<letter> letters, const plan& p) {
  const letter& first = letters.front();
  callback c;
  c.provider = first.provider;
  const bool knows = first.wrong != junk::wrong_secret;
  c.target = fmt::format("/reports/{}{}?v=1", callback_secret(c.provider), knows ? "" : "x");
  if (p.route[c.provider].infobip != 0) {
    c.body = R"({"results":[)";
    for (const letter& l : letters) c.body += (&l == &first ? "" : ",") + infobip_result(l);
    c.body += "]}";
  } else {
    c.body = sinch_body(first);
  }
  if (first.wrong == junk::garbage) c.body.resize(c.body.size() / 2);
  c.letters = std::move(letters);
  return c;
}

/// The same message of a campaign or a row that nobody has: its reference is the id, then campaign, source and row.
std::string spoiled(std::string_view reference, junk how) {
  const std::size_t first = reference.find('.');
  const std::size_t second = reference.find('.', first + 1);
  const std::string_view id = reference.substr(0, first);
  if (how == junk::unknown_row) return fmt::format("{}7000000", reference);
  if (how == junk::unknown_campaign) return fmt::format("{}.63{}", id, reference.substr(second));
  return std::string(reference);
}

/// Draws of one message, one after the other.
struct pen {
  random_bits bits;
  const report_plan& plan;
  bool is_sinch;

  number below(number n) { return static_cast<number>(bits.below(static_cast<std::uint64_t>(n))); }
  bool happens(number per_1000) { return below(1000) < per_1000; }
  letter any_word(letter l, bool may_be_underway) {
    const bool fails = happens(plan.failed_per_1000);
    const bool expires = below(2) == 0;
    const bool is_fallback = below(4) == 0;
    l.as_sms = is_fallback && is_sinch && !(fails && expires);
    l.word = !fails ? delivery::delivered : expires ? delivery::expired : delivery::failed;
    if (may_be_underway && below(2) == 0) {
      l.word = delivery::underway;
      l.as_sms = false;
    }
    return l;
  }
};

}  // namespace

void postman::collect(std::span<const testing::acceptance> all) {
  for (; seen_ < all.size(); ++seen_) {
    const testing::acceptance& a = all[seen_];
    if (plan_.route[a.provider].reports != 0) write_letters(a, static_cast<number>(seen_));
  }
}

void postman::write_letters(const testing::acceptance& a, number index) {
  const report_plan& r = plan_.report;
  pen with{stream(plan_.seed, "letters", index), r, plan_.route[a.provider].infobip == 0};
  const letter blank{a.id, a.reference, a.number, a.provider, {}, false, {}};
  if (with.happens(r.junk_per_1000)) {
    letter bad = with.any_word(blank, false);
    bad.wrong = static_cast<junk>(1 + with.below(4));
    bad.reference = spoiled(bad.reference, bad.wrong);
    add(bad, a.at + microseconds{with.below(1000 * (r.delay_ms + r.later_ms))});
  }
  if (with.happens(r.never_per_1000)) return;
  time_point due = a.at + microseconds{1000 * r.delay_ms + with.below(1000 * r.delay_ms)};
  if (with.happens(r.underway_per_1000)) {
    letter first = blank;
    first.word = delivery::underway;
    add(first, due);
    if (with.happens(r.alone_per_1000)) return;
    due += microseconds{1 + with.below(1000 * r.later_ms)};
  }
  add(with.any_word(blank, false), due);
  for (number n = with.below(r.repeats + 1); n > 0; --n) {
    const letter again = with.any_word(blank, true);
    add(again, due + milliseconds{with.below(r.later_ms + 1)});
  }
}

void postman::add(letter l, time_point due) {
  const std::size_t at = l.provider;
  waiting_[at].emplace(std::pair(due, order_++), std::move(l));
}

time_point postman::next_due() const {
  time_point soonest = time_point::max();
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    if (!waiting_[i].empty()) soonest = std::min(soonest, std::max(waiting_[i].begin()->first.first, rests_until_[i]));
  }
  return soonest;
}

std::optional<callback> postman::next(time_point now) {
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    auto& queue = waiting_[i];
    const auto is_due = [&] { return !queue.empty() && queue.begin()->first.first <= now; };
    if (!is_due() || rests_until_[i] > now) continue;
    const auto most = static_cast<std::size_t>(plan_.route[i].infobip != 0 ? plan_.report.batch : 1);
    std::vector<letter> taken;
    while (taken.size() < most && is_due()) {
      const bool is_junk = queue.begin()->second.wrong != junk::none;
      if (is_junk && !taken.empty()) break;
      taken.push_back(std::move(queue.begin()->second));
      queue.erase(queue.begin());
      if (is_junk) break;
    }
    return written(std::move(taken), plan_);
  }
  return std::nullopt;
}

void postman::comes_again(const callback& c, time_point now) {
  rests_until_[c.provider] = now + milliseconds{plan_.report.again_ms};
  for (const letter& l : c.letters) add(l, now);
}

callback postman::once_more(const letter& l, const plan& p) { return written({l}, p); }

}  // namespace broadside::sim
