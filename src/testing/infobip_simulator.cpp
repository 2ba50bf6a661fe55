// testing/infobip_simulator - Infobip MMS v2: the request's schema, the statuses of its recipients, its HTTP errors.
#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <algorithm>
#include <array>
#include <optional>
#include <testing/infobip_simulator.hpp>
#include <utility>
#include <vector>

namespace broadside::testing {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t violations_max = 20;  // printed; more are not looked for
constexpr std::size_t title_max = 66;
constexpr std::size_t text_schema_max = 4096;
constexpr std::size_t text_sent_max = 1600;  // longer ones pass the schema and get status 77
constexpr std::size_t id_max = 200;
constexpr std::size_t bulk_id_max = 100;
constexpr std::size_t name_max = 255;
constexpr std::size_t callback_data_max = 4000;
constexpr std::size_t group_max = 200;

struct status {
  unsigned group;
  std::string_view group_name;
  unsigned id;
  std::string_view name;
  std::string_view description;
};
constexpr status pending_accepted{1, "PENDING", 26, "PENDING_ACCEPTED", "Message sent to next instance"};
constexpr status prefix_missing{5, "REJECTED", 8, "REJECTED_PREFIX_MISSING", "Bad prefix or length"};
constexpr status system_error{5, "REJECTED", 21, "REJECTED_SYSTEM_ERROR", "System error"};
constexpr status duplicate_id{5, "REJECTED", 23, "REJECTED_DUPLICATE_MESSAGE_ID", "Duplicate message id"};
constexpr status missing_to{5, "REJECTED", 51, "MISSING_TO", "Missing to"};
constexpr status bad_destination{5, "REJECTED", 52, "REJECTED_DESTINATION", "Invalid destination"};
constexpr status bad_notify_url{5, "REJECTED", 56, "REJECTED_INVALID_NOTIFY_URL", "Invalid notify url"};
constexpr status text_too_long{5, "REJECTED", 77, "REJECTED_MESSAGE_TEXT_TOO_LONG", "Message text too long"};

void append_status(std::string& out, const status& s) {
  fmt::format_to(std::back_inserter(out),
                 R"("status":{{"groupId":{},"groupName":"{}","id":{},"name":"{}","description":"{}"}})", s.group,
                 s.group_name, s.id, s.name, s.description);
}

std::optional<std::string_view> string_at(const dom::object& object, std::string_view key) noexcept {
  std::string_view value;
  if (object[key].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

bool has(const dom::object& object, std::string_view key) noexcept {
  return object[key].error() != simdjson::NO_SUCH_FIELD;
}

/// Collects what is wrong; paths are built only when something is.
class complaints {
 public:
  void add(std::string property, std::string_view rule) {
    if (list_.size() < violations_max) list_.emplace_back(std::move(property), rule);
  }
  [[nodiscard]] bool full() const { return list_.size() >= violations_max; }
  [[nodiscard]] bool empty() const { return list_.empty(); }
  void clear() { list_.clear(); }
  void print(std::string& out) const {
    for (std::size_t i = 0; i < list_.size(); ++i) {
      out += i == 0 ? R"({"property":)" : R"(,{"property":)";
      append_quoted(out, list_[i].first);
      out += R"(,"violation":)";
      append_quoted(out, list_[i].second);
      out += '}';
    }
  }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

/// The rules of one object of the request; `path` names it.
class object_rules {
 public:
  object_rules(const dom::object& object, std::string path, complaints& out)
      : object_(object), path_(std::move(path)), out_(out) {}

  void text(std::string_view key, std::size_t max, bool required) {
    if (!has(object_, key)) {
      if (required) complain(key, "must not be null");
      return;
    }
    const auto value = string_at(object_, key);
    if (!value) return complain(key, "must be a string");
    if (count_characters(*value) > max) complain(key, fmt::format("size must be between 0 and {}", max));
  }
  void one_of(std::string_view key, std::initializer_list<std::string_view> words) {
    if (!has(object_, key)) return;
    const auto value = string_at(object_, key).value_or("");
    if (std::find(words.begin(), words.end(), value) == words.end()) complain(key, "unknown value");
  }
  void positive(std::string_view key) {
    std::int64_t value = 0;
    if (object_[key].get(value) != simdjson::SUCCESS || value <= 0) complain(key, "must be a positive integer");
  }
  void absolute_url(std::string_view key) {
    if (!is_absolute_url(string_at(object_, key).value_or(""))) complain(key, "must be an absolute http or https URL");
  }
  /// The rules of a member object, when there is one.
  template <class Rules>
  void child(std::string_view key, Rules rules) {
    if (!has(object_, key)) return;
    dom::object inner;
    if (object_[key].get(inner) != simdjson::SUCCESS) return complain(key, "must be an object");
    rules(object_rules(inner, path_ + std::string(key) + ".", out_));
  }
  /// A member array that has at least one element; nothing, with a complaint, when it has none.
  std::optional<dom::array> filled(std::string_view key) {
    dom::array array;
    if (object_[key].get(array) == simdjson::SUCCESS && array.size() != 0) return array;
    complain(key, "must not be empty");
    return std::nullopt;
  }
  void complain(std::string_view key, std::string_view rule) { out_.add(path_ + std::string(key), rule); }
  [[nodiscard]] const dom::object& object() const { return object_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  dom::object object_;
  std::string path_;
  complaints& out_;
};

/// Walks an array of objects under the right paths; elements that are no objects are complaints.
template <class Rules>
void for_each_object(const dom::array& array, const std::string& path, complaints& out, Rules rules) {
  std::size_t index = 0;
  for (const dom::element element : array) {
    if (out.full()) return;
    std::string here = fmt::format("{}[{}]", path, index++);
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      out.add(std::move(here), "must be an object");
      continue;
    }
    here += '.';
    rules(object_rules(object, std::move(here), out));
  }
}

}  // namespace

struct infobip_simulator::json {
  simdjson::dom::parser parser;
  dom::object root;
  dom::array messages;
  complaints wrong;
  std::uint64_t recipients = 0;

  bool read(std::string_view body);
  void check();
  void count();

 private:
  void check_message(object_rules message);
  void check_destinations(const dom::array& destinations, const std::string& path);
  void check_content(object_rules& content);
  static void check_segment(object_rules& segment, absl::flat_hash_set<std::string_view>& content_ids);
  static void check_options(object_rules& options);
  static void check_schedule(object_rules& schedule);
};

struct infobip_simulator::recipient_view {
  std::string_view to;
  std::string_view id;
  std::string_view callback_data;
  const status* of_message;  // what every recipient of the message meets; null: nothing
};

namespace {

/// Calls `visit` with every object that has a "to", groups included.
template <class Visit>
void for_each_recipient(const dom::object& message, Visit visit) {
  dom::array destinations;
  if (message["destinations"].get(destinations) != simdjson::SUCCESS) return;
  for (const dom::element element : destinations) {
    dom::object destination;
    if (element.get(destination) != simdjson::SUCCESS) continue;
    dom::array group;
    if (destination["group"].get(group) != simdjson::SUCCESS) {
      visit(destination);
      continue;
    }
    for (const dom::element member : group) {
      if (member.get(destination) == simdjson::SUCCESS) visit(destination);
    }
  }
}

/// What the content or the callback address earns every recipient of a message; null: nothing.
const status* status_of_message(const dom::object& message) {
  std::string_view url;
  if (message["webhooks"]["delivery"]["url"].get(url) == simdjson::SUCCESS && !is_absolute_url(url)) {
    return &bad_notify_url;
  }
  dom::array segments;
  if (message["content"]["messageSegments"].get(segments) != simdjson::SUCCESS) return nullptr;
  std::size_t characters = 0;
  for (const dom::element segment : segments) {
    std::string_view text;
    if (segment["text"].get(text) == simdjson::SUCCESS) characters += count_characters(text);
  }
  return characters > text_sent_max ? &text_too_long : nullptr;
}

/// What delivery reports of every recipient of a message give back.
std::string_view callback_data_of(const dom::object& message) {
  std::string_view data;
  return message["webhooks"]["callbackData"].get(data) == simdjson::SUCCESS ? data : std::string_view{};
}

}  // namespace

bool infobip_simulator::json::read(std::string_view body) {
  recipients = 0;
  wrong.clear();
  dom::element top;
  if (body.empty() || parser.parse(body.data(), body.size(), false).get(top) != simdjson::SUCCESS ||
      top.get(root) != simdjson::SUCCESS) {
    wrong.add("", "request body is not a JSON object");
    return false;
  }
  return true;
}

void infobip_simulator::json::count() {
  if (root["messages"].get(messages) != simdjson::SUCCESS) return;
  for (const dom::element element : messages) {
    dom::object message;
    if (element.get(message) == simdjson::SUCCESS) for_each_recipient(message, [this](const auto&) { ++recipients; });
  }
}

void infobip_simulator::json::check() {
  object_rules request(root, "", wrong);
  if (const auto all = request.filled("messages")) {
    for_each_object(*all, "messages", wrong, [this](object_rules message) { check_message(std::move(message)); });
  }
  request.child("options", [](object_rules options) {
    options.child("schedule", [](object_rules schedule) { check_schedule(schedule); });
  });
}

void infobip_simulator::json::check_schedule(object_rules& schedule) {
  schedule.text("bulkId", bulk_id_max, false);
  // "2026-07-07T06:32:15.101+0000": 28 characters, the offset without a colon.
  const auto at = string_at(schedule.object(), "sendAt");
  if (has(schedule.object(), "sendAt") && (!at || at->size() != 28 || (*at)[10] != 'T' || (*at)[19] != '.')) {
    schedule.complain("sendAt", "must match yyyy-MM-dd'T'HH:mm:ss.SSSZ");
  }
  schedule.child("sendingSpeedLimit", [](object_rules speed) {
    speed.positive("amount");
    speed.one_of("timeUnit", {"MINUTE", "HOUR", "DAY"});
  });
}

void infobip_simulator::json::check_message(object_rules message) {
  message.text("sender", name_max, false);
  if (const auto destinations = message.filled("destinations")) {
    check_destinations(*destinations, message.path() + "destinations");
  }
  if (!has(message.object(), "content")) message.complain("content", "must not be null");
  message.child("content", [this](object_rules content) { check_content(content); });
  message.child("options", [](object_rules options) { check_options(options); });
  message.child("webhooks", [](object_rules webhooks) {
    webhooks.text("callbackData", callback_data_max, false);
    webhooks.one_of("contentType", {"application/json", "application/xml"});
  });
}

void infobip_simulator::json::check_destinations(const dom::array& destinations, const std::string& path) {
  const auto one = [](object_rules destination) {
    destination.text("to", id_max, true);
    destination.text("messageId", id_max, false);
  };
  for_each_object(destinations, path, wrong, [&](object_rules destination) {
    if (!has(destination.object(), "group")) return one(std::move(destination));
    const auto group = destination.filled("group");
    if (!group) return;
    if (group->size() > group_max) return destination.complain("group", "size must be between 1 and 200");
    for_each_object(*group, destination.path() + "group", wrong, one);
  });
}

void infobip_simulator::json::check_content(object_rules& content) {
  content.text("title", title_max, false);
  const auto segments = content.filled("messageSegments");
  if (!segments) return;
  absl::flat_hash_set<std::string_view> content_ids;
  for_each_object(*segments, content.path() + "messageSegments", wrong,
                  [&](object_rules segment) { check_segment(segment, content_ids); });
}

void infobip_simulator::json::check_segment(object_rules& segment, absl::flat_hash_set<std::string_view>& content_ids) {
  const auto type = string_at(segment.object(), "type").value_or("");
  constexpr std::size_t any = std::string_view::npos;
  if (type == "TEXT") {
    segment.text("text", text_schema_max, true);
  } else if (type == "LINK") {
    segment.absolute_url("contentUrl");
    segment.text("contentType", name_max, false);
  } else if (type == "SMIL") {
    segment.text("smil", any, true);
    segment.text("contentType", name_max, true);
  } else if (type == "UPLOADED_REFERENCE") {
    segment.text("uploadedContentId", name_max, true);
  } else {
    segment.complain("type", "must be TEXT, LINK, SMIL or UPLOADED_REFERENCE");
  }
  segment.text("contentId", name_max, false);
  const auto id = string_at(segment.object(), "contentId");
  if (id && !content_ids.insert(*id).second) segment.complain("contentId", "must be unique");
}

void infobip_simulator::json::check_options(object_rules& options) {
  const auto period = [](object_rules validity) {
    validity.positive("amount");
    validity.one_of("timeUnit", {"SECONDS", "MINUTES", "HOURS"});
  };
  options.child("platform", [](object_rules platform) {
    platform.text("entityId", name_max, false);
    platform.text("applicationId", name_max, false);
  });
  options.child("validityPeriod", period);
  options.child("deliveryTimeWindow", [](object_rules window) { window.filled("days"); });
  options.child("smsFailover", [&](object_rules failover) {
    failover.text("text", std::string_view::npos, true);
    failover.text("sender", name_max, false);
    failover.child("validityPeriod", period);
  });
  options.text("campaignReferenceId", name_max, false);
}

infobip_simulator::infobip_simulator(const simulator_options& options)
    : books(options),
      authorization_("App " + options.infobip_api_key),
      refused_per_10000_(options.refused_per_10000),
      limit_(options.infobip_limit),
      logs_limit_(options.infobip_logs_limit),
      json_(std::make_unique<json>()) {}

infobip_simulator::~infobip_simulator() = default;

std::string_view infobip_simulator::error_body(unsigned status) noexcept {
  switch (status) {
    case 401:
      return R"({"errorCode":"E401","description":"The request lacks valid authentication credentials for the )"
             R"(requested resource.","action":"Check the resources and adjust authentication credentials.",)"
             R"("violations":[],"resources":[{"name":"API Authentication",)"
             R"("url":"https://www.infobip.com/docs/essentials/api-authentication"}]})";
    case 429:
      return R"({"errorCode":"E429","description":"Too many requests sent.",)"
             R"("action":"Check request rate limit specified in the API endpoint documentation resource.",)"
             R"("violations":[],"resources":[{"name":"Throttling handling errors",)"
             R"("url":"https://www.infobip.com/docs/essentials/integration-best-practices#throttling-)"
             R"(handling-errors"}]})";
    default:
      return R"({"errorCode":"E500","description":"Something went wrong.","action":"Contact the support.",)"
             R"("violations":[],"resources":[]})";
  }
}

