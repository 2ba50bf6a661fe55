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
    const auto before = look_back(path, "spring", {.again = true}, {});
    REQUIRE(before.has_value());
    CHECK_FALSE(before->exists);
    CHECK_FALSE(before->is_finished);
    CHECK(before->key == "spring");
    CHECK(before->run == 1);
    CHECK(before->refusal.empty());
    CHECK(look_back(path, "spring", {.number = 1}, {})->refusal.empty());
    CHECK(look_back(path, "spring", {.number = 2}, {})->refusal == "--run 2: the campaign \"spring\" was not sent yet");
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("audiences_of: sources of every run of a key, each finished when the last definition says so", "[send]") {
  const auto campaign = [](std::uint32_t id, std::string key) {
    campaign_status out = status(std::move(key));
    out.id = campaign_id{id};
    return out;
  };
  const std::vector<campaign_status> campaigns{campaign(0, "spring"), campaign(1, "summer"), campaign(2, "spring"),
                                               campaign(3, "spring (2)")};
  const std::string a = "a.csv#00000000000000aa";
  const std::string b = "b.csv#00000000000000bb";
  const std::vector<source_status> sources{{campaign_id{0}, a, ordinal{50}, true},
                                           {campaign_id{0}, b, ordinal{9}, true},
                                           {campaign_id{1}, a, ordinal{1}, true},
                                           {campaign_id{2}, a, ordinal{0}, true},
                                           {campaign_id{3}, b, ordinal{7}, false}};
  const audience_note changed{"spring (2)", {"b.csv", "00000000000000cc"}, b};
  const audience_note of_nothing{"spring (2)", {"a.csv", "00000000000000aa"}, a};
  const auto known = audiences_of(campaigns, sources, "spring", {changed, of_nothing});
  REQUIRE(known.size() == 4);
  CHECK((known[0].run == 1 && known[0].source == a && known[0].taken == 50 && known[0].finished));
  CHECK((known[1].run == 1 && known[1].source == b && known[1].taken == 9));
  CHECK_FALSE(known[1].finished);  // the second definition ended it, wherever it was
  CHECK((known[2].run == 2 && known[2].source == b && known[2].taken == 7 && !known[2].finished));
  CHECK((known[3].run == 2 && known[3].source == b && known[3].is == changed.is));
}

TEST_CASE("is_as_before: what ended meanwhile is as before, what another sender did is not", "[send]") {
  earlier_run before;
  before.campaigns = {status("spring", 5, 3)};
  before.redelivered = 2;
  recovery_report found;
  found.requeued = 2;
  found.interrupted = 1;
  found.redelivered = 2;
  CHECK(is_as_before(before, {status("spring", 5, 3)}, found));
  CHECK(is_as_before(before, {status("spring", 7, 1)}, found));
  CHECK_FALSE(is_as_before(before, {status("spring", 9)}, found));
  CHECK_FALSE(is_as_before(before, {}, found));
  CHECK_FALSE(is_as_before(before, {status("summer", 5, 3)}, found));
  recovery_report confirmed = found;
  confirmed.redelivered = 0;
  CHECK_FALSE(is_as_before(before, {status("spring", 5, 3)}, confirmed));
  recovery_report ended = found;
  ended.requeued = 0;
  CHECK_FALSE(is_as_before(before, {status("spring", 5, 3)}, ended));
}
