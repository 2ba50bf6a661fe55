// broadside - the engine that marketing servers link to send MMS campaigns. Everything, in reading order.
#pragma once

// The order is for reading.
// clang-format off
// IWYU pragma: begin_exports
#include <broadside/result.hpp>
#include <broadside/phone.hpp>
#include <broadside/message.hpp>
#include <broadside/campaign.hpp>
#include <broadside/event.hpp>
#include <broadside/limits.hpp>
#include <broadside/provider.hpp>
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/engine.hpp>
#include <broadside/audience_queue.hpp>
// IWYU pragma: end_exports
// clang-format on
