// preflight/connection_pool - looked up one by one, for they are few.
#include <algorithm>
#include <preflight/connection_pool.hpp>
#include <utility>

namespace broadside::preflight_detail {
namespace {

bool same(const http::origin& a, const http::origin& b) noexcept {
  return a.tls == b.tls && a.port == b.port && a.host == b.host;
}

}  // namespace

void connection_pool::ask(connection_wish wish) { waiting_.push_back(std::move(wish)); }

void connection_pool::forget(std::size_t who) {
  std::erase_if(waiting_, [who](const connection_wish& wish) { return wish.who == who; });
}

void connection_pool::release(connection_id id) {
  const auto found = std::find_if(open_.begin(), open_.end(), [id](const connection& c) { return c.id == id; });
  if (found == open_.end()) return;
  found->kept = true;
  std::rotate(found, found + 1, open_.end());
}

void connection_pool::closed(connection_id id) {
  std::erase_if(open_, [id](const connection& c) { return c.id == id; });
}

connection_order connection_pool::next() {
  for (auto wish = waiting_.begin(); wish != waiting_.end(); ++wish) {
    const connection_order order = serve(*wish);
    if (order.what == connection_order::kind::none) continue;
    if (order.what != connection_order::kind::close) waiting_.erase(wish);
    return order;
  }
  return {};
}

connection_order connection_pool::serve(const connection_wish& wish) {
  using kind = connection_order::kind;
  if (const auto kept = find_kept(wish); kept != open_.end()) {
    kept->kept = false;
    return {.what = kind::use, .connection = kept->id, .who = wish.who, .address = kept->address};
  }
  const auto of_origin = [&wish](const connection& c) { return same(c.to, wish.to); };
  const auto used = std::count_if(open_.begin(), open_.end(), of_origin);
  const bool origin_full = static_cast<std::size_t>(used) >= per_origin_max;
  if (origin_full || open_.size() >= connections_max_) {
    // The one that was not used for the longest, for servers close those first.
    const auto spare = std::find_if(open_.begin(), open_.end(),
                                    [&](const connection& c) { return c.kept && (!origin_full || of_origin(c)); });
    return spare == open_.end() ? connection_order{} : close(spare);
  }
  const ip_address& to = wish.checked[wish.address];
  open_.push_back({.id = next_id_++, .to = wish.to, .address = to, .kept = false});
  return {.what = kind::open, .connection = open_.back().id, .who = wish.who, .address = to};
}

// The one that was used last, for it is the most likely to be open still.
connection_pool::place connection_pool::find_kept(const connection_wish& wish) {
  if (wish.fresh) return open_.end();
  const auto fits = [&wish](const connection& c) {
    return c.kept && same(c.to, wish.to) &&
           std::find(wish.checked.begin(), wish.checked.end(), c.address) != wish.checked.end();
  };
  const auto found = std::find_if(open_.rbegin(), open_.rend(), fits);
  return found == open_.rend() ? open_.end() : std::prev(found.base());
}

connection_order connection_pool::close(place spare) {
  const connection_order order{.what = connection_order::kind::close, .connection = spare->id, .who = 0, .address = {}};
  open_.erase(spare);
  return order;
}

}  // namespace broadside::preflight_detail
