// preflight/names_driver - threads and getaddrinfo.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <preflight/names_driver.hpp>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace broadside::preflight_detail {
namespace {

struct free_addresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

error_code why_not_found(int code) noexcept {
  namespace error = boost::asio::error;
  switch (code) {
    case EAI_SYSTEM:
      return {errno, boost::system::system_category()};
    case EAI_AGAIN:
      return error::host_not_found_try_again;
    case EAI_MEMORY:
      return error::no_memory;
    case EAI_FAIL:
      return error::no_recovery;
    default:
      return error::host_not_found;
  }
}

std::optional<ip_address> address_of(const addrinfo& entry) noexcept {
  ip_address out;
  if (entry.ai_family == AF_INET && entry.ai_addrlen >= sizeof(sockaddr_in)) {
    sockaddr_in four{};
    std::memcpy(&four, entry.ai_addr, sizeof four);
    std::memcpy(out.bytes.data(), &four.sin_addr, sizeof four.sin_addr);
    return out;
  }
  if (entry.ai_family == AF_INET6 && entry.ai_addrlen >= sizeof(sockaddr_in6)) {
    sockaddr_in6 six{};
    std::memcpy(&six, entry.ai_addr, sizeof six);
    std::memcpy(out.bytes.data(), &six.sin6_addr, sizeof six.sin6_addr);
    out.v6 = true;
    return out;
  }
  return std::nullopt;
}

}  // namespace

result<std::vector<ip_address>> system_addresses(const std::string& host) {
  // Without AI_ADDRCONFIG: an address of a family that this host has no route to is looked at too.
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (code != 0) return why_not_found(code);
  const std::unique_ptr<addrinfo, free_addresses> list(found);
  std::vector<ip_address> out;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    if (const auto address = address_of(*entry)) out.push_back(*address);
  }
  return out;
}

/// What the threads share; the last one that has it clears it away.
struct name_lookups::desk {
  const name_source source;
  std::mutex mutex;
  std::function<void()> wake;       // empty: nobody waits any more
  std::set<std::string> asked;      // and not told of yet
  std::deque<std::string> waiting;  // those of them that no thread has taken
  std::vector<answer> answered;
  std::size_t threads = 0;

  desk(name_source s, std::function<void()> w) : source(std::move(s)), wake(std::move(w)) {}

  // With the mutex locked.
  void take_in(const std::string& host, result<std::vector<ip_address>> found) {
    if (!wake) return;
    answered.push_back({host, std::move(found)});
    wake();
  }
};

name_lookups::name_lookups(name_source source, std::function<void()> wake)
    : desk_(std::make_shared<desk>(std::move(source), std::move(wake))) {}

name_lookups::~name_lookups() {
  const std::scoped_lock lock(desk_->mutex);
  desk_->wake = nullptr;
  desk_->waiting.clear();
}

void name_lookups::start(const std::string& host) {
  const std::scoped_lock lock(desk_->mutex);
  if (!desk_->asked.insert(host).second) return;
  if (desk_->threads == threads_max) return desk_->waiting.push_back(host);
  try {
    std::thread(work, desk_, host).detach();
    ++desk_->threads;
  } catch (const std::system_error& e) {
    // Whichever thread is free next takes it.
    if (desk_->threads != 0) return desk_->waiting.push_back(host);
    desk_->take_in(host, error_code(e.code().value(), boost::system::system_category()));
  }
}

std::vector<name_lookups::answer> name_lookups::take() {
  const std::scoped_lock lock(desk_->mutex);
  for (const answer& each : desk_->answered) desk_->asked.erase(each.host);
  return std::exchange(desk_->answered, {});
}

void name_lookups::work(const std::shared_ptr<desk>& at, std::string host) {
  for (;;) {
    auto found = at->source(host);
    const std::scoped_lock lock(at->mutex);
    at->take_in(host, std::move(found));
    if (at->waiting.empty()) {
      --at->threads;
      return;
    }
    host = std::move(at->waiting.front());
    at->waiting.pop_front();
  }
}

}  // namespace broadside::preflight_detail
