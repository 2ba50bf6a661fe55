// tests/journal/lmdb_store - what was committed is there, what failed is not, and no file brings the process down.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <journal/lmdb_store.hpp>
#include <journal/record_codec.hpp>
#include <map>
#include <optional>
#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::journal;
using journal_access = broadside::journal::access;  // unistd.h has another
using broadside::testing::temporary_folder;
using broadside::testing::write_whole;

namespace {

constexpr std::uint64_t some_bytes = std::uint64_t{16} << 20U;

std::unique_ptr<store> open_store(const std::string& path, journal_access how = journal_access::write,
                                  std::uint64_t bytes_max = some_bytes) {
  auto opened = open_lmdb_store({.path = path, .bytes_max = bytes_max, .how = how});
  if (!opened) FAIL(opened.error().message());
  return std::move(*opened);
}

failure refusal_of(const std::string& path, journal_access how = journal_access::write) {
  auto opened = open_lmdb_store({.path = path, .bytes_max = some_bytes, .how = how});
  if (opened) FAIL("was opened");
  return opened.error();
}

bytes_view bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string text_of(bytes_view bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// A batch that owns what it names.
struct batch {
  std::vector<store_batch::chunk> chunks{};
  std::vector<store_batch::value> values{};
  chunk_number erase_log_before = 0;
  chunk_number erase_history_before = 0;

  error_code commit(store& to, bool sync = true) const {
    return to.commit({chunks, values, erase_log_before, erase_history_before}, sync);
  }
};

error_code put(store& to, chunk_number number, std::string_view bytes, chunk_row row = chunk_row::log) {
  return batch{.chunks = {{row, number, bytes_of(bytes)}}}.commit(to);
}

std::map<chunk_number, std::string> chunks_of(const store& of, chunk_row row = chunk_row::log, chunk_number from = 0) {
  std::map<chunk_number, std::string> all;
  const auto code = of.scan_chunks(
      row, from, [&](chunk_number number, bytes_view bytes) { return all.emplace(number, text_of(bytes)).second; });
  if (code) FAIL(code.message());
  return all;
}

std::map<std::string, std::string> values_of(const store& of, std::string_view prefix = "") {
  std::map<std::string, std::string> all;
  const auto code = of.scan_values(
      prefix, [&](std::string_view name, std::string_view bytes) { return all.emplace(name, bytes).second; });
  if (code) FAIL(code.message());
  return all;
}

/// How much of a file this process has mapped and counts as its own, in KiB; nothing where the system does not say.
std::optional<std::size_t> resident_kib(const std::string& path) {
  std::ifstream maps("/proc/self/smaps");
  std::optional<std::size_t> all;
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(' ')) inside = line.ends_with(path);
    if (!inside || !line.starts_with("Rss:")) continue;
    all = all.value_or(0) + std::stoul(line.substr(4));
  }
  return all;
}

