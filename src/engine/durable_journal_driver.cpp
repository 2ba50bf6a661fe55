// engine/durable_journal_driver - see durable_journal_driver.hpp.
#include <poll.h>
#include <algorithm>
#include <atomic>
#include <engine/durable_journal_driver.hpp>
#include <engine/log_options_of.hpp>
#include <engine/wake_fd.hpp>
#include <env/thread_name.hpp>
#include <journal/lmdb_store.hpp>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace broadside::engine_detail {
namespace {

using std::chrono::milliseconds;

/// How long stop() waits for a disk that does not take what is left.
constexpr milliseconds patience{5'000};

class journal_driver final : public durable_journal {
 public:
  ~journal_driver() override { stop(); }

  [[nodiscard]] result<void, failure> take(const options&, const journal::message_table&, environment&,
                                           journal::recovered& found, journal::usage_source* usages);
  [[nodiscard]] result<void> start(void (*wake_shard)(void*, unsigned) noexcept, void* context) override;
  [[nodiscard]] error_code flush(milliseconds at_most) noexcept override;
  void stop() noexcept override;
  [[nodiscard]] journal::log_journal& log() const noexcept override { return *log_; }

 private:
  void live();

  environment* environment_ = nullptr;
  std::optional<wake_fd> woken_;
  std::unique_ptr<journal::store> store_;
  std::unique_ptr<journal::log_journal> log_;
  void (*wake_shard_)(void*, unsigned) noexcept = nullptr;  // constant while the thread lives
  void* context_ = nullptr;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
};

result<void, failure> journal_driver::take(const options& o, const journal::message_table& table, environment& env,
                                           journal::recovered& found, journal::usage_source* usages) {
  auto woken = wake_fd::make();
  if (!woken) return failure{woken.error(), {}};
  woken_.emplace(std::move(*woken));
  environment_ = &env;
  const journal_options& j = o.journal;
  auto store = journal::open_lmdb_store({.path = j.path, .bytes_max = j.bytes_max});
  if (!store) return store.error();
  store_ = std::move(*store);

  journal::log_wakers wakers;
  wakers.context = this;
  wakers.writer = [](void* self) noexcept { static_cast<journal_driver*>(self)->woken_->signal(); };
  wakers.shard = [](void* self, unsigned shard) noexcept {
    const auto& journal = *static_cast<journal_driver*>(self);
    journal.wake_shard_(journal.context_, shard);
  };
  auto log = journal::log_journal::open(*store_, table, env, log_options_of(o, usages), wakers, found);
  if (!log) return log.error();
  log_ = std::move(*log);
  return {};
}

result<void> journal_driver::start(void (*wake_shard)(void*, unsigned) noexcept, void* context) {
  wake_shard_ = wake_shard;
  context_ = context;
  try {
    thread_ = std::thread([this] { live(); });
  } catch (const std::system_error& e) {
    return error_code(e.code().value(), boost::system::system_category());
  }
  return {};
}

void journal_driver::live() {
  name_this_thread("broadside-log");
  while (!stopping_.load(std::memory_order_acquire)) {
    const time_point next = log_->step(environment_->now());
    const auto left =
        next == time_point::max() ? milliseconds{60'000} : std::chrono::ceil<milliseconds>(next - environment_->now());
    if (left <= milliseconds::zero()) continue;
    pollfd waiting{woken_->get(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(std::min(left, milliseconds{60'000}).count()));
    woken_->clear();
  }
}

error_code journal_driver::flush(milliseconds at_most) noexcept {
  if (!thread_.joinable()) return errc::timed_out;
  try {
    return log_->flush(at_most);
  } catch (const std::exception&) {  // no memory for a wait: what is not written now is as after a crash
    return errc::timed_out;
  }
}

void journal_driver::stop() noexcept {
  if (!thread_.joinable()) return;
  if (log_->writes()) static_cast<void>(flush(patience));
  stopping_.store(true, std::memory_order_release);
  woken_->signal();
  thread_.join();
}

}  // namespace

result<std::unique_ptr<durable_journal>, failure> open_journal_driver(const options& o,
                                                                      const journal::message_table& table,
                                                                      environment& env, journal::recovered& found,
                                                                      journal::usage_source* usages) {
  auto made = std::make_unique<journal_driver>();
  if (auto taken = made->take(o, table, env, found, usages); !taken) return taken.error();
  return std::unique_ptr<durable_journal>(std::move(made));
}

}  // namespace broadside::engine_detail
