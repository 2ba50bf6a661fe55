// bench/ingest_bench - reading an audience of a million rows and six columns, beside what else reads it.
//
// The bytes are in memory and are copied into the reader's room, as read(2) would. Beside it in the same run: memchr
// over the line ends, which is how fast memory is looked through at all; std::getline with a split into strings, the
// obvious version, which joins lines while a quote is open; simdjson's iterate_many. Every version's rows and the hash
// of all its fields are compared before anything is timed.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <broadside/audience_reader.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <support/malloc_count.hpp>
#include <support/usage.hpp>
#include <vector>

using namespace broadside;

namespace {

constexpr std::size_t rows_made = 1'000'000;
constexpr std::array<std::string_view, 6> names{"phone", "first_name", "last_name", "city", "code", "note"};

using fields = std::array<std::string, names.size()>;

/// Every third city is quoted, as it has a comma; every seventh note has doubled quotes, every eleventh a line end.
fields make_row(unsigned i) {
  constexpr std::array<std::string_view, 4> first{"Ann", "Zoë", "Christopher", "Bo"};
  constexpr std::array<std::string_view, 4> last{"Smith", "O'Neill", "Garcia Lopez", "Nguyen"};
  constexpr std::array<std::string_view, 3> city{"Springfield, IL", "Boston", "San Francisco"};
  std::array<char, 64> text{};
  fields out;
  (void)std::snprintf(text.data(), text.size(), "+1212%07u", i % 10'000'000);
  out[0] = text.data();
  out[1] = first[i % first.size()];
  out[2] = last[i / 4 % last.size()];
  out[3] = city[i % city.size()];
  (void)std::snprintf(text.data(), text.size(), "SPRING-%08u", i);
  out[4] = text.data();
  out[5] = i % 11 == 0 ? "line one of\nthe note of a customer" : "Thank you for the order of last week";
  if (i % 7 == 0) out[5] += " of \"Shoes\"";
  return out;
}

void append_csv(std::string& out, const fields& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += ',';
    const bool quoted = row[i].find_first_of(",\"\n") != std::string::npos;
    if (quoted) out += '"';
    for (const char c : row[i]) out.append(c == '"' ? 2 : 1, c);
    if (quoted) out += '"';
  }
  out += '\n';
}

void append_json(std::string& out, const fields& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    out += i == 0 ? "{\"" : ", \"";
    out += names[i];
    out += "\": \"";
    for (const char c : row[i]) {
      if (c == '"' || c == '\n') out += '\\';
      out += c == '\n' ? 'n' : c;
    }
    out += '"';
  }
  out += "}\n";
}

struct audience {
  std::string csv;
  std::string json;
};

const audience& made() {
  static const audience all = [] {
    audience out;
    for (const std::string_view name : names) out.csv.append(name).append(name == names.back() ? "\n" : ",");
    for (unsigned i = 0; i < rows_made; ++i) {
      const fields row = make_row(i);
      append_csv(out.csv, row);
      append_json(out.json, row);
    }
    out.json.reserve(out.json.size() + simdjson::SIMDJSON_PADDING);
    return out;
  }();
  return all;
}

/// What a reader found. Timing adds up sizes only, so that all are timed at the same work; `hash` is for the check.
struct answer {
  bool hashing = false;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;

  void field(std::string_view text) {
    bytes += text.size();
    if (!hashing) return;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    hash = (hash ^ 0x1FFU) * 0x100000001B3U;
  }
  friend bool operator==(const answer&, const answer&) = default;
};

