// engine/runtime_driver - runtime.hpp with threads, event loops and a disk.
#include <poll.h>
#include <engine/durable_journal_driver.hpp>
#include <engine/runtime.hpp>
#include <engine/shard_driver.hpp>

namespace broadside::engine_detail {
namespace {

class thread_runtime final : public runtime {
 public:
  result<std::unique_ptr<shard>, failure> make_shard(shared_state& shared, unsigned number,
                                                     const wake_fd& settled) override {
    return make_shard_driver(shared, number, settled);
  }
  result<std::unique_ptr<durable_journal>, failure> open_journal(const options& o, const journal::message_table& table,
                                                                 journal::usage_source& usages, environment& env,
                                                                 journal::recovered& found) override {
    return open_journal_driver(o, table, env, found, &usages);
  }
  void wait(const wake_fd& fd, std::chrono::milliseconds at_most) override {
    pollfd waiting{fd.get(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(at_most.count()));
  }
};

}  // namespace

runtime& runtime::threads() noexcept {
  static thread_runtime machine;
  return machine;
}

}  // namespace broadside::engine_detail
