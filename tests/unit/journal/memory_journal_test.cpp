#include <array>
#include <journal/memory_journal.hpp>
#include <support/catch.hpp>

using namespace broadside;
using journal::memory_journal;
using journal::record;
using journal::record_kind;

TEST_CASE("memory_journal: positions grow by one a record", "[journal]") {
  memory_journal kept(1);
  const std::array<record, 3> three{};
  REQUIRE(kept.durable() == position{0});
  REQUIRE(kept.append(three) == position{3});
  REQUIRE(kept.append(std::span(three).first(1)) == position{4});
  REQUIRE(kept.durable() == position{4});
}

TEST_CASE("memory_journal: the resume point follows what was taken, per source", "[journal]") {
  memory_journal kept(2);
  const record taken{record_kind::taken, {}, message_id{1}, source_id{1}, ordinal{41}};
  const record ended{record_kind::outcome, outcome::accepted, message_id{1}, source_id{0}, ordinal{7}};
  kept.append(std::array{taken, ended});
  REQUIRE(kept.resume_point(source_id{1}) == ordinal{42});
  REQUIRE(kept.resume_point(source_id{0}) == ordinal{0});
  REQUIRE(kept.resume_point(source_id{99}) == ordinal{0});
}

TEST_CASE("memory_journal: what was withdrawn is not taken", "[journal]") {
  memory_journal kept(1);
  const auto row = [](record_kind kind, std::uint64_t n) {
    return record{kind, {}, message_id{n}, source_id{0}, ordinal{n}};
  };
  kept.append(std::array{row(record_kind::taken, 5), row(record_kind::taken, 6), row(record_kind::taken, 7)});
  kept.append(std::array{row(record_kind::withdrawn, 6), row(record_kind::withdrawn, 7)});
  REQUIRE(kept.resume_point(source_id{0}) == ordinal{6});
}

TEST_CASE("memory_journal: confirmations only move forward and never beyond the end", "[journal]") {
  memory_journal kept(1);
  kept.append(std::array<record, 5>{});
  kept.erase(position{4});
  kept.erase(position{2});
  REQUIRE(kept.erased() == position{4});
  kept.erase(position{100});
  REQUIRE(kept.erased() == position{5});
}
