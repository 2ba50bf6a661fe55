// providers/infobip_answer - what all of Infobip's answers have in common: message ids, statuses, the shape of errors.
//
// Pure. Never throws.
#pragma once

#include <simdjson.h>
#include <broadside/provider.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <providers/answer.hpp>
#include <span>
#include <string_view>

namespace broadside::providers {

[[nodiscard]] std::optional<std::int64_t> number_at(simdjson::dom::object, std::string_view key) noexcept;

/// Which of `ids` an answer's id is: the one in the same place, else wherever it is.
[[nodiscard]] std::optional<std::size_t> index_of(std::string_view text, std::span<const message_id> ids,
                                                  std::size_t guess) noexcept;

/// The code and the words of a refused request, in the shape of /mms/2 or in the older one.
void read_error(simdjson::dom::object body, verdict&) noexcept;

}  // namespace broadside::providers
