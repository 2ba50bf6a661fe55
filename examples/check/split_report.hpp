// check/split_report - a text as SMS: its parts, what forces UCS-2, and what smart encoding would save.
//
// Pure: text out of a text. Any thread.
#pragma once

#include <broadside/sms.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include "json_writer.hpp"

namespace broadside::checking {

/// A character that the encoding wished for does not have.
struct odd_character {
  std::size_t at = 0;  ///< byte offset in split_report::text
  char32_t code_point = 0;
  std::optional<std::string_view> replacement{};  ///< what smart encoding would put; nothing: the character stays
};

struct split_part {
  std::size_t at = 0;  ///< byte offset in split_report::text
  std::size_t bytes = 0;
  std::uint32_t units = 0;
  std::uint8_t header_octets = 0;
  std::uint8_t length = 0;  ///< TP-UDL
  std::string user_data;    ///< TP-UD, hexadecimal
};

struct split_report {
  std::string text;  ///< as it would be sent: smart encoding and cutting applied where asked for
  std::optional<text_error> error;
  sms_size size;
  std::vector<split_part> parts;
  bool smart = false;
  bool truncated = false;

  std::size_t odd_count = 0;
  std::vector<odd_character> odd;  ///< the first `odd_max`
  /// What smart encoding would make of it, when it was not asked for and saves parts.
  std::optional<sms_size> smart_size;
};

inline constexpr std::size_t odd_max = 100;

/// Parts are tied together by reference 1.
[[nodiscard]] split_report split_text(std::string_view text, const sms_preparation&);

struct split_printing {
  bool pdu = false;
  std::size_t columns = 0;  ///< 0: no terminal
};
[[nodiscard]] std::string split_report_text(const split_report&, const split_printing&);
void write_split_report(json_writer&, const split_report&, bool pdu);

/// "turkish"; empty for none.
[[nodiscard]] std::string_view language_name(national_language) noexcept;
[[nodiscard]] std::optional<national_language> language_named(std::string_view name) noexcept;
[[nodiscard]] std::vector<std::string> language_names();

}  // namespace broadside::checking
