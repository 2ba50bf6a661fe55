// send/findings - what check() found, as the lines and the violations that a person reads.
//
// Pure: text out of values. Any thread.
#pragma once

#include <broadside/check.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::send {

/// `96 characters, sinch allows 80 characters: shorten it [subject.length]`; pieces that a finding has not are left
/// out.
[[nodiscard]] std::string explain(const finding&);

/// `warning: subject: 45 characters, …`: one line, safe for a terminal.
[[nodiscard]] std::string finding_line(const finding&);

/// The errors among them, told as launch() tells its own.
[[nodiscard]] std::vector<violation> errors_of(std::span<const finding>);

/// "0.0079", "12.5", "3": a price in currency units, exact.
[[nodiscard]] std::string price_text(std::int64_t micros);

/// "3 parts", "1 part".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one);

/// "GSM-7, 162 septets, 2 parts, 0.0158"; no price when it is not known.
[[nodiscard]] std::string size_text(const sms_size&, std::int64_t price_micros);

/// A line each for the least and the most that a message costs; one line when no value can change it.
[[nodiscard]] std::string forecast_text(const fallback_forecast&);

}  // namespace broadside::send
