// Tests of journal/delivery_book.
#include <algorithm>
#include <journal/delivery_book.hpp>
#include <map>
#include <support/catch.hpp>
#include <utility>
#include <vector>

using namespace broadside;
using namespace broadside::journal;

namespace {

constexpr std::uint64_t page = delivery_book::page_messages;
constexpr std::uint64_t instance = std::uint64_t{1} << 52U;

using pages = std::map<std::uint64_t, std::vector<std::byte>>;

/// What a store would hold: changes applied one after the other.
void apply_changes(delivery_book& from, pages& to) {
  std::vector<delivery_book::page> some;
  from.changed(some);
  for (const auto& each : some) {
    if (each.bytes.empty()) {
      REQUIRE(to.erase(each.number) <= 1);
    } else {
      REQUIRE(each.bytes.size() == delivery_book::page_bytes);
      to[each.number].assign(each.bytes.begin(), each.bytes.end());
    }
  }
}

std::size_t changes(delivery_book& of) {
  std::vector<delivery_book::page> some;
  of.changed(some);
  return some.size();
}

}  // namespace

TEST_CASE("delivery_book: a message goes from nothing over underway to an end, and the first end stays", "[journal]") {
  const auto first = GENERATE(delivery::delivered, delivery::failed, delivery::expired);
  const auto second = GENERATE(delivery::delivered, delivery::failed, delivery::expired);
  delivery_book book(1);
  const message_id id{77};
  CHECK(book.at(id) == delivery::none);
  CHECK_FALSE(book.advance(id, delivery::none));
  CHECK(book.advance(id, delivery::underway));
  CHECK_FALSE(book.advance(id, delivery::underway));
  CHECK(book.at(id) == delivery::underway);
  CHECK(book.advance(id, first));
  const auto kept = first == delivery::delivered ? delivery::delivered : delivery::failed;
  CHECK(book.at(id) == kept);
  CHECK_FALSE(book.advance(id, second));
  CHECK_FALSE(book.advance(id, delivery::underway));
  CHECK(book.at(id) == kept);
  CHECK(book.at(message_id{76}) == delivery::none);
  CHECK(book.at(message_id{78}) == delivery::none);
}

TEST_CASE("delivery_book: an end that comes first is news too", "[journal]") {
  delivery_book book(1);
  CHECK(book.advance(message_id{5}, delivery::expired));
  CHECK_FALSE(book.advance(message_id{5}, delivery::underway));
  CHECK(book.at(message_id{5}) == delivery::failed);
}

TEST_CASE("delivery_book: neighbours do not touch each other, across pages and instances", "[journal]") {
  delivery_book book(100 * page);
  const auto state = [](std::uint64_t id) { return static_cast<delivery>((id * 7 + id / 5) % 4); };
  const std::vector<std::uint64_t> bases{0, page - 50, 40 * page, 3 * instance, ~std::uint64_t{0} - 99};
  for (const auto base : bases) {
    for (std::uint64_t i = 0; i < 100; ++i) {
      CHECK(book.advance(message_id{base + i}, state(base + i)) == (state(base + i) != delivery::none));
    }
  }
  for (const auto base : bases) {
    for (std::uint64_t i = 0; i < 100; ++i) CHECK(book.at(message_id{base + i}) == state(base + i));
  }
  CHECK(book.at(message_id{2 * instance}) == delivery::none);
}

TEST_CASE("delivery_book: when it is full the oldest page goes, by the sequence in the ids, and tells so",
          "[journal]") {
  delivery_book book(3 * page);
  // Of two instances: what counts is the sequence.
  CHECK(book.advance(message_id{7 * instance + 1 * page}, delivery::delivered));
  CHECK(book.advance(message_id{2 * page}, delivery::delivered));
  CHECK(book.advance(message_id{3 * page}, delivery::delivered));
  CHECK(changes(book) == 3);
  CHECK(book.advance(message_id{4 * page}, delivery::failed));
  CHECK(book.at(message_id{7 * instance + 1 * page}) == delivery::none);
  CHECK(book.at(message_id{2 * page}) == delivery::delivered);
  CHECK(book.at(message_id{4 * page}) == delivery::failed);
  std::vector<delivery_book::page> some;
  book.changed(some);
  REQUIRE(some.size() == 2);
  CHECK(some[0].number == (7 * instance + 1 * page) / page);
  CHECK(some[0].bytes.empty());
  CHECK(some[1].number == 4);
  CHECK(some[1].bytes.size() == delivery_book::page_bytes);
}

TEST_CASE("delivery_book: what is older than all that a full book remembers is always news and never kept",
          "[journal]") {
  delivery_book book(page);
  CHECK(book.advance(message_id{5 * page}, delivery::delivered));
  CHECK(changes(book) == 1);
  for (int i = 0; i < 2; ++i) {
    CHECK(book.advance(message_id{4 * page}, delivery::delivered));
    CHECK(book.at(message_id{4 * page}) == delivery::none);
  }
  CHECK(changes(book) == 0);
  CHECK_FALSE(book.advance(message_id{5 * page}, delivery::failed));
}

TEST_CASE("delivery_book: one that remembers nothing calls everything news", "[journal]") {
  delivery_book book(0);
  CHECK(book.advance(message_id{1}, delivery::delivered));
  CHECK(book.advance(message_id{1}, delivery::delivered));
  CHECK(book.at(message_id{1}) == delivery::none);
  CHECK(changes(book) == 0);
}

