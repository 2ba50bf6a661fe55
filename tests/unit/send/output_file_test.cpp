// send/output_file - tests: of a file that is gone on with only a torn line of ours goes, whatever else it holds.
#include <unistd.h>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <output_file.hpp>
#include <string>
#include <support/catch.hpp>

using namespace broadside::send;

namespace {

class temporary_file {
 public:
  explicit temporary_file(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "broadside-output-XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~temporary_file() { std::filesystem::remove(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string read() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string path_;
};

bool begins_with_ours(std::string_view tail) { return tail.starts_with("ours"); }

/// What a file with `text` has after it was gone on with.
std::string resumed(const std::string& text) {
  const temporary_file file(text);
  output_file out;
  REQUIRE(out.open(file.path(), output_file::mode::resume, begins_with_ours));
  out.write("new\n");
  REQUIRE(out.close());
  return file.read();
}

}  // namespace

TEST_CASE("output_file: what does not begin as a line of ours is somebody's and stays, with a line end", "[send]") {
  const std::string text = GENERATE(as<std::string>(), "a letter", "one\ntwo", std::string(64 * 1024, 'x'),
                                    std::string(200 * 1024, 'x'), "one\n" + std::string(100 * 1024, 'y'), "one\n\r");
  CHECK(resumed(text) == text + "\nnew\n");
}

TEST_CASE("output_file: a line of ours that a crash tore is dropped, and nothing before it", "[send]") {
  CHECK(resumed("ours, torn") == "new\n");
  CHECK(resumed("one\nours") == "one\nnew\n");
  const std::string blocks(200 * 1024, 'z');
  CHECK(resumed(blocks + "\nours") == blocks + "\nnew\n");
}

TEST_CASE("output_file: what is longer than any line of ours is none, however it begins", "[send]") {
  const std::string text = "ours" + std::string(std::size_t{64} * 1024, 'x');
  CHECK(resumed(text) == text + "\nnew\n");
  CHECK(resumed("one\n" + text) == "one\n" + text + "\nnew\n");
}

TEST_CASE("output_file: a whole file, an empty one and one that is not there are gone on with as they are", "[send]") {
  CHECK(resumed("one\nours\n") == "one\nours\nnew\n");
  CHECK(resumed("") == "new\n");
  std::string path;
  {
    const temporary_file gone("");
    path = gone.path();
  }
  output_file out;
  REQUIRE(out.open(path, output_file::mode::resume, begins_with_ours));
  REQUIRE(out.close());
  CHECK(std::filesystem::file_size(path) == 0);
  std::filesystem::remove(path);
}

TEST_CASE("output_file: clear() leaves nothing of a file, and what is written then is all it has", "[send]") {
  const temporary_file file("of another audience\n");
  output_file out;
  REQUIRE(out.open(file.path(), output_file::mode::append));
  CHECK(file.read() == "of another audience\n");
  REQUIRE(out.clear());
  out.write("new\n");
  REQUIRE(out.close());
  CHECK(file.read() == "new\n");
}
