// Tests of journal/log_journal: what its writer allocates once it is warm.
#include <array>
#include <journal/log_journal.hpp>
#include <support/catch.hpp>
#include <support/manual_environment.hpp>
#include <unit/http/allocation_count.hpp>

using namespace broadside;
using namespace broadside::journal;
using namespace std::chrono_literals;

namespace {

/// Takes everything and keeps nothing: what it would allocate is not the writer's.
class forgetful_store final : public store {
 public:
  error_code commit(const store_batch&, bool) noexcept override {
    ++commits;
    return {};
  }
  error_code sync() noexcept override { return {}; }
  error_code scan_chunks(chunk_row, chunk_number, const std::function<bool(chunk_number, bytes_view)>&) const override {
    return {};
  }
  error_code scan_values(std::string_view,
                         const std::function<bool(std::string_view, std::string_view)>&) const override {
    return {};
  }
  store_size size() const noexcept override { return {}; }

  std::size_t commits = 0;
};

constexpr std::size_t places = 64;

class messages final : public message_table {
 public:
  message_facts facts(message_ref ref) const noexcept override { return {&told[ref], {}, 0, false, {}}; }
  std::array<event, places> told{};
};

}  // namespace

TEST_CASE("log_journal: once it is warm, a commit allocates nothing but the account of a chunk now and then",
          "[journal]") {
  forgetful_store kept;
  messages table;
  testing::manual_environment environment;
  recovered found;
  log_options options;
  options.messages_max = places;
  options.sources_max = 1;
  options.campaigns_max = 1;
  options.deliveries_max = 1;
  auto opened = log_journal::open(kept, table, environment, options, {}, found);
  REQUIRE(opened);
  log_journal& log = **opened;
  log.put_campaign(campaign_id{0}, "a definition");
  log.put_source(source_id{0}, campaign_id{0}, "a source");

  std::uint64_t last_id = 0;
  const auto round = [&] {
    position last{};
    for (message_ref ref = 0; ref < places; ++ref) {
      event& told = table.told[ref];
      told.id = message_id{1 + ++last_id % delivery_book::page_messages};
      told.row = ordinal{last_id};
      told.delivery = delivery::none;
      for (const auto kind : {record_kind::taken, record_kind::claim, record_kind::outcome}) {
        const record one{kind, ref, {.route = 0, .attempts = 1}};
        last = log.reserve(1);
        log.publish(last, {&one, 1});
      }
      static_cast<void>(log.step(environment.now()));
    }
    log.confirm(last);
    environment.advance(2s);
    static_cast<void>(log.step(environment.now()));
    for (message_ref ref = 0; ref < places; ++ref) {
      table.told[ref].delivery = delivery::delivered;
      const record one{record_kind::report, ref, {.route = 0}};
      last = log.reserve(1);
      log.publish(last, {&one, 1});
    }
    static_cast<void>(log.step(environment.now()));
    log.confirm(last);
    environment.advance(2s);
    static_cast<void>(log.step(environment.now()));
  };
  for (int warm = 0; warm < 20; ++warm) round();
  const std::size_t before = kept.commits;
  const allocation_count count;
  for (int measured = 0; measured < 20; ++measured) round();
  const std::size_t allocations = count.so_far();
  const std::size_t commits = kept.commits - before;
  CHECK(commits >= 20 * places);
  CHECK(allocations < commits / 4);
}