void fail(std::string_view what) {
  std::fprintf(stderr, "wrong: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

audience_options reader_options(audience_format format) {
  audience_options out;
  out.format = format;
  out.columns.to = names[0];
  out.columns.values.assign(names.begin() + 1, names.end());
  return out;
}

void take(answer& out, const audience_batch& batch) {
  out.rows += batch.recipients.size();
  for (const recipient& each : batch.recipients) {
    out.field(each.to);
    for (const std::string_view value : each.values) out.field(value);
  }
}

answer read_ours(audience_format format, std::string_view bytes, answer out = {}) {
  audience_reader reader(reader_options(format));
  audience_batch batch;
  while (true) {
    const audience_step step = reader.next(batch);
    if (step == audience_step::rows) {
      take(out, batch);
      continue;
    }
    if (step != audience_step::more) fail("a row is bad, or the header");
    if (bytes.empty()) return out;
    bytes.remove_prefix(reader.feed(bytes));
    if (bytes.empty()) reader.finish();
  }
}

/// Splits a whole row; false: a quote is open, so the row goes on with the next line.
bool obvious_split(const std::string& row, std::vector<std::string>& out) {
  out.assign(1, {});
  bool quoted = false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const char c = row[i];
    if (quoted && c == '"' && i + 1 < row.size() && row[i + 1] == '"') {
      out.back() += row[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return !quoted;
}

answer read_obvious(std::string_view bytes, answer out = {}) {
  std::istringstream in{std::string(bytes)};
  std::string line;
  std::string row;
  std::vector<std::string> split;
  std::getline(in, line);  // the header
  while (std::getline(in, line)) {
    row += line;
    if (!obvious_split(row, split)) {
      row += '\n';
      continue;
    }
    row.clear();
    ++out.rows;
    for (const std::string& field : split) out.field(field);
  }
  return out;
}

answer read_iterate_many(std::string_view bytes, answer out = {}) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream stream;
  // the text has the padding that simdjson reads
  if (parser.iterate_many(bytes.data(), bytes.size(), std::size_t{1} << 20U).get(stream) != simdjson::SUCCESS)
    fail("iterate_many");
  for (auto document : stream) {
    ++out.rows;
    for (const std::string_view name : names) {
      std::string_view text;
      if (document[name].get_string().get(text) != simdjson::SUCCESS) fail("a field");
      out.field(text);
    }
  }
  return out;
}

std::uint64_t count_line_ends(std::string_view bytes) {
  std::uint64_t lines = 0;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
    ++lines;
    at = static_cast<const char*>(found) + 1;
  }
  return lines;
}

void check_answers() {
  const audience& all = made();
  answer expected{.hashing = true, .rows = rows_made};
  for (unsigned i = 0; i < rows_made; ++i) {
    for (const std::string& field : make_row(i)) expected.field(field);
  }
  const answer begin{.hashing = true};
  if (read_ours(audience_format::csv, all.csv, begin) != expected) fail("audience_reader, CSV");
  if (read_ours(audience_format::jsonl, all.json, begin) != expected) fail("audience_reader, JSON lines");
  if (read_obvious(all.csv, begin) != expected) fail("std::getline");
  if (read_iterate_many(all.json, begin) != expected) fail("iterate_many");
  if (count_line_ends(all.json) != rows_made) fail("memchr");
}

template <class Read>
void time(benchmark::State& state, std::string_view bytes, Read read) {
  bench::start_counting_mallocs();
  for (auto _ : state) benchmark::DoNotOptimize(read(bytes));
  const auto mallocs = static_cast<double>(bench::stop_counting_mallocs());
  const auto runs = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(runs * static_cast<std::int64_t>(rows_made));
  state.SetBytesProcessed(runs * static_cast<std::int64_t>(bytes.size()));
  state.counters["mallocs/row"] = mallocs / (static_cast<double>(runs) * rows_made);
}

void BM_csv(benchmark::State& state) {
  time(state, made().csv, [](std::string_view bytes) { return read_ours(audience_format::csv, bytes); });
}
BENCHMARK(BM_csv)->Unit(benchmark::kMillisecond);

void BM_csv_getline(benchmark::State& state) {
  time(state, made().csv, [](std::string_view bytes) { return read_obvious(bytes); });
}
BENCHMARK(BM_csv_getline)->Unit(benchmark::kMillisecond);

void BM_csv_memchr(benchmark::State& state) { time(state, made().csv, count_line_ends); }
BENCHMARK(BM_csv_memchr)->Unit(benchmark::kMillisecond);

void BM_json(benchmark::State& state) {
  time(state, made().json, [](std::string_view bytes) { return read_ours(audience_format::jsonl, bytes); });
}
BENCHMARK(BM_json)->Unit(benchmark::kMillisecond);

void BM_json_iterate_many(benchmark::State& state) {
  time(state, made().json, [](std::string_view bytes) { return read_iterate_many(bytes); });
}
BENCHMARK(BM_json_iterate_many)->Unit(benchmark::kMillisecond);

void BM_json_memchr(benchmark::State& state) { time(state, made().json, count_line_ends); }
BENCHMARK(BM_json_memchr)->Unit(benchmark::kMillisecond);

/// A file, as broadside-send reads one: with read(2) straight into the reader's room.
int read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("the file cannot be opened");
  const bench::usage start = bench::usage::now();
  audience_reader reader(reader_options(path.ends_with(".csv") ? audience_format::csv : audience_format::jsonl));
  audience_batch batch;
  answer out;
  for (bool at_end = false;;) {
    const audience_step step = reader.next(batch);
    if (step == audience_step::rows) {
      take(out, batch);
      continue;
    }
    if (step != audience_step::more) fail("a row is bad, or the header");
    if (at_end) break;
    const std::span<char> room = reader.room();
    const ssize_t n = ::read(file, room.data(), room.size());
    if (n < 0) fail("the file cannot be read");
    reader.filled(static_cast<std::size_t>(n));
    at_end = n == 0;
    if (at_end) reader.finish();
  }
  const bench::usage end = bench::usage::now();
  ::close(file);
  bench::print_result("ingest", bench::cost::between(start, end, out.rows),
                      "rows=" + std::to_string(out.rows) + " bytes=" + std::to_string(out.bytes));
  return 0;
}

/// For readers that take files: audience.csv and audience.jsonl in `folder`.
int write_files(const std::string& folder) {
  std::ofstream csv(folder + "/audience.csv", std::ios::binary);
  std::ofstream json(folder + "/audience.jsonl", std::ios::binary);
  csv << made().csv;
  json << made().json;
  return csv.flush() && json.flush() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--write") return write_files(argv[2]);
  if (argc == 3 && std::string_view(argv[1]) == "--read") return read_file(argv[2]);
  check_answers();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
