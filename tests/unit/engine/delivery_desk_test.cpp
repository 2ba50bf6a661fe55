#include <engine/delivery_desk.hpp>
#include <support/catch.hpp>

using namespace broadside;
using engine_detail::delivery_desk;
using standing = delivery_desk::standing;

namespace {

delivery_report report_of(std::uint64_t id, delivery d) { return {.of = {.id = message_id{id}}, .delivery = d}; }

/// In words, so that a failure can be read.
bool is_news(const delivery_desk& desk, std::uint64_t id, delivery d) {
  return desk.look(message_id{id}, d) == standing::news;
}

}  // namespace

TEST_CASE("delivery desk: what is known of a message only grows, and what is final stays", "[engine]") {
  delivery_desk desk{journal::delivery_book(1'000)};
  unsigned shard = 0;
  REQUIRE(is_news(desk, 7, delivery::underway));
  desk.note(report_of(7, delivery::underway), shard);
  REQUIRE_FALSE(is_news(desk, 7, delivery::underway));
  REQUIRE(is_news(desk, 7, delivery::expired));
  const auto final_one = GENERATE(delivery::delivered, delivery::failed, delivery::expired);
  desk.note(report_of(7, final_one), shard);
  for (const auto later : {delivery::underway, delivery::delivered, delivery::failed, delivery::expired})
    REQUIRE_FALSE(is_news(desk, 7, later));
  REQUIRE(is_news(desk, 8, delivery::delivered));
}

TEST_CASE("delivery desk: a report goes to the shard that holds its message, once", "[engine]") {
  delivery_desk desk{journal::delivery_book(1'000)};
  unsigned shard = 99;
  REQUIRE(desk.hold(message_id{7}, 3));
  REQUIRE_FALSE(desk.has_news(3));
  REQUIRE_FALSE(desk.note(report_of(8, delivery::delivered), shard));  // nobody holds this one
  REQUIRE(desk.note(report_of(7, delivery::underway), shard));
  REQUIRE(shard == 3);
  REQUIRE_FALSE(desk.note(report_of(7, delivery::delivered), shard));
  REQUIRE(desk.has_news(3));
  REQUIRE_FALSE(desk.has_news(2));
  std::vector<delivery_report> taken;
  desk.take(3, taken);
  REQUIRE(taken.size() == 1);
  REQUIRE(taken[0].of.id == message_id{7});
  REQUIRE_FALSE(desk.has_news(3));
  desk.take(3, taken);
  REQUIRE(taken.empty());
}

TEST_CASE("delivery desk: a message that is released, or known already, is held by nobody", "[engine]") {
  delivery_desk desk{journal::delivery_book(1'000)};
  unsigned shard = 0;
  REQUIRE(desk.hold(message_id{7}, 3));
  desk.release(message_id{7});
  REQUIRE_FALSE(desk.note(report_of(7, delivery::delivered), shard));
  REQUIRE(desk.is_known(message_id{7}));
  REQUIRE_FALSE(desk.hold(message_id{7}, 3));
}
