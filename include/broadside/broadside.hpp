// broadside - the engine that marketing servers link to send MMS campaigns. Everything, in reading order.
#pragma once

// The order is for reading.
// clang-format off
// IWYU pragma: begin_exports
#include <broadside/result.hpp>
#include <broadside/country.hpp>
#include <broadside/phone.hpp>
#include <broadside/sender.hpp>
#include <broadside/sms.hpp>
#include <broadside/media.hpp>
#include <broadside/contact_card.hpp>
#include <broadside/message.hpp>
#include <broadside/campaign.hpp>
#include <broadside/limits.hpp>
#include <broadside/check.hpp>
#include <broadside/preflight.hpp>
#include <broadside/event.hpp>
#include <broadside/rate_limit.hpp>
#include <broadside/provider.hpp>
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/pace.hpp>
#include <broadside/journal.hpp>
#include <broadside/engine.hpp>
#include <broadside/audience_reader.hpp>
#include <broadside/audience_queue.hpp>
// IWYU pragma: end_exports
// clang-format on
