#include <engine/told_watch.hpp>
#include <support/catch.hpp>

using broadside::position;
using broadside::engine_detail::told_watch;

TEST_CASE("told_watch: a confirmation counts as far as every shard's events were polled", "[engine]") {
  told_watch watch;
  watch.start(2, position{5});
  REQUIRE(watch.seen(position{3}) == position{3});  // of an earlier engine
  watch.recording(0);
  watch.recorded(0, position{20});
  watch.recording(1);
  watch.recorded(1, position{30});
  watch.polled(1, position{30});
  REQUIRE(watch.seen(position{30}) == position{5});  // the other shard's event at 20 was not given out
  watch.polled(0, position{14});
  REQUIRE(watch.seen(position{30}) == position{14});
  watch.polled(0, position{20});
  REQUIRE(watch.seen(position{30}) == position{30});
}

TEST_CASE("told_watch: while a shard takes positions, nobody knows which, and nothing new is confirmed", "[engine]") {
  told_watch watch;
  watch.start(2, position{0});
  watch.recorded(1, position{7});
  watch.polled(1, position{7});
  watch.recording(0);
  REQUIRE(watch.seen(position{7}) == position{0});
  watch.recorded(0, position{9});
  watch.polled(0, position{9});
  REQUIRE(watch.seen(position{9}) == position{9});
}
