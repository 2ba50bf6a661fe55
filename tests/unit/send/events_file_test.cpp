// send/events_file - tests: each event stands once, whatever a crash left of the file.
#include <unistd.h>
#include <events_file.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::send;

namespace {

class temporary_file {
 public:
  temporary_file() {
    std::string name = (std::filesystem::temp_directory_path() / "broadside-events-XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    path_ = name;
  }
  ~temporary_file() { std::filesystem::remove(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary | std::ios::trunc) << text; }
  [[nodiscard]] std::string read() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string path_;
};

event event_of(std::uint64_t id) {
  event e;
  e.id = message_id{id};
  e.recipient = "+12125550123";
  return e;
}

std::string line_of(std::uint64_t id) {
  std::string out;
  append_json(out, event_of(id), {});
  return out + "\n";
}

}  // namespace

TEST_CASE("events_file: what is told again and stands in the file already is not written again", "[send]") {
  const temporary_file file;
  file.write(line_of(1) + line_of(2) + line_of(3));
  events_file events(privacy::masked);
  REQUIRE(events.open(file.path(), output_file::mode::resume, 2));
  for (const std::uint64_t id : {2, 3, 4}) events.add(event_of(id), {});
  REQUIRE(events.file().close());
  CHECK(file.read() == line_of(1) + line_of(2) + line_of(3) + line_of(4));
}

TEST_CASE("events_file: a line that a crash tore is dropped and written whole", "[send]") {
  const std::size_t torn_at = GENERATE(std::size_t{1}, std::size_t{40}, line_of(2).size() - 1);
  const temporary_file file;
  file.write(line_of(1) + line_of(2).substr(0, torn_at));
  events_file events(privacy::masked);
  REQUIRE(events.open(file.path(), output_file::mode::resume, 2));
  for (const std::uint64_t id : {1, 2}) events.add(event_of(id), {});
  REQUIRE(events.file().close());
  CHECK(file.read() == line_of(1) + line_of(2));
}

TEST_CASE("events_file: a file that is nothing but a torn line begins anew", "[send]") {
  const temporary_file file;
  file.write(line_of(7).substr(0, 30));
  events_file events(privacy::masked);
  REQUIRE(events.open(file.path(), output_file::mode::resume, 1));
  events.add(event_of(7), {});
  REQUIRE(events.file().close());
  CHECK(file.read() == line_of(7));
}

TEST_CASE("events_file: appending leaves what is there as it is", "[send]") {
  const temporary_file file;
  file.write("of somebody else");
  events_file events(privacy::masked);
  REQUIRE(events.open(file.path(), output_file::mode::append, 0));
  events.add(event_of(1), {});
  REQUIRE(events.file().close());
  CHECK(file.read() == "of somebody else" + line_of(1));
}

TEST_CASE("ids_at_the_end: as many lines as asked for, over blocks of any size", "[send]") {
  const temporary_file file;
  std::string text;
  for (std::uint64_t id = 1; id <= 3000; ++id) text += line_of(id);  // more than four blocks
  file.write(text);
  const std::uint64_t lines = GENERATE(0U, 1U, 700U, 2999U, 3000U, 9000U);
  const auto ids = ids_at_the_end(file.path(), lines);
  const std::uint64_t expected = std::min<std::uint64_t>(lines, 3000);
  CHECK(ids.size() == expected);
  for (std::uint64_t id = 3001 - expected; id <= 3000; ++id) REQUIRE(ids.contains(id));
}

TEST_CASE("ids_at_the_end: neither a file that is missing nor one without ids has any", "[send]") {
  const temporary_file file;
  file.write("{\"message_id\":\"nobody's\"}\n{\"error\":\"\\\"message_id\\\":\\\"bs-0000000000000001\\\"\"}\n\n");
  CHECK(ids_at_the_end(file.path(), 10).empty());
  CHECK(ids_at_the_end("/nonexistent/events.jsonl", 10).empty());
  CHECK(ids_at_the_end("/dev/null", 10).empty());
}

TEST_CASE("events_file: a file of somebody else keeps every byte", "[send]") {
  const temporary_file file;
  const std::string theirs =
      GENERATE(as<std::string>(), "a letter", "{\"row\":0}\n{\"row\":", std::string(300'000, '{'));
  file.write(theirs);
  events_file events(privacy::masked);
  REQUIRE(events.open(file.path(), output_file::mode::resume, 1));
  events.add(event_of(1), {});
  REQUIRE(events.file().close());
  CHECK(file.read() == theirs + "\n" + line_of(1));
}
