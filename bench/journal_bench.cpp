// bench/journal_bench - what it costs to make a message durable: the journal on LMDB, beside the same bytes appended
// and synced, and beside SQLite with a row per record.
//
// All on a real disk, in one run, in turns; medians. Every variant syncs once per group. What was written is read back
// and counted before anything is printed.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <journal/lmdb_store.hpp>
#include <journal/log_journal.hpp>
#include <journal/record_codec.hpp>
#include <string>
#include <vector>

using namespace broadside;
using namespace broadside::journal;

namespace {

namespace fs = std::filesystem;
using clock_type = std::chrono::steady_clock;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(1);
}

/// What is recorded of each message.
enum class work : std::uint8_t { claim_and_outcome, taken, whole_life };
constexpr std::array<const char*, 3> work_names{"claim + outcome", "taken, 150 B", "taken + claim + outcome"};

/// Messages as an engine has them: places that are used again and again.
class places final : public message_table {
 public:
  explicit places(std::size_t n) : told_(n), content_(90) {
    for (std::size_t i = 0; i < n; ++i) {
      event& e = told_[i];
      e.source = source_id{0};
      e.outcome = outcome::accepted;
      e.attempts = 1;
      e.route = 0;
      e.recipient.assign("+12125550123");
      e.provider_message_id.assign("01EQBC1A3BEK21E02YEZ1H6T9N");
      e.status_code.assign("OK");
    }
  }
  message_facts facts(message_ref ref) const noexcept override { return {&told_[ref], content_, 3, false, {}}; }
  void begin(message_ref ref, std::uint64_t id) {
    told_[ref].id = message_id{id};
    told_[ref].row = ordinal{id};
    told_[ref].time = wall_time{std::chrono::microseconds{1'800'000'000'000'000 + static_cast<std::int64_t>(id)}};
  }
  const event& told(message_ref ref) const { return told_[ref]; }

 private:
  std::vector<event> told_;
  std::vector<std::byte> content_;
};

struct measured {
  double per_second = 0;
  double cpu_us = 0;  // a message
};

class stopwatch {
 public:
  [[nodiscard]] measured stop(std::uint64_t messages) const {
    const std::chrono::duration<double> wall = clock_type::now() - began_;
    const auto n = static_cast<double>(messages);
    return {n / wall.count(), (cpu_now() - cpu_) * 1e6 / n};
  }

 private:
  static double cpu_now() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](timeval t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
  }
  clock_type::time_point began_ = clock_type::now();
  double cpu_ = cpu_now();
};

// ---- ours

class ours {
 public:
  ours(const fs::path& folder, std::size_t group) : group_(group), table_(group) {
    auto opened = open_lmdb_store({.path = folder.string()});
    require(static_cast<bool>(opened), "the store does not open");
    store_ = std::move(*opened);
    log_options how;
    how.messages_max = group;
    how.sources_max = 1;
    how.campaigns_max = 1;
    recovered found;
    auto log = log_journal::open(*store_, table_, environment::system(), how, {}, found);
    require(static_cast<bool>(log), "the journal does not open");
    log_ = std::move(*log);
    log_->put_campaign(campaign_id{0}, "bench");
    log_->put_source(source_id{0}, campaign_id{0}, "rows");
  }

  void run(work what, std::uint64_t groups) {
    std::vector<record> records;
    for (std::uint64_t g = 0; g < groups; ++g) {
      for (std::size_t i = 0; i < group_; ++i) table_.begin(static_cast<message_ref>(i), ++id_);
      records.clear();
      if (what != work::claim_and_outcome) add(records, record_kind::taken);
      if (what != work::taken) add(records, record_kind::claim);
      if (what != work::taken) add(records, record_kind::outcome);
      const auto first = log_->reserve(records.size());
      log_->publish(first, records);
      const auto last = position{static_cast<std::uint64_t>(first) + records.size() - 1};
      for (auto now = clock_type::now(); log_->durable() < last; now = clock_type::now()) (void)log_->step(now);
      require(log_->writes(), "the store failed");
      log_->confirm(last);
    }
  }

  /// What a restart finds: totals, and what was not confirmed by a commit.
  [[nodiscard]] recovered close(const fs::path& folder) {
    log_.reset();
    store_.reset();
    auto opened = open_lmdb_store({.path = folder.string()});
    require(static_cast<bool>(opened), "the store does not open again");
    recovered found;
    require(static_cast<bool>(log_journal::open(**opened, table_, environment::system(), {}, {}, found)),
            "the journal does not open again");
    return found;
  }

 private:
  void add(std::vector<record>& records, record_kind kind) const {
    for (std::size_t i = 0; i < group_; ++i) {
      records.push_back({kind, static_cast<message_ref>(i), {.route = 0, .attempts = 1}});
    }
  }

