// Tests of journal/log_account.
#include <journal/log_account.hpp>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::journal;

namespace {

/// Chunks 1 to n, a position each: 10, 20, …; of 100 bytes.
log_account with_chunks(std::uint64_t n) {
  log_account account(64, {});
  for (std::uint64_t i = 1; i <= n; ++i) {
    account.begin_chunk(i, position{10 * i});
    account.finish_chunk(100);
  }
  return account;
}

constexpr position all{1'000'000};

}  // namespace

TEST_CASE("log_account: chunks go from the front, when confirmed, and never more than asked or beyond the end",
          "[journal]") {
  auto account = with_chunks(5);
  REQUIRE(account.bytes() == 500);
  REQUIRE(account.needed_from(position{9}, 6, 64) == 1);
  REQUIRE(account.needed_from(position{35}, 6, 64) == 4);
  REQUIRE(account.needed_from(all, 6, 2) == 3);
  REQUIRE(account.needed_from(all, 5, 64) == 5);
  account.erased_before(4);
  REQUIRE(account.front() == 4);
  REQUIRE(account.bytes() == 200);
}

TEST_CASE("log_account: a message inside keeps its chunk and all behind it", "[journal]") {
  auto account = with_chunks(1);
  account.taken(7, 30);
  account.taken(8, 30);
  account.begin_chunk(2, position{20});
  account.taken(9, 30);
  account.begin_chunk(3, position{30});
  REQUIRE(account.bytes_inside() == 90);
  REQUIRE(account.needed_from(all, 9, 64) == 1);
  REQUIRE(account.ended(8));
  REQUIRE(account.needed_from(all, 9, 64) == 1);
  REQUIRE(account.ended(7));
  REQUIRE_FALSE(account.ended(7));
  REQUIRE(account.needed_from(all, 9, 64) == 2);
  REQUIRE(account.ended(9));
  REQUIRE(account.needed_from(all, 9, 64) == 4);
  REQUIRE(account.bytes_inside() == 0);
}

TEST_CASE("log_account: who holds the front is told in the order of taking, by whole chunks", "[journal]") {
  auto account = with_chunks(1);
  for (message_ref ref = 1; ref <= 3; ++ref) account.taken(ref, 10);
  account.begin_chunk(2, position{20});
  account.taken(4, 10);
  account.begin_chunk(3, position{30});
  account.taken(5, 10);
  REQUIRE(account.holding_front(position{25}, 9, 2) == std::vector<message_ref>{1, 2, 3});
  REQUIRE(account.holding_front(position{25}, 9, 100) == std::vector<message_ref>{1, 2, 3, 4});
  REQUIRE(account.holding_front(position{9}, 9, 100).empty());
  REQUIRE(account.holding_front(all, 2, 100).size() == 3);
}

TEST_CASE("log_account: a message that is stated again leaves its old chunk, with its state", "[journal]") {
  auto account = with_chunks(1);
  account.taken(1, 10);
  account.changed(1, {{.route = 4}, true});
  account.begin_chunk(2, position{20});
  const auto state = account.state(1);
  account.taken(1, 15, state);
  REQUIRE(account.chunk_of(1) == 2);
  REQUIRE(account.state(1).claimed);
  REQUIRE(account.state(1).so_far.route == 4);
  REQUIRE(account.needed_from(all, 9, 64) == 2);
  REQUIRE(account.bytes_inside() == 15);
}

TEST_CASE("log_account: what a replay counted as live ends once it was adopted, also behind a hole", "[journal]") {
  const std::vector<chunk_account> found{{3, position{5}, position{9}, 100, 1},
                                         {7, position{10}, position{12}, 100, 2}};
  log_account account(8, found);
  account.adopt(0, position{6}, 10, {});
  account.adopt(1, position{10}, 10, {});
  account.adopt(2, position{12}, 10, {});
  account.adopt(2, position{6}, 10, {});    // twice is once
  account.adopt(99, position{12}, 10, {});  // no such place
  account.adopt(3, position{1}, 10, {});    // before the log
  REQUIRE(account.bytes_inside() == 30);
  REQUIRE(account.chunk_of(2) == 7);
  account.ended(0);
  REQUIRE(account.needed_from(all, 9, 64) == 4);
  account.erased_before(4);
  account.ended(2);
  account.ended(1);
  REQUIRE(account.needed_from(all, 9, 64) == 8);
}