bool infobip_simulator::is_authorised(const api_request& request) const {
  return request.authorization == authorization_;
}

void infobip_simulator::refuse_unauthorised(api_answer& out) {
  ++books.counts.unauthorized;
  out.status = 401;
  out.body = error_body(401);
}

void infobip_simulator::refuse_throttled(api_answer& out) {
  out.status = 429;
  out.body = error_body(429);
}

void infobip_simulator::refuse_broken(api_answer& out) {
  ++books.counts.malformed;
  books.counts.rejected += json_->recipients;
  out.status = 400;
  out.body = R"({"errorCode":"E400","description":"Request cannot be processed.","action":"Check the syntax, )"
             R"(violations and adjust the request.","violations":[)";
  json_->wrong.print(out.body);
  out.body += R"(],"resources":[]})";
}

void infobip_simulator::answer(const api_request& request, mood how, time_point now, api_answer& out) {
  out.clear();
  const bool readable = is_json(request.content_type) && json_->read(request.body);
  if (readable) json_->count();
  if (how == mood::throttling) {
    if (readable) books.counts.throttled += json_->recipients;
    return refuse_throttled(out);
  }
  if (!is_authorised(request)) return refuse_unauthorised(out);
  if (!is_json(request.content_type)) {
    json_->recipients = 0;
    json_->wrong.clear();
    json_->wrong.add("", "content type must be application/json");
  }
  if (readable) json_->check();
  if (!readable || !json_->wrong.empty()) return refuse_broken(out);
  note_arrivals(now);
  if (how == mood::normal && !limit_.take(json_->recipients, now)) {
    books.counts.throttled += json_->recipients;
    return refuse_throttled(out);
  }
  answer_each(how, now, out);
}

