// send/audience_identity - tests: which audience is the same, a changed one, a new one; what a journal's folder knows.
#include <audience_identity.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <support/catch.hpp>

using namespace broadside::send;

namespace {

class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "broadside-audience-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const char* name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

const known_audience spring{"spring", {"list.csv", "00000000000000aa"}, "list.csv#00000000000000aa"};

source_choice choose(const audience_identity& is, changed_audience how = changed_audience::refuse) {
  return choose_source({&spring, 1}, "spring", is, how);
}

}  // namespace

TEST_CASE("choose_source: the first audience of a campaign is named by its file and its content", "[send]") {
  const source_choice out = choose_source({}, "spring", spring.is, changed_audience::refuse);
  CHECK(out.source == spring.source);
  CHECK_FALSE(out.is_known);
  CHECK(out.must_note);
  CHECK(out.refusal.empty());
  CHECK(out.notice.empty());
}

TEST_CASE("choose_source: the same file goes on, under another name too", "[send]") {
  for (const char* name : {"list.csv", "renamed.csv"}) {
    const source_choice out = choose({name, spring.is.hash});
    CHECK(out.source == spring.source);
    CHECK(out.is_known);
    CHECK_FALSE(out.must_note);
    CHECK(out.refusal.empty());
  }
}

TEST_CASE("choose_source: a changed file is refused with what to do, unless it is wanted", "[send]") {
  const audience_identity changed{"list.csv", "00000000000000bb"};
  const source_choice refused = choose(changed);
  CHECK(refused.refusal.find("list.csv is not the file that this campaign began with") == 0);
  CHECK(refused.refusal.find("--changed-audience") != std::string::npos);
  const source_choice wanted = choose(changed, changed_audience::by_row_number);
  CHECK(wanted.refusal.empty());
  CHECK(wanted.source == spring.source);  // the rows that were taken stay taken
  CHECK(wanted.is_known);
  CHECK(wanted.must_note);
  CHECK_FALSE(wanted.notice.empty());
}

TEST_CASE("choose_source: another file is another source, and so is the same file of another campaign", "[send]") {
  const source_choice other = choose({"list2.csv", "00000000000000cc"});
  CHECK(other.source == "list2.csv#00000000000000cc");
  CHECK_FALSE(other.is_known);
  CHECK(other.notice.find("list2.csv is new in this campaign") == 0);
  const source_choice summer = choose_source({&spring, 1}, "summer", spring.is, changed_audience::refuse);
  CHECK_FALSE(summer.is_known);
  CHECK(summer.notice.empty());
}

TEST_CASE("choose_source: standard input goes on by row number, and says so", "[send]") {
  const known_audience piped{"spring", {"-", ""}, "-"};
  const source_choice again = choose_source({&piped, 1}, "spring", piped.is, changed_audience::refuse);
  CHECK(again.is_known);
  CHECK(again.source == "-");
  CHECK(again.notice.find("by row number") != std::string::npos);
}

TEST_CASE("identify: a hash of the content under the file's own name; standard input has none", "[send]") {
  const folder disk;
  std::string error;
  const auto one = identify(disk.file("a.csv", "to\n+12125550123\n"), error);
  const auto same = identify(disk.file("b.csv", "to\n+12125550123\n"), error);
  const auto other = identify(disk.file("a.csv", "to\n+12125550124\n"), error);
  REQUIRE((one && same && other));
  CHECK(one->file == "a.csv");
  CHECK(one->hash.size() == 16);
  CHECK(one->hash == same->hash);
  CHECK(one->hash != other->hash);
  CHECK(identify("-", error) == audience_identity{"-", ""});
  CHECK(identify("/dev/null", error)->hash.empty());
  CHECK_FALSE(identify(disk.path() + "/none.csv", error));
  CHECK(error.find("none.csv: No such file") != std::string::npos);
}

TEST_CASE("known_audiences: what was appended is read, whatever else is in the file", "[send]") {
  const folder disk;
  CHECK(known_audiences::read(disk.path()).empty());
  REQUIRE(known_audiences::append(disk.path(), spring).empty());
  std::ofstream(disk.path() + "/audiences.jsonl", std::ios::app) << "no json\n[]\n{\"key\":1}\n{\"key\":\"torn";
  const known_audience odd{"a \"quoted\"\n\xFFkey", {"-", ""}, "-"};
  REQUIRE(known_audiences::append(disk.path(), odd).empty());
  const auto read = known_audiences::read(disk.path());
  REQUIRE(read.size() == 2);
  CHECK(read[0] == spring);
  CHECK(read[1].key == "a \"quoted\"\n\xEF\xBF\xBDkey");
  CHECK_FALSE(known_audiences::append("/nonexistent", spring).empty());
}
