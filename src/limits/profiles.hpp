// limits/profiles - the built-in profiles that providers' codecs use, by name of the object rather than by look-up.
//
// Constant data, initialised before anything runs: any thread, also from static initialisers.
#pragma once

#include <broadside/limits.hpp>

namespace broadside::limits {

extern const content_limits sinch_profile;
extern const content_limits infobip_profile;

}  // namespace broadside::limits
