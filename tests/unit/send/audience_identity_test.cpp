// send/audience_identity - tests: which audience is the same, a changed one, a new one; what a journal's folder knows.
#include <array>
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

const known_audience spring{1, {"list.csv", "00000000000000aa"}, "list.csv#00000000000000aa", 40, false};

source_choice choose(const audience_identity& is, changed_audience how = changed_audience::refuse,
                     std::uint32_t run = 1) {
  return choose_source({&spring, 1}, run, is, how);
}

}  // namespace

TEST_CASE("choose_source: the first audience of a campaign is named by its file and its content", "[send]") {
  const source_choice out = choose_source({}, 1, spring.is, changed_audience::refuse);
  CHECK(out.source == spring.source);
  CHECK(identity_of(out.source) == spring.is);
  CHECK_FALSE(out.is_known);
  CHECK_FALSE(out.must_note);
  CHECK(out.sent_in == 0);
  CHECK(out.refusal.empty());
  CHECK(out.notice.empty());
}

TEST_CASE("identity_of: what stands behind the last # is a hash only when it looks like one", "[send]") {
  for (const audience_identity& is : {audience_identity{"-", ""}, audience_identity{"a#b.csv", "0123456789abcdef"}})
    CHECK(identity_of(source_name(is)) == is);
  CHECK(identity_of("list#1.csv") == audience_identity{"list#1.csv", ""});
  CHECK(identity_of("list#0123456789ABCDEF") == audience_identity{"list#0123456789ABCDEF", ""});
}

TEST_CASE("choose_source: the same file goes on, under another name too", "[send]") {
  for (const char* name : {"list.csv", "renamed.csv"}) {
    const source_choice out = choose({name, spring.is.hash});
    CHECK(out.source == spring.source);
    CHECK(out.is_known);
    CHECK(out.taken == 40);
    CHECK_FALSE(out.is_finished);
    CHECK_FALSE(out.is_changed);
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
  CHECK(wanted.is_changed);
  CHECK(wanted.must_note);
  CHECK_FALSE(wanted.notice.empty());
  const known_audience noted{1, changed, spring.source, 40, true};
  const source_choice later = choose_source(std::array{spring, noted}, 1, changed, changed_audience::refuse);
  CHECK(later.refusal.empty());
  CHECK(later.source == spring.source);
  CHECK(later.is_changed);
  CHECK(later.is_finished);
}

TEST_CASE("choose_source: another file is another source, and so is the same file of another campaign", "[send]") {
  const source_choice other = choose({"list2.csv", "00000000000000cc"});
  CHECK(other.source == "list2.csv#00000000000000cc");
  CHECK_FALSE(other.is_known);
  CHECK(other.notice.find("list2.csv is new in this campaign") == 0);
}

TEST_CASE("choose_source: what an earlier run sent is not new in a later one, by its bytes or by its name", "[send]") {
  for (const audience_identity& is : {spring.is, audience_identity{"renamed.csv", spring.is.hash},
                                      audience_identity{"list.csv", "00000000000000bb"}}) {
    const source_choice out = choose(is, changed_audience::refuse, 2);
    CHECK(out.sent_in == 1);
    CHECK_FALSE(out.is_known);
    CHECK(out.source == source_name(is));
  }
  CHECK(choose({"list2.csv", "00000000000000cc"}, changed_audience::refuse, 2).sent_in == 0);
  const known_audience later{2, spring.is, spring.source, 1, false};
  CHECK(choose_source(std::array{spring, later}, 2, spring.is, changed_audience::refuse).sent_in == 0);
  CHECK(choose_source(std::array{later}, 1, spring.is, changed_audience::refuse).sent_in == 0);
}

TEST_CASE("choose_source: standard input goes on by row number, and says so", "[send]") {
  const known_audience piped{1, {"-", ""}, "-", 3, false};
  const source_choice again = choose_source({&piped, 1}, 1, piped.is, changed_audience::refuse);
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
  CHECK(identify("/dev/null", error) == audience_identity{"-", ""});
  CHECK_FALSE(identify(disk.path() + "/none.csv", error));
  CHECK(error.find("none.csv: No such file") != std::string::npos);
}

TEST_CASE("audience_notes: what was appended is read, whatever else is in the file", "[send]") {
  const folder disk;
  std::string error;
  const auto none = audience_notes::read(disk.path(), error);
  REQUIRE(none);
  CHECK(none->empty());
  const audience_note one{"spring", {"list.csv", "00000000000000bb"}, spring.source};
  REQUIRE(audience_notes::append(disk.path(), one).empty());
  std::ofstream(disk.path() + "/audiences.jsonl", std::ios::app) << "no json\n[]\n{\"key\":1}\n{\"key\":\"torn";
  const audience_note odd{"a \"quoted\"\n\xFFkey", {"-", ""}, "-"};
  REQUIRE(audience_notes::append(disk.path(), odd).empty());
  const auto read = audience_notes::read(disk.path(), error);
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK((*read)[0] == one);
  CHECK((*read)[1].key == "a \"quoted\"\n\xEF\xBF\xBDkey");
  CHECK_FALSE(audience_notes::append("/nonexistent", one).empty());
}

TEST_CASE("audience_notes: a file that is there and cannot be read is not an empty one", "[send]") {
  const folder disk;
  std::string error;
  std::filesystem::create_directory(disk.path() + "/audiences.jsonl");
  CHECK_FALSE(audience_notes::read(disk.path(), error));
  CHECK(error.find("audiences.jsonl: Is a directory") != std::string::npos);
}