void infobip_simulator::note_arrivals(time_point now) {
  for (const dom::element element : json_->messages) {
    dom::object message;
    if (element.get(message) != simdjson::SUCCESS) continue;
    std::uint64_t recipients = 0;
    for_each_recipient(message, [&](const dom::object&) { ++recipients; });
    books.arrived(string_at(message, "sender").value_or(""), recipients, now);
  }
}

void infobip_simulator::answer_each(mood how, time_point now, api_answer& out) {
  std::string_view bulk_id;
  out.body = "{";
  if (json_->root["options"]["schedule"]["bulkId"].get(bulk_id) == simdjson::SUCCESS) {
    out.body += R"("bulkId":)";
    append_quoted(out.body, bulk_id);
    out.body += ',';
  } else if (json_->recipients > 1) {
    fmt::format_to(std::back_inserter(out.body), R"("bulkId":"{}",)", 2034072219640523072U + ++generated_);
  }
  out.body += R"("messages":[)";
  for (const dom::element element : json_->messages) {
    dom::object message;
    if (element.get(message) != simdjson::SUCCESS) continue;
    const status* const of_message = status_of_message(message);
    const std::string_view callback_data = callback_data_of(message);
    for_each_recipient(message, [&](const dom::object& destination) {
      answer_one({string_at(destination, "to").value_or(""), string_at(destination, "messageId").value_or(""),
                  callback_data, of_message},
                 how, now, out);
    });
  }
  if (out.body.back() == ',') out.body.pop_back();
  out.body += ']';
  out.body += '}';
}

