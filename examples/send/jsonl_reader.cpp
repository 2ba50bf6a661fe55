// send/jsonl_reader - lines, then one object each. One thread; no clock, no file.
#include "jsonl_reader.hpp"
#include <algorithm>
#include <utility>

namespace broadside::send {
namespace {

constexpr std::string_view bom = "\xEF\xBB\xBF";
constexpr std::string_view json_space = " \t\r\n";

bool is_blank(std::string_view line) noexcept { return line.find_first_not_of(json_space) == std::string_view::npos; }

std::string_view trim_end(std::string_view text) noexcept {
  const std::size_t last = text.find_last_not_of(json_space);
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace

jsonl_reader::jsonl_reader(std::vector<std::string> keys, jsonl_options options)
    : keys_(std::move(keys)), options_(options), views_(keys_.size()), seen_(keys_.size()) {}

void jsonl_reader::feed(std::string_view bytes) {
  buffer_.erase(0, at_);
  scanned_ -= std::min(scanned_, at_);
  at_ = 0;
  buffer_.append(bytes);
}

bool jsonl_reader::next(row& out) {
  if (!bom_checked_) {
    if (buffer_.size() < bom.size() && !finished_ && bom.starts_with(buffer_)) return false;
    bom_checked_ = true;
    if (std::string_view(buffer_).starts_with(bom)) at_ = bom.size();
  }
  while (at_ < buffer_.size()) {
    const std::size_t found = buffer_.find('\n', std::max(at_, scanned_));
    const bool whole = found != std::string::npos;
    const std::size_t end = whole ? found : buffer_.size();
    const std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
    const bool too_large = line.size() > options_.row_bytes_max;
    if (!whole && !finished_ && !too_large && !skipping_) {
      scanned_ = end;
      return false;
    }
    at_ = whole ? end + 1 : end;
    if (std::exchange(skipping_, !whole && !finished_)) continue;  // the rest of a line that was reported
    ++line_;
    if (too_large) {
      out = {line_, row_fault::row_too_large, {}};
      return true;
    }
    if (is_blank(line)) continue;
    const row_fault fault = read_object(line);
    out = {line_, fault, {}};
    if (fault == row_fault::none) out.fields = views_;
    return true;
  }
  return false;
}

row_fault jsonl_reader::read_object(std::string_view line) {
  padded_.reserve(line.size() + simdjson::SIMDJSON_PADDING);
  padded_.assign(line);
  simdjson::dom::element whole;
  if (checker_.parse(padded_.data(), padded_.size(), false).get(whole) != simdjson::SUCCESS) return row_fault::bad_json;
  if (!whole.is_object()) return row_fault::not_an_object;
  simdjson::ondemand::document document;
  const simdjson::padded_string_view view(padded_.data(), padded_.size(), padded_.size() + simdjson::SIMDJSON_PADDING);
  if (parser_.iterate(view).get(document) != simdjson::SUCCESS) return row_fault::bad_json;
  simdjson::ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return row_fault::bad_json;
  return read_fields(object);
}

row_fault jsonl_reader::read_fields(simdjson::ondemand::object object) {
  std::fill(views_.begin(), views_.end(), std::string_view{});
  std::fill(seen_.begin(), seen_.end(), false);
  for (auto each : object) {
    simdjson::ondemand::field field;
    std::string_view key;
    if (std::move(each).get(field) != simdjson::SUCCESS) return row_fault::bad_json;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return row_fault::bad_json;
    // several attributes may come from one key
    bool wanted = false;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i] != key) continue;
      if (seen_[i]) return row_fault::key_twice;
      seen_[i] = wanted = true;
    }
    if (!wanted) continue;
    std::string_view value;
    if (const row_fault fault = read_value(field.value(), value); fault != row_fault::none) return fault;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i] == key) views_[i] = value;
    }
  }
  return views_.empty() || views_[0].empty() ? row_fault::missing_to : row_fault::none;
}

row_fault jsonl_reader::read_value(simdjson::ondemand::value value, std::string_view& out) {
  simdjson::ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return row_fault::bad_json;
  switch (type) {
    case simdjson::ondemand::json_type::string:
      return value.get_string().get(out) == simdjson::SUCCESS ? row_fault::none : row_fault::bad_json;
    case simdjson::ondemand::json_type::number:
    case simdjson::ondemand::json_type::boolean:
      out = trim_end(value.raw_json_token());
      return row_fault::none;
    case simdjson::ondemand::json_type::null:
      out = {};
      return row_fault::none;
    case simdjson::ondemand::json_type::array:
    case simdjson::ondemand::json_type::object:
      break;
  }
  return row_fault::value_not_text;
}

}  // namespace broadside::send
