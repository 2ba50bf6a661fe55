// send/earlier_run - tests: which run of a key is the last, what all its versions come to, what is said of it.
#include <cstdlib>
#include <earlier_run.hpp>
#include <filesystem>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::send;

namespace {

campaign_status status(std::string key, std::uint64_t accepted = 0, std::uint64_t inside = 0) {
  campaign_status out;
  out.key = std::move(key);
  out.counts.accepted = accepted;
  out.counts.inside = inside;
  out.counts.submitted = accepted + inside;
  return out;
}

}  // namespace

TEST_CASE("last_run_of: counts the times a key was sent to everybody, and knows it from keys that look alike",
          "[send]") {
  CHECK(last_run_of({}, "spring") == 0);
  CHECK(last_run_of({status("summer")}, "spring") == 0);
  CHECK(last_run_of({status("spring"), status("spring")}, "spring") == 1);
  CHECK(last_run_of({status("spring"), status("spring (2)"), status("spring (10)")}, "spring") == 10);
  CHECK(last_run_of({status("spring (x)"), status("spring (1)"), status("spring ()"), status("spring (2"),
                     status("springs (3)"), status("spring (99999999999)")},
                    "spring") == 0);
  CHECK(key_of_run("spring", 1) == "spring");
  CHECK(last_run_of({status(key_of_run("spring", 7))}, "spring") == 7);
}

TEST_CASE("counts_of: all versions of one key, and of no other", "[send]") {
  const ledger sum = counts_of({status("spring", 5, 1), status("summer", 100), status("spring", 2)}, "spring");
  CHECK(sum.accepted == 7);
  CHECK(sum.inside == 1);
  CHECK(sum.balanced());
}

TEST_CASE("counts_text: names what needs attention and leaves out what is not there", "[send]") {
  earlier_run before;
  before.counts = status("spring", 49100, 888).counts;
  before.counts.maybe_sent = 12;
  before.counts.submitted = 50000;
  CHECK(counts_text(before) == "50000 taken, 49100 accepted, 12 may have been sent, 888 inside");
  before.claimed = 3;
  before.redelivered = 300;
  CHECK(
      counts_text(before) ==
      "50000 taken, 49100 accepted, 12 may have been sent, 888 inside (3 of them on their way); 300 events told again");
}

TEST_CASE("look_back: a journal that is not there, or has nothing in it yet, knows nothing", "[send]") {
  std::string name = (std::filesystem::temp_directory_path() / "broadside-look-XXXXXX").string();
  const std::string folder = ::mkdtemp(name.data());
  for (const std::string& path : {folder, folder + "/none"}) {
    const auto before = look_back(path, "spring", again::yes);
    REQUIRE(before.has_value());
    CHECK_FALSE(before->exists);
    CHECK_FALSE(before->is_finished);
    CHECK(before->key == "spring");
  }
  std::filesystem::remove_all(folder);
}