void infobip_simulator::answer_one(const recipient_view& recipient, mood how, time_point now, api_answer& out) {
  const auto judge = [&]() -> const status& {
    if (how == mood::busy) return system_error;
    if (recipient.of_message != nullptr) return *recipient.of_message;
    if (recipient.to.empty()) return missing_to;
    if (recipient.to.find_first_not_of("0123456789") != std::string_view::npos) return bad_destination;
    if (!is_number(recipient.to)) return prefix_missing;
    if (how == mood::refusing || is_refused(recipient.to, refused_per_10000_)) return bad_destination;
    if (!recipient.id.empty() && books.times_accepted(recipient.id) != 0) return duplicate_id;
    return pending_accepted;
  };
  const status& verdict = judge();
  if (&verdict == &pending_accepted) {
    books.accept(recipient.id, recipient.to, recipient.callback_data, now, out);
  } else if (&verdict == &duplicate_id) {
    ++books.counts.duplicates_refused;
  } else if (&verdict != &system_error) {
    ++books.counts.rejected;
  }
  out.body += R"({"messageId":)";
  if (recipient.id.empty()) {
    fmt::format_to(std::back_inserter(out.body), "\"{}\"", 817790313235066447U + ++generated_);
  } else {
    append_quoted(out.body, recipient.id);
  }
  out.body += ',';
  append_status(out.body, verdict);
  out.body += R"(,"destination":)";
  append_quoted(out.body, recipient.to);
  out.body += "},";
}

