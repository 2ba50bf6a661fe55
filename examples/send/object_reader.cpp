// send/object_reader - look up, check the type, remember the name. One thread, no I/O.
#include "object_reader.hpp"
#include <algorithm>
#include <charconv>
#include <utility>
#include "closest.hpp"

namespace broadside::send {
namespace {

constexpr std::size_t shown_max = 64;  // bytes of a name that an error repeats

std::optional<std::int64_t> milliseconds_of(std::string_view unit) noexcept {
  if (unit == "ms") return 1;
  if (unit == "s") return 1'000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> read_duration(std::string_view text) noexcept {
  std::uint64_t count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault != std::errc{}) return std::nullopt;
  const auto unit = milliseconds_of(text.substr(static_cast<std::size_t>(end - text.data())));
  if (!unit) return std::nullopt;
  constexpr std::uint64_t most = 1'000ULL * 366 * 86'400'000;
  if (count > most / static_cast<std::uint64_t>(*unit)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(count) * *unit);
}

std::string quoted_choices(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += fmt::format("\"{}\"", words[i]);
  }
  return out;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view near = closest(word, known);
  return near.empty() ? std::string() : fmt::format("; did you mean {}?", near);
}

object_reader::object_reader(simdjson::dom::element element, std::string path, violations& found)
    : path_(std::move(path)), violations_(&found) {
  simdjson::dom::object object;
  if (element.get(object) == simdjson::SUCCESS) {
    object_ = object;
  } else {
    violations_->add(path_.empty() ? "the file" : path_, "must be an object");
  }
}

std::string object_reader::path_of(std::string_view key) const {
  const std::string_view shown = key.empty() ? R"("")" : key;  // JSON allows a member without a name
  return path_.empty() ? std::string(shown) : fmt::format("{}.{}", path_, shown);
}

std::optional<simdjson::dom::element> object_reader::find(std::string_view key, presence needed) {
  known_.push_back(key);
  if (!object_) return std::nullopt;
  simdjson::dom::element element;
  if (object_->at_key(key).get(element) == simdjson::SUCCESS) return element;
  if (needed == presence::required) violations_->add(path_of(key), "is missing");
  return std::nullopt;
}

std::optional<object_reader> object_reader::object(std::string_view key, presence needed) {
  const auto element = find(key, needed);
  if (!element) return std::nullopt;
  return object_reader(*element, path_of(key), *violations_);
}

std::vector<simdjson::dom::element> object_reader::list(std::string_view key, presence needed) {
  std::vector<simdjson::dom::element> out;
  const auto element = find(key, needed);
  if (!element) return out;
  simdjson::dom::array array;
  if (element->get(array) != simdjson::SUCCESS) {
    violations_->add(path_of(key), "must be a list");
    return out;
  }
  for (const simdjson::dom::element each : array) out.push_back(each);
  return out;
}

void object_reader::text(std::string_view key, std::string& out, presence needed) {
  const auto element = find(key, needed);
  if (!element) return;
  std::string_view value;
  if (element->get(value) != simdjson::SUCCESS) return violations_->add(path_of(key), "must be a text in quotes");
  out = value;
}

void object_reader::number(std::string_view key, double& out, presence needed) {
  const auto element = find(key, needed);
  if (!element) return;
  double value = 0;
  if (element->get(value) != simdjson::SUCCESS) return violations_->add(path_of(key), "must be a number");
  out = value;
}

void object_reader::flag(std::string_view key, bool& out, presence needed) {
  const auto element = find(key, needed);
  if (!element) return;
  bool value = false;
  if (element->get(value) != simdjson::SUCCESS) return violations_->add(path_of(key), "must be true or false");
  out = value;
}

std::optional<std::size_t> object_reader::word_of(std::string_view key, std::span<const std::string_view> words) {
  const auto element = find(key);
  if (!element) return std::nullopt;
  std::string_view value;
  if (element->get(value) != simdjson::SUCCESS) {
    violations_->add(path_of(key), "must be a text in quotes");
    return std::nullopt;
  }
  const auto found = std::find(words.begin(), words.end(), value);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  violations_->add(path_of(key), fmt::format("must be {}{}", quoted_choices(words), suggestion(value, words)));
  return std::nullopt;
}

std::optional<std::uint64_t> object_reader::whole_number(std::string_view key, std::uint64_t most) {
  const auto element = find(key);
  if (!element) return std::nullopt;
  std::uint64_t value = 0;
  if (element->get(value) == simdjson::SUCCESS && value <= most) return value;
  violations_->add(path_of(key), fmt::format("must be a whole number, at most {}", most));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> object_reader::duration_of(std::string_view key) {
  const auto element = find(key);
  if (!element) return std::nullopt;
  std::string_view value;
  std::optional<std::chrono::milliseconds> out;
  if (element->get(value) == simdjson::SUCCESS) out = read_duration(value);
  if (!out) violations_->add(path_of(key), R"(must be a duration like "500ms", "30s", "5m", "24h" or "7d")");
  return out;
}

void object_reader::refuse(std::string_view key, std::string_view reason) {
  if (find(key)) violations_->add(path_of(key), std::string(reason));
}

void object_reader::end() {
  if (!object_) return;
  std::vector<std::string_view> seen;
  for (const auto field : *object_) {
    const std::string_view key = field.key;
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      violations_->add(path_of(key.substr(0, shown_max)), "is given twice");
      continue;
    }
    if (seen.size() < 1024) seen.push_back(key);
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    violations_->add(path_of(key.substr(0, shown_max)), "is not a field here" + suggestion(key, known_));
  }
}

}  // namespace broadside::send