  std::size_t group_;
  places table_;
  std::unique_ptr<store> store_;
  std::unique_ptr<log_journal> log_;
  std::uint64_t id_ = 0;
};

/// Counts of what was recorded: with `taken` alone the messages are the same ones, taken anew and again.
measured measure_ours(const fs::path& folder, work what, std::size_t group, std::uint64_t groups) {
  ours journal(folder, group);
  journal.run(what, 8);  // warm
  const stopwatch watch;
  journal.run(what, groups);
  const auto result = watch.stop(groups * group);
  const auto found = journal.close(folder);
  const auto& totals = found.campaigns.at(0).totals;
  const std::uint64_t all = (groups + 8) * group;
  require(what == work::claim_and_outcome || totals.submitted == all, "taken records are missing");
  require(what == work::taken || totals.accepted == all, "outcomes are missing");
  require(found.quarantined == 0, "something could not be read");
  return result;
}

// ---- the same bytes, appended and synced

/// A group of records as the journal writes them.
void encode(chunk_writer& chunk, const places& table, work what, std::size_t group, std::uint64_t& at) {
  const std::vector<std::byte> content(90);
  for (std::size_t i = 0; i < group && what != work::claim_and_outcome; ++i) {
    taken_facts t;
    t.id = table.told(static_cast<message_ref>(i)).id;
    t.recipient = "+12125550123";
    t.content = content;
    t.value_count = 3;
    chunk.taken(position{++at}, t);
  }
  for (std::size_t i = 0; i < group && what != work::taken; ++i) {
    chunk.claim(position{++at}, table.told(static_cast<message_ref>(i)).id, {.route = 0, .attempts = 1});
  }
  for (std::size_t i = 0; i < group && what != work::taken; ++i) {
    chunk.outcome(position{++at}, table.told(static_cast<message_ref>(i)));
  }
}

constexpr std::uint64_t records_of(work what) {
  return what == work::taken ? 1 : what == work::claim_and_outcome ? 2 : 3;
}

measured measure_raw(const fs::path& folder, work what, std::size_t group, std::uint64_t groups) {
  fs::create_directories(folder);
  const auto path = folder / "log";
  const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_APPEND, 0600);
  require(file >= 0, "the file does not open");
  places table(group);
  chunk_writer chunk;
  std::uint64_t at = 0;
  std::uint64_t id = 0;
  std::vector<std::size_t> sizes;
  const stopwatch watch;
  for (std::uint64_t g = 0; g < groups; ++g) {
    for (std::size_t i = 0; i < group; ++i) table.begin(static_cast<message_ref>(i), ++id);
    chunk.begin(g + 1, position{at + 1});
    encode(chunk, table, what, group, at);
    const auto bytes = chunk.finish();
    require(::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "a write failed");
    require(::fdatasync(file) == 0, "a sync failed");
    sizes.push_back(bytes.size());
  }
  const auto result = watch.stop(groups * group);
  std::uint64_t records = 0;
  std::vector<std::byte> bytes;
  require(::lseek(file, 0, SEEK_SET) == 0, "no way back");
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    bytes.resize(sizes[g]);
    require(::read(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "a read failed");
    chunk_reader reader(bytes, g + 1);
    decoded_record found;
    while (reader.next(found) == decode_status::record) ++records;
  }
  ::close(file);
  require(records == groups * group * records_of(what), "appended records are missing");
  return result;
}

// ---- SQLite, a row per record