TEST_CASE("delivery_book: a bound of messages is one of whole pages, rounded up, however large", "[journal]") {
  delivery_book book(page + 1);
  CHECK(book.advance(message_id{0}, delivery::delivered));
  CHECK(book.advance(message_id{page}, delivery::delivered));
  CHECK(book.at(message_id{0}) == delivery::delivered);
  CHECK(book.advance(message_id{2 * page}, delivery::delivered));
  CHECK(book.at(message_id{0}) == delivery::none);
  delivery_book huge(~std::uint64_t{0});
  CHECK(huge.advance(message_id{3}, delivery::delivered));
  CHECK(huge.at(message_id{3}) == delivery::delivered);
}

TEST_CASE("delivery_book: a page that changed is given out once, with all that changed, and not when nothing did",
          "[journal]") {
  delivery_book book(10 * page);
  for (std::uint64_t i = 0; i < 10; ++i) book.advance(message_id{i}, delivery::underway);
  book.advance(message_id{page}, delivery::delivered);
  CHECK(changes(book) == 2);
  CHECK(changes(book) == 0);
  book.advance(message_id{3}, delivery::underway);  // no news
  CHECK(changes(book) == 0);
  book.advance(message_id{3}, delivery::failed);
  CHECK(changes(book) == 1);
}

TEST_CASE("delivery_book: a page that changed and went between two calls only went", "[journal]") {
  delivery_book book(page);
  book.advance(message_id{0}, delivery::delivered);
  book.advance(message_id{page}, delivery::delivered);
  std::vector<delivery_book::page> some;
  book.changed(some);
  REQUIRE(some.size() == 2);
  CHECK(some[0].number == 0);
  CHECK(some[0].bytes.empty());
  CHECK(some[1].number == 1);
  CHECK(changes(book) == 0);
}

TEST_CASE("delivery_book: what changed, applied one after the other, restores the same book", "[journal]") {
  delivery_book book(4 * page);
  pages kept;
  std::uint64_t random = 1;
  for (int i = 0; i < 20'000; ++i) {
    random = random * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    const std::uint64_t near = static_cast<std::uint64_t>(i) * 6;  // ids move on, reports lag by up to two pages
    const std::uint64_t id = near + (random >> 33U) % (2 * page);
    book.advance(message_id{id}, static_cast<delivery>(1 + (random >> 20U) % 4));
    if (i % 97 == 0) apply_changes(book, kept);
  }
  apply_changes(book, kept);
  REQUIRE(kept.size() == 4);
  delivery_book again(4 * page);
  for (const auto& [number, bytes] : kept) CHECK(again.restore(number, bytes));
  CHECK(changes(again) == 0);
  std::size_t different = 0;
  for (std::uint64_t id = 0; id < 20'000 * 6 + 3 * page; ++id) {
    if (book.at(message_id{id}) != again.at(message_id{id})) ++different;
  }
  CHECK(different == 0);
}

TEST_CASE("delivery_book: with a smaller bound only the latest pages are restored, in any order, and the others go",
          "[journal]") {
  delivery_book book(4 * page);
  for (std::uint64_t i = 0; i < 4; ++i) book.advance(message_id{i * page}, delivery::delivered);
  pages kept;
  apply_changes(book, kept);
  const bool backwards = GENERATE(false, true);
  std::vector<std::uint64_t> order{0, 1, 2, 3};
  if (backwards) std::reverse(order.begin(), order.end());
  delivery_book smaller(2 * page);
  for (const auto number : order) CHECK(smaller.restore(number, kept.at(number)));
  apply_changes(smaller, kept);
  CHECK(kept.size() == 2);
  CHECK(kept.contains(2));
  CHECK(smaller.at(message_id{0}) == delivery::none);
  CHECK(smaller.at(message_id{3 * page}) == delivery::delivered);
}

TEST_CASE("delivery_book: what is no page is not restored", "[journal]") {
  delivery_book book(page);
  const std::vector<std::byte> bytes(delivery_book::page_bytes + 1, std::byte{0xFF});
  const std::span all(bytes);
  CHECK_FALSE(book.restore(1, all));
  CHECK_FALSE(book.restore(1, all.first(delivery_book::page_bytes - 1)));
  CHECK_FALSE(book.restore(1, {}));
  CHECK_FALSE(book.restore(std::uint64_t{1} << 50U, all.first(delivery_book::page_bytes)));
  CHECK(book.at(message_id{page}) == delivery::none);
  CHECK(book.restore((std::uint64_t{1} << 50U) - 1, all.first(delivery_book::page_bytes)));
  CHECK(book.at(message_id{~std::uint64_t{0}}) == delivery::failed);
}

TEST_CASE("delivery_book: a copy is a book of its own", "[journal]") {
  delivery_book book(page);
  book.advance(message_id{1}, delivery::underway);
  delivery_book copy = book;
  copy.advance(message_id{1}, delivery::delivered);
  CHECK(book.at(message_id{1}) == delivery::underway);
  const delivery_book moved = std::move(copy);
  CHECK(moved.at(message_id{1}) == delivery::delivered);
  CHECK(changes(book) == 1);
}
