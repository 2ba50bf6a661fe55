// send/journal_report - tests: an exported row.
#include <journal_report.hpp>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::send;

namespace {

event accepted_event() {
  event e;
  e.row = ordinal{41};
  e.outcome = outcome::accepted;
  e.recipient = "+12125550123";
  e.provider_message_id = "ab,c";
  e.time = wall_time{} + std::chrono::milliseconds{1'700'000'000'123};
  return e;
}

std::string row_of(const event& e, privacy shown = privacy::masked) {
  event_context context;
  context.route = "sinch-us";
  std::string out;
  append_export_row(out, e, context, "spring", shown);
  return out;
}

}  // namespace

TEST_CASE("export: a row has what the event says, its number masked unless asked for", "[send]") {
  CHECK(row_of(accepted_event()) ==
        "41,\"'+1******0123\",accepted,enqueued,sinch-us,\"ab,c\",,,2023-11-14T22:13:20.123Z,spring\r\n");
  CHECK(row_of(accepted_event(), privacy::plain).find("41,\"'+12125550123\",") == 0);
}

TEST_CASE("export: the provider's own words come before ours", "[send]") {
  event e = accepted_event();
  e.outcome = outcome::rejected;
  e.reason = errc::refused_by_provider;
  CHECK(row_of(e).find(",rejected,enqueue_failed,sinch-us,\"ab,c\",refused_by_provider,") != std::string::npos);
  e.status_code = "E110";
  e.error = "Invalid \"to\"";
  CHECK(row_of(e).find(",E110,\"Invalid \"\"to\"\"\",") != std::string::npos);
}
