// providers/infobip_callback - statuses of delivery reports by their group, or by their id where that says more.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <providers/answer.hpp>
#include <providers/callback.hpp>
#include <providers/infobip_answer.hpp>
#include <providers/infobip_callback.hpp>

namespace broadside::providers {
namespace {

constexpr std::size_t results_max = 10'000;

struct coded {
  std::uint16_t id;
  delivery state;
};

/// `status.id` of a report. Sorted.
constexpr std::array statuses{
    coded{2, delivery::underway},   // DELIVERED_TO_OPERATOR
    coded{3, delivery::underway},   // PENDING_WAITING_DELIVERY
    coded{4, delivery::failed},     // UNDELIVERABLE_REJECTED_OPERATOR
    coded{5, delivery::delivered},  // DELIVERED_TO_HANDSET
    coded{6, delivery::failed},     // REJECTED_NETWORK
    coded{7, delivery::underway},   // PENDING_ENROUTE
    coded{8, delivery::failed},     // REJECTED_PREFIX_MISSING
    coded{9, delivery::failed},     // UNDELIVERABLE_NOT_DELIVERED
    coded{10, delivery::failed},    // REJECTED_DND
    coded{11, delivery::failed},    // REJECTED_SOURCE
    coded{12, delivery::failed},    // REJECTED_NOT_ENOUGH_CREDITS
    coded{13, delivery::failed},    // REJECTED_SENDER
    coded{14, delivery::failed},    // REJECTED_DESTINATION_BLOCKLISTED
    coded{15, delivery::expired},   // EXPIRED_EXPIRED
    coded{17, delivery::failed},    // REJECTED_PREPAID_PACKAGE_EXPIRED
    coded{18, delivery::failed},    // REJECTED_DESTINATION_NOT_REGISTERED
    coded{19, delivery::failed},    // REJECTED_ROUTE_NOT_AVAILABLE
    coded{20, delivery::failed},    // REJECTED_FLOODING_FILTER
    coded{21, delivery::failed},    // REJECTED_SYSTEM_ERROR
    coded{23, delivery::underway},  // REJECTED_DUPLICATE_MESSAGE_ID: of a repeat, so the message itself is there
    coded{24, delivery::failed},    // REJECTED_INVALID_UDH
    coded{25, delivery::failed},    // REJECTED_MESSAGE_TOO_LONG
    coded{26, delivery::underway},  // PENDING_ACCEPTED
    coded{29, delivery::none},      // EXPIRED_DLR_UNKNOWN: no report came, so nobody knows
    coded{31, delivery::failed},    // UNDELIVERABLE_NOT_SENT
    coded{51, delivery::failed},    // MISSING_TO
    coded{52, delivery::failed},    // REJECTED_DESTINATION
    coded{56, delivery::failed},    // REJECTED_INVALID_NOTIFY_URL
    coded{77, delivery::failed},    // REJECTED_MESSAGE_TEXT_TOO_LONG
    coded{87, delivery::failed},    // SIGNALS_BLOCKED, in group 4 or 5
    coded{96, delivery::failed},    // NO_ANSWER
    coded{97, delivery::failed},    // BUSY
    coded{98, delivery::failed},    // CANCELLED
    coded{99, delivery::failed},    // REJECTED
    coded{100, delivery::failed},   // UNDELIVERABLE_REJECTED_PLATFORM
};
static_assert(std::is_sorted(statuses.begin(), statuses.end(), [](coded a, coded b) { return a.id < b.id; }));

/// Whose group says less than they do themselves, or other than what became of the message.
constexpr bool knows_better(std::int64_t id) noexcept { return id == 2 || id == 23 || id == 29; }

delivery state_of_id(std::int64_t id) noexcept {
  const auto found = std::lower_bound(statuses.begin(), statuses.end(), id,
                                      [](coded each, std::int64_t wanted) { return each.id < wanted; });
  return found == statuses.end() || found->id != id ? delivery::none : found->state;
}

/// By the group, so that ids that are not documented count as well; by the id where there is no group. none: nobody
/// knows.
delivery state_of(std::optional<std::int64_t> id, std::optional<std::int64_t> group) noexcept {
  if (!group || knows_better(id.value_or(-1))) return state_of_id(id.value_or(-1));
  switch (*group) {
    case 0:  // ACCEPTED
    case 1:  // PENDING
      return delivery::underway;
    case 3:  // DELIVERED
      return delivery::delivered;
    case 4:  // EXPIRED
      return delivery::expired;
    case 2:  // UNDELIVERABLE
    case 5:  // REJECTED
      return delivery::failed;
    default:
      return delivery::none;
  }
}

/// Whether a report names another message than its reference does: then it says nothing that can be believed.
bool names_another(simdjson::dom::object entry, message_id id) noexcept {
  simdjson::dom::element named;
  if (entry.at_key("messageId").get(named) != simdjson::SUCCESS || named.is_null()) return false;
  std::string_view text;
  const auto ours = to_text(id);
  return named.get(text) != simdjson::SUCCESS || text != std::string_view(ours.data(), ours.size());
}

/// The number, as an answer to a request is told with; the name where there is none.
fixed_string<32> code_of(simdjson::dom::object status, std::optional<std::int64_t> id,
                         std::string_view secret) noexcept {
  return id ? decimal(*id) : fixed_string<32>(kept(string_at(status, "name"), secret));
}

/// What the error says, or the status where there is none.
std::string_view words_of(simdjson::dom::object entry, simdjson::dom::object status) noexcept {
  constexpr std::int64_t no_error = 0;
  for (const auto& from : {object_at(entry, "error"), std::optional(status)}) {
    if (!from || number_at(*from, "id") == no_error) continue;
    for (const std::string_view key : {"description", "name"}) {
      if (const std::string_view said = string_at(*from, key); !said.empty()) return said;
    }
  }
  return {};
}

/// Nothing: it is of no message of ours, or says nothing that is documented.
std::optional<delivery_report> read_entry(simdjson::dom::object entry, std::string_view secret) noexcept {
  const auto reference = parse_message_reference(string_at(entry, "callbackData"));
  const auto status = object_at(entry, "status");
  if (!reference || !status || names_another(entry, reference->id)) return std::nullopt;
  const auto id = number_at(*status, "id");
  delivery_report report;
  report.of = *reference;
  report.delivery = state_of(id, number_at(*status, "groupId"));
  if (report.delivery == delivery::none) return std::nullopt;
  report.at = moment(string_at(entry, "doneAt"));
  report.to = with_plus(string_at(entry, "to"));
  report.provider_message_id = string_at(entry, "messageId");
  report.status_code = code_of(*status, id, secret);
  if (report.delivery == delivery::failed || report.delivery == delivery::expired) {
    report.error = kept(words_of(entry, *status), secret);
  }
  return report;
}

}  // namespace

std::string make_infobip_webhooks(std::string_view url) {
  std::string out;
  {
    text::json_writer json(out);
    if (!url.empty()) {
      json.key("delivery");
      json.begin_object();
      json.member("url", url);
      json.flag_member("intermediateReport", false);
      json.end_object();
    }
    json.member("contentType", "application/json");
  }
  return out;
}

void append_infobip_webhooks(text::json_writer& body, std::string_view same, const message_reference& reference) {
  message_reference_text buffer{};
  body.key("webhooks");
  body.begin_object();
  body.raw(same);
  body.member("callbackData", to_text(reference, buffer));
  body.end_object();
}

result<callback_content> read_infobip_callback(std::string_view body, std::string_view secret) {
  callback_body json;
  const auto object = json.read(body);
  if (!object) return object.error();
  simdjson::dom::array results;
  if (object->at_key("results").get(results) != simdjson::SUCCESS || results.size() > results_max) {
    return errc::callback_malformed;
  }
  callback_content content;
  content.reports.reserve(results.size());
  for (const simdjson::dom::element element : results) {
    simdjson::dom::object entry;
    auto report = element.get(entry) == simdjson::SUCCESS ? read_entry(entry, secret) : std::nullopt;
    if (report) {
      content.reports.push_back(*report);
    } else {
      ++content.others;
    }
  }
  return content;
}

}  // namespace broadside::providers
