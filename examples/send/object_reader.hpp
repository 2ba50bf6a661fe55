// send/object_reader - fields of one JSON object by name; what was not asked for is reported, so no typing error is
// silent.
//
// One thread, no I/O. A violation's field is the path from the file's root: "routes[1].limit.per_second".
#pragma once

#include <fmt/format.h>
#include <simdjson.h>
#include <array>
#include <broadside/result.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace broadside::send {

/// "500ms", "30s", "5m", "24h", "7d"; nothing for anything else or more than a thousand years.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_duration(std::string_view text) noexcept;

class violations {
 public:
  void add(std::string field, std::string rule) {
    if (all_.size() < count_max) all_.push_back({std::move(field), std::move(rule)});
  }
  [[nodiscard]] const std::vector<violation>& all() const noexcept { return all_; }

 private:
  static constexpr std::size_t count_max = 100;
  std::vector<violation> all_;
};

enum class presence : std::uint8_t { optional, required };

/// `"a", "b" or "c"`.
[[nodiscard]] std::string quoted_choices(std::span<const std::string_view> words);

/// "; did you mean sinch?" when a known word is near, else empty.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string_view> known);

/// Ask for every field, then call end(). A field of the wrong type or missing is reported and leaves `out` as it is.
class object_reader {
 public:
  object_reader(simdjson::dom::element, std::string path, violations&);

  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] std::optional<simdjson::dom::element> find(std::string_view key, presence = presence::optional);
  [[nodiscard]] std::optional<object_reader> object(std::string_view key, presence = presence::optional);
  /// The elements of a list; none when it is not there.
  [[nodiscard]] std::vector<simdjson::dom::element> list(std::string_view key, presence = presence::optional);

  void text(std::string_view key, std::string& out, presence = presence::optional);
  void number(std::string_view key, double& out, presence = presence::optional);
  void flag(std::string_view key, bool& out, presence = presence::optional);

  /// One of a few words, each with what it stands for.
  template <class Value, std::size_t N>
  void choice(std::string_view key, const std::array<std::pair<std::string_view, Value>, N>& words, Value& out) {
    std::array<std::string_view, N> known{};
    for (std::size_t i = 0; i < N; ++i) known[i] = words[i].first;
    if (const auto at = word_of(key, known)) out = words[*at].second;
  }

  template <std::unsigned_integral Integer>
  void whole(std::string_view key, Integer& out) {
    constexpr std::uint64_t most = std::numeric_limits<Integer>::max();
    if (const auto value = whole_number(key, most)) out = static_cast<Integer>(*value);
  }

  template <class Rep, class Period>
  void duration(std::string_view key, std::chrono::duration<Rep, Period>& out) {
    using span = std::chrono::duration<Rep, Period>;
    const auto value = duration_of(key);
    if (!value) return;
    out = std::chrono::duration_cast<span>(*value);
    if (out != *value) violations_->add(path_of(key), "must be whole seconds");
  }

  /// A field that is refused wherever it stands, for the reason given.
  void refuse(std::string_view key, std::string_view reason);
  /// Reports the fields nobody asked for and those given twice.
  void end();
  [[nodiscard]] violations& found() const noexcept { return *violations_; }

 private:
  [[nodiscard]] std::optional<std::size_t> word_of(std::string_view key, std::span<const std::string_view> words);
  [[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view key, std::uint64_t most);
  [[nodiscard]] std::optional<std::chrono::milliseconds> duration_of(std::string_view key);

  std::string path_;
  violations* violations_;
  std::optional<simdjson::dom::object> object_;
  std::vector<std::string_view> known_;
};

}  // namespace broadside::send
