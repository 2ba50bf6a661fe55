// tests/providers/golden - files that hold what goes over the wire, byte for byte.
#pragma once

#include <broadside/provider.hpp>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>

namespace broadside {

inline std::ostream& operator<<(std::ostream& out, verdict_kind kind) {
  switch (kind) {
    case verdict_kind::accepted:
      return out << "accepted";
    case verdict_kind::rejected:
      return out << "rejected";
    case verdict_kind::retry:
      return out << "retry";
    case verdict_kind::slow_down:
      return out << "slow_down";
    case verdict_kind::maybe_sent:
      return out << "maybe_sent";
  }
  return out << "?";
}

template <std::size_t Capacity>
std::ostream& operator<<(std::ostream& out, const fixed_string<Capacity>& text) {
  return out << '"' << text.view() << '"';
}

inline std::ostream& operator<<(std::ostream& out, const violation& v) { return out << v.field << ": " << v.rule; }

namespace golden {

/// The file tests/golden/`name`; a text that no test expects when it is missing.
inline std::string read(const std::string& name) {
  std::ifstream file(std::string(BROADSIDE_TESTS_DIR) + "/../golden/" + name, std::ios::binary);
  if (!file) return "missing file: " + name;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A request's body: the file without its final line feed.
inline std::string body(const std::string& name) {
  std::string text = read(name);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace golden
}  // namespace broadside
