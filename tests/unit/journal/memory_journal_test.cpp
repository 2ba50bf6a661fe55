#include <journal/memory_journal.hpp>
#include <support/catch.hpp>

using namespace broadside;
using journal::memory_journal;

TEST_CASE("memory_journal: positions grow by one a record, and all are cleared at once", "[journal]") {
  memory_journal kept;
  REQUIRE(kept.durable() == position{0});
  REQUIRE(kept.reserve(3) == position{1});
  REQUIRE(kept.reserve(1) == position{4});
  REQUIRE(kept.durable() == position{4});
  REQUIRE(kept.cleared() == position{4});
  REQUIRE_FALSE(kept.tell_when_cleared(0, position{4}));
}
