#include <array>
#include <engine/slot.hpp>
#include <string_view>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::engine_detail;

TEST_CASE("slot: values are read back as they were stored, and again from what the journal kept of them", "[engine]") {
  const std::vector<std::vector<std::string_view>> cases{{}, {""}, {"Ann"}, {"Ann", "", "20 %"}};
  for (const auto& values : cases) {
    slot_arena slots(2, 64);
    slots.store(0, "+12125550123", values);
    const auto count = static_cast<std::uint16_t>(values.size());
    const auto kept = slots.facts(0).content;
    const std::vector<std::byte> bytes(kept.begin(), kept.end());  // none, and nowhere, for a recipient without values
    REQUIRE(slots.restore(1, bytes, count));
    std::vector<std::string_view> read(values.size());
    slots.load(1, read);
    REQUIRE(read == values);
  }
}

TEST_CASE("slot: what cannot be the values of a recipient is refused", "[engine]") {
  slot_arena slots(1, 64);
  REQUIRE_FALSE(slots.restore(0, {}, 1));                               // a length is missing
  REQUIRE_FALSE(slots.restore(0, std::vector<std::byte>(1), 0));        // a byte too many
  REQUIRE_FALSE(slots.restore(0, std::vector<std::byte>(65), 0));       // more than there is room for
  REQUIRE_FALSE(slots.restore(0, std::vector(4, std::byte{0x01}), 1));  // a length beyond the end
}