using chunk_map = std::map<chunk_number, std::string>;
using value_map = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("lmdb_store: what is committed is there, in order, and there again when it is opened again", "[journal]") {
  const temporary_folder at;
  const std::string large(200'000, 'x');
  const auto check = [&](const store& kept) {
    CHECK(chunks_of(kept) == chunk_map{{1, "one"}, {2, large}, {300, ""}});
    CHECK(chunks_of(kept, chunk_row::log, 2) == chunk_map{{2, large}, {300, ""}});
    CHECK(chunks_of(kept, chunk_row::history) == chunk_map{{7, "seven"}});
    CHECK(chunks_of(kept, chunk_row::quarantine).empty());
    CHECK(values_of(kept) == value_map{{"a", "1"}, {"source/1", ""}, {"source/2", large}});
    CHECK(values_of(kept, "source/") == value_map{{"source/1", ""}, {"source/2", large}});
    CHECK(values_of(kept, "sourcf").empty());
  };
  {
    const auto kept = open_store(at / "journal");
    batch all;
    all.chunks = {{chunk_row::log, 1, bytes_of("one")},
                  {chunk_row::log, 300, {}},
                  {chunk_row::log, 2, bytes_of(large)},
                  {chunk_row::history, 7, bytes_of("seven")}};
    all.values = {{"source/2", large}, {"a", "1"}, {"source/1", ""}};
    REQUIRE_FALSE(all.commit(*kept));
    check(*kept);
  }
  check(*open_store(at / "journal"));
  check(*open_store(at / "journal/"));
  check(*open_store(at / "journal", journal_access::read));
}

TEST_CASE("lmdb_store: chunks go from the front, values by name, and a chunk may be written again", "[journal]") {
  const temporary_folder at;
  const auto kept = open_store(at.path());
  for (chunk_number n = 1; n <= 3; ++n) {
    REQUIRE_FALSE(put(*kept, n, "log"));
    REQUIRE_FALSE(put(*kept, n, "history", chunk_row::history));
  }
  REQUIRE_FALSE(put(*kept, 3, "again"));
  REQUIRE_FALSE(batch{.values = {{"a", "1"}, {"b", "2"}}}.commit(*kept));
  REQUIRE_FALSE(batch{.values = {{"a", {}}, {"never there", {}}, {"b", "3"}}, .erase_log_before = 3}.commit(*kept));
  CHECK(chunks_of(*kept) == chunk_map{{3, "again"}});
  CHECK(chunks_of(*kept, chunk_row::history).size() == 3);
  CHECK(values_of(*kept) == value_map{{"b", "3"}});
  REQUIRE_FALSE(batch{.erase_log_before = 100, .erase_history_before = 2}.commit(*kept));
  CHECK(chunks_of(*kept).empty());
  CHECK(chunks_of(*kept, chunk_row::history).begin()->first == 2);
}

TEST_CASE("lmdb_store: a scan ends when it is told to", "[journal]") {
  const temporary_folder at;
  const auto kept = open_store(at.path());
  for (chunk_number n = 1; n <= 3; ++n) REQUIRE_FALSE(put(*kept, n, "x"));
  REQUIRE_FALSE(batch{.values = {{"a", "1"}, {"b", "2"}}}.commit(*kept));
  int seen = 0;
  CHECK_FALSE(kept->scan_chunks(chunk_row::log, 0, [&](chunk_number, bytes_view) { return ++seen < 2; }));
  CHECK(seen == 2);
  CHECK_FALSE(kept->scan_values("", [&](std::string_view, std::string_view) { return ++seen < 0; }));
  CHECK(seen == 3);
}

TEST_CASE("lmdb_store: a batch with a bad name changes nothing", "[journal]") {
  const temporary_folder at;
  const auto kept = open_store(at.path());
  const std::string long_name(401, 'n');
  for (const std::string_view name : {std::string_view{}, std::string_view{"\0x", 2}, std::string_view(long_name)}) {
    const batch bad{.chunks = {{chunk_row::log, 1, bytes_of("x")}}, .values = {{"good", "1"}, {name, "2"}}};
    CHECK(bad.commit(*kept) == errc::invalid_argument);
  }
  CHECK(chunks_of(*kept).empty());
  CHECK(values_of(*kept).empty());
  CHECK_FALSE(batch{.values = {{std::string_view(long_name).substr(1), "1"}}}.commit(*kept));
}

TEST_CASE("lmdb_store: commits without a sync are there, and a sync after them holds", "[journal]") {
  const temporary_folder at;
  {
    const auto kept = open_store(at.path());
    const batch one{.chunks = {{chunk_row::log, 1, bytes_of("one")}}};
    const batch two{.chunks = {{chunk_row::log, 2, bytes_of("two")}}};
    CHECK_FALSE(one.commit(*kept, false));
    CHECK_FALSE(kept->sync());
    CHECK_FALSE(two.commit(*kept, false));
    CHECK(kept->size().bytes_used > 0);
    CHECK(kept->size().bytes_used < kept->size().bytes_max);
  }
  CHECK(chunks_of(*open_store(at.path())).size() == 2);
}

TEST_CASE("lmdb_store: the folder is the owner's alone, and no link is followed", "[journal]") {
  const temporary_folder at;
  { const auto kept = open_store(at / "journal"); }
  struct stat about {};
  REQUIRE(::stat((at / "journal").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777U) == 0700U);
  for (const auto& each : std::filesystem::directory_iterator(at / "journal")) {
    REQUIRE(::stat(each.path().c_str(), &about) == 0);
    INFO(each.path());
    CHECK((about.st_mode & 0777U) == 0600U);
  }
  std::filesystem::create_directory_symlink(at / "journal", at / "link");
  CHECK(refusal_of(at / "link").code);
  CHECK(refusal_of(at / "link/").code);
  std::filesystem::rename(at / "journal/data.mdb", at / "elsewhere");
  std::filesystem::create_symlink(at / "elsewhere", at / "journal/data.mdb");
  CHECK(refusal_of(at / "journal").code == boost::system::errc::too_many_symbolic_link_levels);
}

TEST_CASE("lmdb_store: a second writer is refused and told who the first is", "[journal]") {
  const temporary_folder at;
  {
    const auto kept = open_store(at.path());
    const auto refused = refusal_of(at.path());
    CHECK(refused.code == errc::journal_in_use);
    CHECK(refused.message().find("process " + std::to_string(::getpid()) + " on ") != std::string::npos);
    CHECK(refused.message().find(" since 20") != std::string::npos);
    // LMDB's locks are by process: the same file cannot be open twice in one, for reading either.
    CHECK(refusal_of(at.path(), journal_access::read).code == errc::journal_in_use);
    CHECK_FALSE(put(*kept, 1, "still works"));
  }
  CHECK(chunks_of(*open_store(at.path())).size() == 1);
}

TEST_CASE("lmdb_store: a reader beside a writer of another process sees what is committed", "[journal]") {
  const temporary_folder at;
  std::array<int, 2> to_writer{};
  std::array<int, 2> to_reader{};
  REQUIRE(::pipe(to_writer.data()) == 0);
  REQUIRE(::pipe(to_reader.data()) == 0);
  const auto tell = [](int fd) { return ::write(fd, "x", 1) == 1; };
  const auto hear = [](int fd) {
    char told = 0;
    return ::read(fd, &told, 1) == 1;
  };
  const pid_t writer = ::fork();
  REQUIRE(writer >= 0);
  if (writer == 0) {
    bool good = true;
    {
      auto kept = open_lmdb_store({.path = at.path(), .bytes_max = some_bytes});
      for (chunk_number n = 1; n <= 2; ++n) {
        good = good && kept && !put(**kept, n, "x") && tell(to_reader[1]) && hear(to_writer[0]);
      }
    }
    std::_Exit(good ? 0 : 1);
  }
  REQUIRE(hear(to_reader[0]));
  const auto refused = refusal_of(at.path());
  CHECK(refused.code == errc::journal_in_use);
  CHECK(refused.message().find("process " + std::to_string(writer)) != std::string::npos);
  const auto seen = open_store(at.path(), journal_access::read);
  CHECK(chunks_of(*seen).size() == 1);
  REQUIRE(tell(to_writer[1]));
  REQUIRE(hear(to_reader[0]));
  CHECK(chunks_of(*seen).size() == 2);
  REQUIRE(tell(to_writer[1]));
  int status = 1;
  REQUIRE(::waitpid(writer, &status, 0) == writer);
  CHECK(status == 0);
  for (const int fd : {to_writer[0], to_writer[1], to_reader[0], to_reader[1]}) ::close(fd);
  CHECK(chunks_of(*seen).size() == 2);
}

TEST_CASE("lmdb_store: what does not exist is not made for a reader", "[journal]") {
  const temporary_folder at;
  CHECK(refusal_of(at / "none", journal_access::read).code == boost::system::errc::no_such_file_or_directory);
  CHECK_FALSE(std::filesystem::exists(at / "none"));
}

TEST_CASE("lmdb_store: a reader writes nothing", "[journal]") {
  const temporary_folder at;
  { CHECK_FALSE(put(*open_store(at.path()), 1, "one")); }
  const auto kept = open_store(at.path(), journal_access::read);
  CHECK(put(*kept, 2, "two") == errc::invalid_argument);
  CHECK(kept->sync() == errc::invalid_argument);
  CHECK(chunks_of(*kept).size() == 1);
}

TEST_CASE("lmdb_store: a full journal says so, and takes the same batch once something is erased", "[journal]") {
  const temporary_folder at;
  constexpr std::uint64_t bytes_max = 4U << 20U;
  const auto kept = open_store(at.path(), journal_access::write, bytes_max);
  const std::string chunk(120'000, 'x');
  chunk_number next = 1;
  error_code code;
  for (; !code && next < 1000; ++next) code = put(*kept, next, chunk);
  REQUIRE(code == errc::journal_full);
  const auto failed = next - 1;
  CHECK(chunks_of(*kept).size() == failed - 1);
  CHECK(put(*kept, failed, chunk) == errc::journal_full);
  CHECK_FALSE(batch{.values = {{"a", "values fit"}}}.commit(*kept));
  // Over and over: room that is erased is room.
  for (chunk_number round = 0; round < 20; ++round) {
    REQUIRE_FALSE(batch{.erase_log_before = 5 + round}.commit(*kept));
    REQUIRE_FALSE(batch{}.commit(*kept));
    REQUIRE_FALSE(put(*kept, failed + round, chunk));
  }
  CHECK(std::filesystem::file_size(at / "data.mdb") <= bytes_max);
}

TEST_CASE("lmdb_store: a full disk says so, loses nothing, and takes the same batch once there is room", "[journal]") {
  const temporary_folder at;
  if (::mount("none", at.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    WARN("not allowed to mount a small disk: not tested");
    return;
  }
  {
    const std::string chunk(50'000, 'x');
    auto kept = open_store(at / "journal");
    const std::string filler = at / "filler";
    write_whole(filler, std::string(300'000, 'f'));
    chunk_number next = 1;
    error_code code;
    for (; !code && next < 100; ++next) code = put(*kept, next, chunk);
    const auto failed = next - 1;
    CHECK(code == boost::system::errc::no_space_on_device);
    CHECK(put(*kept, failed, chunk) == boost::system::errc::no_space_on_device);
    CHECK(chunks_of(*kept).size() == failed - 1);
    kept.reset();
    kept = open_store(at / "journal");
    CHECK(chunks_of(*kept).size() == failed - 1);
    CHECK(put(*kept, failed, chunk) == boost::system::errc::no_space_on_device);
    std::filesystem::remove(filler);
    CHECK_FALSE(put(*kept, failed, chunk));
    CHECK(chunks_of(*kept).size() == failed);
  }
  CHECK(::umount(at.path().c_str()) == 0);
}

TEST_CASE("lmdb_store: a write that fails half-way is an error, and the same batch goes through later", "[journal]") {
  const temporary_folder at;
  const auto kept = open_store(at.path());
  const std::string chunk(100'000, 'x');
  REQUIRE_FALSE(put(*kept, 1, chunk));
  REQUIRE_FALSE(put(*kept, 2, chunk));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  std::vector<error_code> codes;
  // The file may grow by some bytes, then by none: a write is cut short, then refused.
  for (const std::uint64_t room : {40'000U, 0U}) {
    rlimit small = before;
    small.rlim_cur = std::filesystem::file_size(at / "data.mdb") + room;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    codes.push_back(put(*kept, 3, chunk));
    codes.push_back(put(*kept, 3, chunk));
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(chunks_of(*kept) == chunk_map{{1, chunk}, {2, chunk}});
  }
  (void)std::signal(SIGXFSZ, ignored);
  for (const auto& code : codes) CHECK(code);
  CHECK_FALSE(put(*kept, 3, chunk));
  CHECK_FALSE(put(*kept, 4, chunk));
  CHECK(chunks_of(*kept).size() == 4);
}

TEST_CASE("lmdb_store: after a sync that failed, what was committed without one is never called durable", "[journal]") {
  const temporary_folder at;
  const auto kept = open_store(at.path());
  const std::string chunk(100'000, 'x');
  const batch loose{.chunks = {{chunk_row::log, 1, bytes_of(chunk)}}};
  const batch next{.chunks = {{chunk_row::log, 2, bytes_of(chunk)}}};
  REQUIRE_FALSE(loose.commit(*kept, false));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = std::filesystem::file_size(at / "data.mdb");
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  CHECK(next.commit(*kept, true));
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  (void)std::signal(SIGXFSZ, ignored);
  CHECK(next.commit(*kept, true));
  CHECK(kept->sync());
  CHECK_FALSE(next.commit(*kept, false));
  CHECK(chunks_of(*kept).size() == 2);
}

TEST_CASE("lmdb_store: what was looked at of a large file does not stay in memory, and is there all the same",
          "[journal]") {
  constexpr std::size_t chunk_bytes = 128 * 1024;
  constexpr chunk_number chunks = 320;  // 40 MiB
  constexpr std::size_t bound_kib = 16 * 1024;
  const temporary_folder folder;
  const auto kept = open_store(folder / "journal", journal_access::write, std::uint64_t{256} << 20U);
  const auto contents = [](chunk_number n) { return std::string(chunk_bytes, static_cast<char>('a' + n % 26)); };
  const auto unsynced = [&](const batch& each) { return each.commit(*kept, false); };
  for (chunk_number n = 1; n <= chunks; ++n) {
    const auto bytes = contents(n);
    REQUIRE_FALSE(unsynced({.chunks = {{chunk_row::log, n, bytes_of(bytes)}}}));
  }
  if (!resident_kib("/data.mdb")) return;

  std::size_t most = 0;
  std::size_t wrong = 0;
  chunk_number seen = 0;
  REQUIRE_FALSE(kept->scan_chunks(chunk_row::log, 0, [&](chunk_number n, bytes_view bytes) {
    if (text_of(bytes) != contents(n)) ++wrong;
    if (n % 16 == 0) most = std::max(most, resident_kib("/data.mdb").value_or(0));
    // While this view is held, another look at the file lets it go.
    if (n == 100) {
      REQUIRE_FALSE(kept->scan_chunks(chunk_row::log, 0, [&](chunk_number other, bytes_view) { return other < 64; }));
      if (text_of(bytes) != contents(n)) ++wrong;
    }
    ++seen;
    return true;
  }));
  CHECK(seen == chunks);
  CHECK(wrong == 0);
  CHECK(most > 0);
  CHECK(most < bound_kib);

  most = 0;
  for (chunk_number n = chunks + 1; n <= 2 * chunks; ++n) {
    const auto bytes = contents(n);
    REQUIRE_FALSE(unsynced({.chunks = {{chunk_row::log, n, bytes_of(bytes)}}, .erase_log_before = n - chunks + 1}));
    if (n % 16 == 0) most = std::max(most, resident_kib("/data.mdb").value_or(0));
  }
  CHECK(most < bound_kib);
  CHECK(chunks_of(*kept, chunk_row::log, 2 * chunks).at(2 * chunks) == contents(2 * chunks));
}

TEST_CASE("lmdb_store: a value that is not what was written comes without bytes, and the others come whole",
          "[journal]") {
  const temporary_folder folder;
  const std::string long_value(5'000, 'v');
  {
    const auto kept = open_store(folder / "journal");
    REQUIRE_FALSE(batch{.values = {{"a", "first"}, {"b", long_value}, {"c", "third"}}}.commit(*kept));
  }
  std::string whole = testing::read_whole(folder / "journal/data.mdb");
  const auto at = whole.rfind("vvvv");
  REQUIRE(at != std::string::npos);
  whole[at] = 'w';
  write_whole(folder / "journal/data.mdb", whole);
  const auto kept = open_store(folder / "journal");
  CHECK(values_of(*kept) == value_map{{"a", "first"}, {"b", ""}, {"c", "third"}});
}
