// audience/json_rows - lines, then one object each. One thread.
#include <algorithm>
#include <audience/json_rows.hpp>
#include <cstring>
#include <new>
#include <utility>

namespace broadside::audience {
namespace {

namespace json = simdjson::ondemand;
static_assert(byte_window::padding >= simdjson::SIMDJSON_PADDING);

constexpr std::size_t capacity_min = 4096;  // of the parser: most lines of most audiences
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trim_begin(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view trim_end(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether the key is written in JSON as it is.
bool is_plain(std::string_view key) noexcept {
  return std::none_of(key.begin(), key.end(),
                      [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
}

bool has_byte(std::string_view text, char wanted) noexcept {
  return std::memchr(text.data(), wanted, text.size()) != nullptr;
}

}  // namespace

json_rows::json_rows(const audience_options& how)
    : row_bytes_max_(how.row_bytes_max), fields_(how.columns.values.size() + 1) {
  const auto add = [&](const std::string& key) {
    const auto found = std::find_if(columns_.begin(), columns_.end(), [&](const column& c) { return c.key == key; });
    places_.push_back(static_cast<std::size_t>(found - columns_.begin()));
    if (found == columns_.end()) columns_.push_back({.key = key, .plain = is_plain(key)});
  };
  add(how.columns.to);
  for (const std::string& key : how.columns.values) add(key);
}

void json_rows::begin(byte_window& window, bool finished) {
  finished_ = finished;
  decoded_end_ = 0;  // what is decoded is never longer than it was, so the window's size is enough
  if (decoded_.size() < window.capacity() + byte_window::padding)
    decoded_.resize(window.capacity() + byte_window::padding);
}

bool json_rows::next(byte_window& window, row& out) {
  for (std::string_view line; next_line(window, line);) {
    row_fault fault = row_fault::row_too_large;
    if (line.size() <= row_bytes_max_) {
      line = trim_begin(line);
      if (line.empty()) continue;
      fault = read_line(line);
    }
    out = {.line = line_, .fault = fault};
    if (fault == row_fault::none) {
      out.fields = fields_;
      out.field_count = fields_.size();
    }
    return true;
  }
  return false;
}

/// The next line without its end; of one that is too long, what the window holds of it.
bool json_rows::next_line(byte_window& window, std::string_view& line) {
  while (window.begin() < window.end()) {
    const char* const begin = window.data() + window.begin();
    const std::size_t size = window.end() - window.begin();
    const auto* const found = static_cast<const char*>(std::memchr(begin + looked_at_, '\n', size - looked_at_));
    const bool whole = found != nullptr;
    line = {begin, whole ? static_cast<std::size_t>(found - begin) : size};
    if (!whole && !finished_ && !skipping_ && size <= row_bytes_max_) {
      looked_at_ = size;
      return false;
    }
    looked_at_ = 0;
    window.drop_before(window.begin() + line.size() + (whole ? 1 : 0));
    if (std::exchange(skipping_, !whole && !finished_)) continue;  // the rest of a line that was reported
    ++line_;
    return true;
  }
  return false;
}

/// A string from behind its opening quote; kept when decoded_end_ is moved behind it.
bool json_rows::decode(const char* in, std::string_view& out) {
  auto* end = reinterpret_cast<std::uint8_t*>(decoded_.data() + decoded_end_);
  json::raw_json_string raw(reinterpret_cast<const std::uint8_t*>(in));
  return parser_.unescape(raw, end).get(out) == simdjson::SUCCESS;
}

/// The column of a key, whose text ends with a quote; none for others. Keys mostly come in one order.
inline row_fault json_rows::find_column(const char* key, column*& out) {
  const auto left = static_cast<std::size_t>(line_end_ - key);
  std::string_view decoded;
  const bool escaped =
      has_escapes_ && has_byte({key, static_cast<std::size_t>(std::find(key, line_end_, '"') - key)}, '\\');
  if (escaped && !decode(key, decoded)) return row_fault::bad_json;
  for (std::size_t tried = 0; tried < columns_.size(); ++tried, ++expected_) {
    if (expected_ >= columns_.size()) expected_ = 0;
    column& each = columns_[expected_];
    const std::size_t size = each.key.size();
    const bool same =
        escaped ? decoded == each.key
                : each.plain && size < left && key[size] == '"' && std::memcmp(key, each.key.data(), size) == 0;
    if (!same) continue;
    out = &each;
    ++expected_;
    break;
  }
  return row_fault::none;
}

inline row_fault json_rows::read_string(std::string_view token, column* to) {
  if (token.size() < 2 || token.back() != '"') return row_fault::bad_json;
  std::string_view text = token.substr(1, token.size() - 2);
  if (has_escapes_ && has_byte(text, '\\')) {
    if (!decode(text.data(), text)) return row_fault::bad_json;
    if (to != nullptr) decoded_end_ += text.size();
  }
  if (to != nullptr) to->value = text;
  return row_fault::none;
}

/// Checks the value, and keeps it for the column if there is one.
inline row_fault json_rows::read_value(json::value value, column* to) {
  const std::string_view token = trim_end(value.raw_json_token());
  bool good = false;
  switch (token.empty() ? '\0' : token.front()) {
    case '"':
      return read_string(token, to);
    case '[':
    case '{':
      has_unread_ = true;
      return to == nullptr ? row_fault::none : row_fault::value_not_text;
    case 'n':
      good = token == "null";
      break;
    case 't':
    case 'f':
      good = token == "true" || token == "false";
      break;
    default:
      good = value.get_number().error() == simdjson::SUCCESS;
  }
  if (to != nullptr) to->value = token.front() == 'n' ? std::string_view{} : token;
  return good ? row_fault::none : row_fault::bad_json;
}

inline row_fault json_rows::read_field(json::field& field) {
  column* wanted = nullptr;
  if (const row_fault fault = find_column(field.key().raw(), wanted); fault != row_fault::none) return fault;
  if (wanted != nullptr && std::exchange(wanted->seen, objects_) == objects_) return row_fault::key_twice;
  return read_value(field.value(), wanted);
}

inline row_fault json_rows::read_object(std::string_view line) {
  has_unread_ = false;
  has_escapes_ = has_byte(line, '\\');
  line_end_ = line.data() + line.size();
  ++objects_;
  json::document document;
  json::object object;
  const simdjson::padded_string_view padded(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING);
  if (parser_.iterate(padded).get(document) != simdjson::SUCCESS) return row_fault::bad_json;
  if (line.front() != '{') return row_fault::not_an_object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return row_fault::bad_json;
  for (auto each : object) {
    json::field field;
    if (std::move(each).get(field) != simdjson::SUCCESS) return row_fault::bad_json;
    if (const row_fault fault = read_field(field); fault != row_fault::none) return fault;
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return row_fault::bad_json;  // something follows
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const column& from = columns_[places_[i]];
    fields_[i] = from.seen == objects_ ? from.value : std::string_view{};
  }
  return fields_[0].empty() ? row_fault::missing_to : row_fault::none;
}

row_fault json_rows::read_line(std::string_view line) {
  if (line.size() > parser_.capacity()) {
    const std::size_t roomy = std::max(2 * parser_.capacity(), capacity_min);
    if (parser_.allocate(std::max(line.size(), std::min(roomy, row_bytes_max_))) != simdjson::SUCCESS) {
      throw std::bad_alloc();
    }
  }
  const row_fault fault = read_object(line);
  if (fault == row_fault::bad_json) return fault;
  const bool parsed_whole = fault == row_fault::none || fault == row_fault::missing_to;
  return (parsed_whole && !has_unread_) || is_json(line) ? fault : row_fault::bad_json;
}

bool json_rows::is_json(std::string_view line) {
  simdjson::dom::element whole;
  return checker_.parse(line.data(), line.size(), false).get(whole) == simdjson::SUCCESS;
}

}  // namespace broadside::audience
