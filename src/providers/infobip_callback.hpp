// providers/infobip_callback - Infobip's delivery reports: where they are asked for, and what they say. Any number of
// messages in one.
//
// Pure; any thread. Allocates at set-up, and for the time of a call.
#pragma once

#include <broadside/provider.hpp>
#include <string>
#include <string_view>
#include <text/json.hpp>

namespace broadside::providers {

/// The members of `webhooks` that are the same for every message. Empty `url`: where the account's subscription says.
[[nodiscard]] std::string make_infobip_webhooks(std::string_view url);

/// Appends the member `webhooks` of a message: `same`, and what its reports are to bring back.
void append_infobip_webhooks(text::json_writer&, std::string_view same, const message_reference&);

/// What a push of reports says, one by one. The words that it keeps are without `secret`. Errors: callback_malformed.
[[nodiscard]] result<callback_content> read_infobip_callback(std::string_view body, std::string_view secret);

}  // namespace broadside::providers
