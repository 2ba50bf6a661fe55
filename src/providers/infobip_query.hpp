// providers/infobip_query - asks Infobip's `GET /mms/2/logs` what became of messages whose answer was lost.
//
// Pure. Allocates at set-up and when a target must grow. `GET /mms/2/reports` would tell as well and must not be used:
// it hands out each report once, so asking would take the reports from whoever else fetches them.
#pragma once

#include <broadside/provider.hpp>
#include <span>
#include <string>

namespace broadside::providers {

/// `send` is where the same account sends.
[[nodiscard]] message_query make_infobip_query(const http_endpoint& send);

/// "?messageId=a,b,…&limit=1000"; empty for no ids. Those beyond messages_max are left out.
void encode_infobip_query(std::span<const message_id> ids, std::string& target);

/// One verdict per id. Total: any answer has verdicts. Requires each.size() == ids.size().
void classify_infobip_query(const http_response&, std::span<const message_id> ids, std::span<verdict> each) noexcept;

}  // namespace broadside::providers
