// journal/named_values - the small facts that stand beside the chunks: their names and their bytes.
//
// Every value carries a checksum over its name and its bytes. Little-endian whatever the machine. Decoding is total.
#pragma once

#include <broadside/event.hpp>
#include <broadside/message.hpp>
#include <broadside/result.hpp>
#include <cstdint>
#include <journal/recovered.hpp>
#include <journal/store.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::journal {

// Names that stand alone; the others are value_name("campaign", id, "definition" | "reported" | "state" | "totals"),
// value_name("source", id, "about" | "finished" | "next"), usage_name() and delivery_name().
inline constexpr std::string_view end_value = "end";
inline constexpr std::string_view confirmed_value = "confirmed";
inline constexpr std::string_view quarantined_value = "quarantined";
inline constexpr std::string_view routes_value = "routes";

/// Of one of many: "campaign/0000001f/totals". Names are in the order of ids.
[[nodiscard]] std::string value_name(std::string_view kind, std::uint32_t id, std::string_view field);
/// The same into a text that keeps its memory.
void write_value_name(std::string& into, std::string_view kind, std::uint32_t id, std::string_view field);

struct value_owner {
  std::uint32_t id = 0;
  std::string_view field{};
};
/// The reverse, for names that start with "`kind`/".
[[nodiscard]] std::optional<value_owner> owner_of(std::string_view name, std::string_view kind) noexcept;

/// Of a daily quota, which may be called anything: "usage/" and a digest. The value itself says the quota's name.
[[nodiscard]] std::string usage_name(std::string_view quota);
[[nodiscard]] bool is_usage_name(std::string_view name) noexcept;

/// Of a page of the delivery_book: "delivery/000000000000001f", in the order of pages.
[[nodiscard]] std::string delivery_name(std::uint64_t page);
/// The reverse; nothing for other names.
[[nodiscard]] std::optional<std::uint64_t> page_named(std::string_view name) noexcept;

/// The bytes as the store gets them, and back; nothing when they are not what was sealed under this name.
[[nodiscard]] std::string seal(std::string_view name, std::string_view payload);
void write_sealed(std::string& into, std::string_view name, std::string_view payload);
[[nodiscard]] std::optional<std::string_view> unseal(std::string_view name, std::string_view bytes) noexcept;

/// Where the log ended with the commit that wrote this: a restart goes on behind it.
struct log_end {
  position last{};          ///< of the last record
  std::uint64_t ahead = 0;  ///< positions behind it that may have been told before they were written
  chunk_number log = 0;     ///< highest numbers given
  chunk_number history = 0;
};

struct source_facts {
  campaign_id campaign{};
  std::string_view name{};
};

// what every commit writes goes into a text that keeps its memory, too
void write_log_end(std::string& into, const log_end&);
void write_number(std::string& into, std::uint64_t);
void write_totals(std::string& into, const ledger&);

[[nodiscard]] std::string encode_log_end(const log_end&);
[[nodiscard]] std::string encode_source(const source_facts&);
[[nodiscard]] std::string encode_number(std::uint64_t);
/// Without `inside`, which the messages say, and what was reported, which has a value of its own, so that totals
/// written before there were reports are still read.
[[nodiscard]] std::string encode_totals(const ledger&);
[[nodiscard]] std::string encode_reported(const ledger&);
[[nodiscard]] std::string encode_names(const std::vector<std::string>&);
[[nodiscard]] std::string encode_usage(const usage&);

[[nodiscard]] std::optional<log_end> decode_log_end(std::string_view payload) noexcept;
[[nodiscard]] std::optional<source_facts> decode_source(std::string_view payload) noexcept;
[[nodiscard]] std::optional<std::uint64_t> decode_number(std::string_view payload) noexcept;
/// Into what belongs to it; false: not what can have been written, and nothing changes.
[[nodiscard]] bool decode_totals(std::string_view payload, ledger& into) noexcept;
[[nodiscard]] bool decode_reported(std::string_view payload, ledger& into) noexcept;
[[nodiscard]] std::optional<std::vector<std::string>> decode_names(std::string_view payload);
/// Errors: journal_too_new, journal_damaged.
[[nodiscard]] result<usage> decode_usage(std::string_view payload);

}  // namespace broadside::journal
