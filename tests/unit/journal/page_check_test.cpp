// tests/journal/page_check - what LMDB writes passes, whatever was done to it before; what a disk makes of it is found,
// or is inside a value and found there, and never brings the process down.
#include <fcntl.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <journal/descriptor.hpp>
#include <journal/lmdb_store.hpp>
#include <journal/page_check.hpp>
#include <journal/record_codec.hpp>
#include <map>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::journal;
using broadside::testing::read_whole;
using broadside::testing::temporary_folder;
using broadside::testing::write_whole;

namespace {

constexpr std::uint64_t some_bytes = std::uint64_t{16} << 20U;
constexpr transaction_stamp stamp{.database = "values", .name = {"\0transaction", 12}};

result<page_check_result, failure> check_file(const std::string& path) {
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return check_pages(file.number(), stamp);
}

std::string rule_of(const result<page_check_result, failure>& checked) {
  if (checked) return "sound";
  return checked.error().violations.empty() ? checked.error().code.message() : checked.error().violations[0].rule;
}

result<std::unique_ptr<store>, failure> open_store(const std::string& path) {
  return open_lmdb_store({.path = path, .bytes_max = some_bytes});
}

/// A chunk as the journal writes it: its number decides what is in it.
std::string chunk_of(chunk_number number) {
  chunk_writer to;
  to.begin(number, position{100 * number});
  const std::string content(number % 7 * 400, 'c');
  for (std::uint64_t i = 0; i < 1 + number % 5; ++i) {
    to.taken(position{100 * number + i},
             {.id = message_id{number}, .recipient = "+12125550123", .content = std::as_bytes(std::span(content))});
  }
  const auto bytes = to.finish();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string value_of(int n) {
  return std::string(static_cast<std::size_t>(n % 11) * 17, static_cast<char>('a' + n % 26));
}

/// One group of changes, as a journal makes them: chunks at the end, values, chunks erased from the front.
struct step {
  chunk_number next = 1;
  chunk_number erase_before = 0;

  error_code commit(store& to, std::size_t chunks, const std::vector<int>& values, bool sync) {
    std::vector<std::string> bytes;
    std::vector<store_batch::chunk> all;
    bytes.reserve(3 * chunks + 2 * values.size());
    for (std::size_t i = 0; i < chunks; ++i, ++next) {
      bytes.push_back(chunk_of(next));
      all.push_back({i % 3 == 2 ? chunk_row::history : chunk_row::log, next, std::as_bytes(std::span(bytes.back()))});
    }
    std::vector<store_batch::value> named;
    for (const int n : values) {
      bytes.push_back("value/" + std::to_string(n));
      const std::string_view name = bytes.back();
      bytes.push_back(value_of(n));
      named.push_back({name, bytes.back()});
    }
    return to.commit({all, named, erase_before, erase_before / 2}, sync);
  }
};

/// A journal's data file with all kinds of pages in it: branches, leaves, overflows, a free list.
std::string some_file(const temporary_folder& at) {
  {
    auto kept = open_store(at / "made");
    REQUIRE(kept.has_value());
    step all;
    for (int i = 0; i < 30; ++i) {
      all.erase_before = all.next > 30 ? all.next - 30 : 0;
      REQUIRE_FALSE(all.commit(**kept, 2, {i * 4, i * 7, i}, i >= 28));
    }
  }
  return read_whole(at / "made/data.mdb");
}

/// Whether what the store gives out is what was written, or tells itself that it is not.
bool tells_the_truth(const store& kept) {
  bool truth = true;
  for (const auto row : {chunk_row::log, chunk_row::history}) {
    const auto code = kept.scan_chunks(row, 0, [&](chunk_number number, bytes_view bytes) {
      const std::string written = chunk_of(number);
      if (bytes.size() == written.size() && std::memcmp(bytes.data(), written.data(), bytes.size()) == 0) return true;
      chunk_reader from(bytes, number);
      decoded_record each;
      auto status = from.next(each);
      bool damaged = false;
      for (; status == decode_status::record || status == decode_status::damaged; status = from.next(each)) {
        damaged = damaged || status == decode_status::damaged;
      }
      truth = truth && (damaged || status != decode_status::end);
      return true;
    });
    truth = truth && (!code || code == errc::journal_damaged);
  }
  const auto code = kept.scan_values("", [&](std::string_view name, std::string_view bytes) {
    if (bytes.empty()) return true;  // damaged, and said so
    truth = truth && name.starts_with("value/") && bytes == value_of(std::atoi(std::string(name.substr(6)).c_str()));
    return true;
  });
  return truth && (!code || code == errc::journal_damaged);
}

/// How a file that was changed fares.
struct fates {
  std::size_t refused = 0;
  std::size_t opened = 0;
  std::size_t lied = 0;
};

/// Flips bits of a journal's file, opens what is there, reads all of it and writes to it.
class bit_flipper {
 public:
  bit_flipper(const temporary_folder& at, std::string whole) : folder_(at / "made"), whole_(std::move(whole)) {
    restore();
  }
  void try_bits(const std::vector<std::size_t>& bits) {
    std::fstream file(folder_ + "/data.mdb", std::ios::binary | std::ios::in | std::ios::out);
    std::map<std::size_t, char> changed;
    for (const auto bit : bits) {
      char& byte = changed.try_emplace(bit / 8, whole_[bit / 8]).first->second;
      byte = static_cast<char>(byte ^ (1 << bit % 8));
    }
    for (const auto& [offset, byte] : changed) file.seekp(static_cast<std::streamoff>(offset)).put(byte);
    file.flush();
    if (try_file()) return restore();
    for (const auto& [offset, byte] : changed) file.seekp(static_cast<std::streamoff>(offset)).put(whole_[offset]);
  }
  fates seen{};

 private:
  void restore() {
    std::fstream file(folder_ + "/data.mdb", std::ios::binary | std::ios::in | std::ios::out);
    file.write(whole_.data(), static_cast<std::streamsize>(whole_.size()));
  }
  /// True: it was written to. Some are, which is enough.
  bool try_file() {
    const auto kept = open_store(folder_);
    if (!kept) {
      ++seen.refused;
      return false;
    }
    ++(tells_the_truth(**kept) ? seen.opened : seen.lied);
    if (seen.opened % 8 != 0) return false;
    step more{.next = 1000, .erase_before = 1000};
    (void)more.commit(**kept, 3, {1, 2, 3}, false);
    return true;
  }
  std::string folder_;
  std::string whole_;
};

}  // namespace

TEST_CASE("page_check: every state that LMDB leaves on the disk passes", "[journal]") {
  const temporary_folder at;
  auto kept = open_store(at / "made");
  REQUIRE(kept.has_value());
  std::mt19937_64 random{20310401};
  const auto below = [&](std::uint64_t n) { return static_cast<int>(random() % n); };
  step all;
  for (std::uint64_t i = 1; i < 250; ++i) {
    if (below(4) == 0) all.erase_before = static_cast<chunk_number>(below(all.next + 1));
    std::vector<int> values;
    for (int n = below(30); n > 0; --n) values.push_back(below(400));
    REQUIRE_FALSE(all.commit(**kept, static_cast<std::size_t>(below(6)), values, false));
    const auto checked = check_file(at / "made/data.mdb");
    INFO("commit " << i << ": " << rule_of(checked));
    REQUIRE(checked.has_value());
    CHECK(checked->transaction == i + 1);
  }
}

TEST_CASE("page_check: what a file says of itself", "[journal]") {
  const temporary_folder at;
  const std::string whole = some_file(at);
  const auto rule = [&](std::string bytes) {
    write_whole(at / "file", bytes);
    return rule_of(check_file(at / "file"));
  };
  const auto with = [&](std::size_t offset, std::string_view bytes) {
    std::string changed = whole;
    changed.replace(offset, bytes.size(), bytes);
    return changed;
  };
  CHECK(rule(whole) == "sound");
  CHECK(rule(whole + std::string(10'000, 'x')) == "sound");
  CHECK(rule("") == "page 0: the file ends in it");
  CHECK(rule(std::string(8192, '\0')) == "page 0: is not a meta page");
  CHECK(rule(with(16, "x")) == "page 0: does not have LMDB's magic number");
  CHECK(rule(with(4096 + 20, "\2")) == "page 1: does not have LMDB's data version 1");
  CHECK(rule(with(40, "\1")) == "page 0: pages of 4097 bytes do not exist");
  CHECK(rule(whole.substr(0, whole.size() / 2)).find("the file ends") != std::string::npos);
}

TEST_CASE("page_check: a meta page that passes for an older transaction is found out", "[journal]") {
  const temporary_folder at;
  std::string bytes = some_file(at);
  constexpr std::size_t transaction_at = 16 + 128;
  std::uint64_t even_one = 0;
  std::uint64_t odd_one = 0;
  std::memcpy(&even_one, bytes.data() + transaction_at, sizeof even_one);
  std::memcpy(&odd_one, bytes.data() + 4096 + transaction_at, sizeof odd_one);
  const std::size_t later = even_one > odd_one ? 0 : 4096;
  const auto as = [&](std::uint64_t transaction) {
    std::memcpy(bytes.data() + later + transaction_at, &transaction, sizeof transaction);
    write_whole(at / "file", bytes);
    return rule_of(check_file(at / "file"));
  };
  const auto last = std::max(even_one, odd_one);
  CHECK(as(last) == "sound");
  CHECK(as(last - 2).find("its pages say " + std::to_string(last)) != std::string::npos);
  CHECK(as(last + 2).find("cannot stand beside each other") != std::string::npos);
  CHECK(as(last - 4).find("cannot stand beside each other") != std::string::npos);
}

TEST_CASE("page_check: cut anywhere, a journal is refused or opens with all of it", "[journal]") {
  const temporary_folder at;
  const std::string whole = some_file(at);
  const auto chunks_in = [](const store& kept) {
    std::size_t chunks = 0;
    (void)kept.scan_chunks(chunk_row::log, 0, [&](chunk_number, bytes_view) { return ++chunks > 0; });
    return chunks;
  };
  const auto all = chunks_in(**open_store(at / "made"));
  REQUIRE(all > 10);
  fates seen;
  for (std::size_t size = whole.size(); size >= 512; size -= 512) {
    REQUIRE(::truncate((at / "made/data.mdb").c_str(), static_cast<off_t>(size)) == 0);
    const auto kept = open_store(at / "made");
    if (!kept && kept.error().code != errc::journal_damaged) FAIL(kept.error().message());
    ++(!kept ? seen.refused : chunks_in(**kept) == all && tells_the_truth(**kept) ? seen.opened : seen.lied);
  }
  CHECK(seen.lied == 0);
  CHECK(seen.opened > 0);
  CHECK(seen.refused > whole.size() / 512 / 2);
}

TEST_CASE("page_check: no bit of the meta pages makes a journal lie", "[journal][large]") {
  const temporary_folder at;
  bit_flipper flips(at, some_file(at));
  for (std::size_t bit = 0; bit < 152 * 8; ++bit) flips.try_bits({(bit % 3 == 0 ? 0 : 4096 * 8) + bit});
  for (std::size_t bit = 0; bit < 152 * 8; bit += 3) flips.try_bits({4096 * 8 + bit});
  CHECK(flips.seen.lied == 0);
  CHECK(flips.seen.refused > 500);
}

TEST_CASE("page_check: no bit anywhere makes a journal lie", "[journal][large]") {
  const temporary_folder at;
  const std::string whole = some_file(at);
  bit_flipper flips(at, whole);
  std::mt19937_64 random{424242};
  for (int i = 0; i < 600; ++i) {
    std::vector<std::size_t> bits;
    for (std::uint64_t n = 1 + random() % 3; n > 0; --n) bits.push_back(random() % (8 * whole.size()));
    flips.try_bits(bits);
  }
  CHECK(flips.seen.lied == 0);
  CHECK(flips.seen.opened > 0);
  CHECK(flips.seen.refused > 0);
}