void infobip_simulator::answer_logs(const api_request& request, time_point now, api_answer& out) {
  out.clear();
  if (!is_authorised(request)) return refuse_unauthorised(out);
  json_->recipients = 0;
  json_->wrong.clear();
  const logs_complaint wrong = read_logs_query(request.target, logs_);
  if (!wrong.property.empty()) {
    json_->wrong.add(std::string(wrong.property), wrong.rule);
    return refuse_broken(out);
  }
  if (!logs_limit_.take(1, now)) {
    ++books.counts.queries_throttled;
    return refuse_throttled(out);
  }
  out.body = R"({"results":[)";
  std::size_t rows = 0;
  for (const std::string& id : logs_.message_ids) {
    if (rows == logs_.limit) break;
    if (books.times_accepted(id) == 0) continue;
    out.body += rows++ == 0 ? R"({"messageId":)" : R"(,{"messageId":)";
    append_quoted(out.body, id);
    out.body += R"(,"messageCount":1,)";
    append_status(out.body, pending_accepted);
    out.body += R"(,"error":{"groupId":0,"groupName":"OK","id":0,"name":"NO_ERROR","description":"No Error",)"
                R"("permanent":false}})";
  }
  fmt::format_to(std::back_inserter(out.body), R"(],"cursor":{{"limit":{},"nextCursor":null}}}})", logs_.limit);
}

}  // namespace broadside::testing