class database {
 public:
  explicit database(const fs::path& folder) {
    fs::create_directories(folder);
    require(sqlite3_open((folder / "journal.db").c_str(), &db_) == SQLITE_OK, "SQLite does not open");
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE record(at INTEGER PRIMARY KEY, kind INTEGER, id INTEGER, facts BLOB)");
    require(sqlite3_prepare_v2(db_, "INSERT INTO record VALUES(?,?,?,?)", -1, &insert_, nullptr) == SQLITE_OK,
            "SQLite does not prepare");
  }
  ~database() {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  void run(const char* text) { require(sqlite3_exec(db_, text, nullptr, nullptr, nullptr) == SQLITE_OK, text); }
  void put(std::uint64_t at, record_kind kind, std::uint64_t id, std::size_t bytes) {
    static const std::array<char, 256> facts{};
    sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(at));
    sqlite3_bind_int(insert_, 2, static_cast<int>(kind));
    sqlite3_bind_int64(insert_, 3, static_cast<sqlite3_int64>(id));
    sqlite3_bind_blob(insert_, 4, facts.data(), static_cast<int>(bytes), SQLITE_STATIC);
    require(sqlite3_step(insert_) == SQLITE_DONE, "an insert failed");
    sqlite3_reset(insert_);
  }
  [[nodiscard]] std::uint64_t rows() {
    sqlite3_stmt* count = nullptr;
    sqlite3_prepare_v2(db_, "SELECT count(*) FROM record", -1, &count, nullptr);
    require(sqlite3_step(count) == SQLITE_ROW, "no count");
    const auto n = static_cast<std::uint64_t>(sqlite3_column_int64(count, 0));
    sqlite3_finalize(count);
    return n;
  }

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

measured measure_sqlite(const fs::path& folder, work what, std::size_t group, std::uint64_t groups) {
  database db(folder);
  std::uint64_t at = 0;
  std::uint64_t id = 0;
  const stopwatch watch;
  for (std::uint64_t g = 0; g < groups; ++g) {
    db.run("BEGIN");
    for (std::size_t i = 0; i < group; ++i) {
      ++id;
      if (what != work::claim_and_outcome) db.put(++at, record_kind::taken, id, 120);
      if (what != work::taken) db.put(++at, record_kind::claim, id, 8);
      if (what != work::taken) db.put(++at, record_kind::outcome, id, 70);
    }
    db.run("COMMIT");
  }
  const auto result = watch.stop(groups * group);
  require(db.rows() == groups * group * records_of(what), "rows are missing");
  return result;
}

// ---- rounds

measured median(std::vector<measured> all) {
  const auto middle = [&](double measured::*field) {
    std::sort(all.begin(), all.end(), [&](const measured& a, const measured& b) { return a.*field < b.*field; });
    return all[all.size() / 2].*field;
  };
  return {middle(&measured::per_second), middle(&measured::cpu_us)};
}

using variant = measured (*)(const fs::path&, work, std::size_t, std::uint64_t);

void compare(const fs::path& folder, work what, std::size_t group, std::uint64_t messages, int rounds) {
  constexpr std::array<variant, 3> variants{measure_ours, measure_raw, measure_sqlite};
  std::array<std::vector<measured>, 3> all;
  const std::uint64_t groups = std::max<std::uint64_t>(messages / group, 16);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t v = 0; v < variants.size(); ++v) {
      const auto place = folder / "round";
      fs::remove_all(place);
      all[v].push_back(variants[v](place, what, group, groups));
      fs::remove_all(place);
    }
  }
  const auto us = median(all[0]);
  const auto raw = median(all[1]);
  const auto sqlite = median(all[2]);
  std::printf("| %s | %zu | %.0f | %.2f | %.0f | %.2f | %.0f | %.2f | %.2f | %.2f |\n",
              work_names[static_cast<std::size_t>(what)], group, us.per_second, us.cpu_us, raw.per_second, raw.cpu_us,
              sqlite.per_second, sqlite.cpu_us, us.per_second / raw.per_second, us.per_second / sqlite.per_second);
  std::fflush(stdout);
}

/// A journal of many records, none confirmed, opened again.
void recover(const fs::path& folder, std::uint64_t records) {
  fs::remove_all(folder);
  constexpr std::size_t in_a_chunk = 1'000;
  {
    auto opened = open_lmdb_store({.path = folder.string()});
    require(static_cast<bool>(opened), "the store does not open");
    places table(in_a_chunk);
    chunk_writer chunk;
    std::uint64_t at = 0;
    std::uint64_t id = 0;
    for (chunk_number n = 1; at < records; ++n) {
      for (std::size_t i = 0; i < in_a_chunk; ++i) table.begin(static_cast<message_ref>(i), ++id);
      chunk.begin(n, position{at + 1});
      encode(chunk, table, work::whole_life, in_a_chunk, at);
      const store_batch::chunk one{chunk_row::log, n, chunk.finish()};
      require(!(*opened)->commit({.chunks = {&one, 1}}, false), "a commit failed");
    }
    require(!(*opened)->sync(), "a sync failed");
  }
  const stopwatch watch;
  auto opened = open_lmdb_store({.path = folder.string()});
  require(static_cast<bool>(opened), "the store does not open again");
  const places table(1);
  recovered found;
  require(static_cast<bool>(log_journal::open(**opened, table, environment::system(), {}, {}, found)),
          "the journal does not open");
  const auto result = watch.stop(found.records);
  require(found.records >= records && found.messages.empty() && found.unconfirmed == found.records / 3,
          "what was found is not what was written");
  std::printf("recovery: %llu records in %.2f s (%.2f us CPU each)\n", static_cast<unsigned long long>(found.records),
              static_cast<double>(found.records) / result.per_second, result.cpu_us);
  opened->reset();
  fs::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"What it costs to make a message durable"};
  std::string folder = (fs::current_path() / "journal_bench.tmp").string();
  std::uint64_t messages = 400'000;
  std::uint64_t recovered_records = 0;
  int rounds = 5;
  app.add_option("--folder", folder, "where to write: a folder of a real disk, made and removed");
  app.add_option("--messages", messages, "per measurement");
  app.add_option("--rounds", rounds)->check(CLI::Range(1, 100));
  app.add_option("--recover", recovered_records, "measure opening a journal of so many records instead");
  CLI11_PARSE(app, argc, argv);
  if (recovered_records > 0) {
    recover(folder, recovered_records);
    return 0;
  }
  fs::create_directories(folder);
  std::printf(
      "| records of a message | messages a sync | ours/s | CPU us | append/s | CPU us | SQLite/s | CPU us | to append "
      "| to SQLite |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n");
  for (const auto what : {work::claim_and_outcome, work::taken, work::whole_life}) {
    for (const std::size_t group : {64U, 512U, 4096U}) {
      compare(folder, what, group, group == 64 ? messages / 4 : messages, rounds);
    }
  }
  fs::remove_all(folder);
}
