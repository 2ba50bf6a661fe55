// limits/profiles - what providers, platforms and carriers accept, as data.
//
// A company's "KB" is 1,000 bytes and its "MB" 1,000,000 unless it says otherwise: the stricter reading. Where sources
// differ the stricter one holds, and `source` says so. Constant data; any thread.
#include <algorithm>
#include <array>
#include <limits/profiles.hpp>

namespace broadside {
namespace {

using enum media_format;
using enum sender_kind;
using namespace std::string_view_literals;

// Providers ------------------------------------------------------------------------------------------------------

constexpr enum_set<media_format> sinch_formats{jpeg, png, gif, mp3,      wav,   amr,       mp4, mpeg,
                                               avi,  wmv, mov, three_gp, vcard, icalendar, pdf};

constexpr content_limits sinch{
    .name = "sinch"sv,
    .kind = profile_kind::provider,
    .source =
        "Sinch MMS JSON API reference (sendmms, media requirements); community table of sizes for accounts "
        "without transcoding. Emoji in subjects: refused by carriers as of the 2021 edition",
    .subject_max = 80,
    .subject_advised = 40,
    .subject_characters = subject_characters::no_emoji,
    .text_max = 5000,  // of each slide; the text is one slide's
    .fallback_text_max = 160,
    .fallback_text_advised = 110,
    .fallback_sender_fixed = true,
    .media_max = 8,  // one object a slide, so that no rule about what may share a slide can be broken
    .media_formats = sinch_formats,
    .image_bytes_max = 1'000'000,
    .other_bytes_max = 1'000'000,
    .media_apart = true,  // a slide may hold a picture and a sound together; each object is sent on one of its own
    .senders = {short_code, toll_free, ten_dlc, long_code},
    .countries = {"US", "CA", "PR", "AU"},
    .public_shorteners = shortener_rule::advised_against,
    .messages_per_request_max = 1,
};

constexpr content_limits sinch_sms{
    .name = "sinch-sms"sv,
    .kind = profile_kind::provider,
    .source =
        "Sinch SMS REST API (XMS), mt_media. Text: 1,600 characters in the 2020 edition, 2,000 in newer ones; the "
        "stricter holds. Subject: not stated, taken from the MMS JSON API, as are formats and sizes",
    .subject_max = 80,
    .subject_advised = 40,
    .subject_characters = subject_characters::no_emoji,
    .text_max = 1600,
    .media_min = 1,  // mt_media without media is rejected
    .media_max = 1,
    .media_formats = sinch_formats,
    .image_bytes_max = 1'000'000,
    .other_bytes_max = 1'000'000,
    .senders = {short_code, toll_free, ten_dlc, long_code},
    .countries = {"US", "CA", "PR", "AU"},
    .public_shorteners = shortener_rule::advised_against,
    .messages_per_request_max = 1000,
};

constexpr content_limits infobip{
    .name = "infobip"sv,
    .kind = profile_kind::provider,
    .source =
        "Infobip OpenAPI 3.210 and MMS documentation. Text: 4,096 in the schema, refused above 1,600 (status 77); "
        "the stricter holds. Count of media and messages per request: no maximum stated, ours",
    .subject_max = 66,
    .text_max = 1600,
    .fallback_text_max = 1600,
    .fallback_parts_max = 25,  // status 25
    .media_max = 10,
    .media_formats = {jpeg, png, gif, mp3, wav, midi, mp4_audio, mp4, three_gp, mpeg, vcard, pdf},
    .media_bytes_advised = 300'000,  // reliable on all operators
    .total_bytes_max = 1'000'000,
    .countries = {"US", "CA"},
    .toll_free_verified = true,  // error 488
    .public_shorteners = shortener_rule::advised_against,
    .messages_per_request_max = 1000,
};

constexpr content_limits twilio{
    .name = "twilio"sv,
    .kind = profile_kind::provider,
    .source =
        "Twilio Message resource and error dictionary (21617, 21623, 21652, 30032). BMP is left out: it has the "
        "limit of other types, 500 KB, not that of images; WAV is on no list of accepted types",
    .subject_max = 40,
    .text_max = 1600,
    .media_max = 10,
    .media_formats = {jpeg, png, gif, mp3, amr, mp4_audio, mp4, three_gp, mpeg, mov, vcard, icalendar, pdf},
    .image_bytes_max = 5'000'000,
    .other_bytes_max = 500'000,
    .total_bytes_max = 5'000'000,  // text and media
    .senders = {short_code, toll_free, ten_dlc, long_code},
    .toll_free_verified = true,
    .public_shorteners = shortener_rule::advised_against,
    .messages_per_request_max = 1,
};

constexpr content_limits voipms{
    .name = "voipms"sv,
    .kind = profile_kind::provider,
    .source =
        "VoIP.ms wiki (SMS-MMS) and API (sendMMS). Size: between 1.2 MB and 1.3 MB by source, read as 1,300 KB a "
        "file. API messages a day: the default, which may be raised on request",
    .text_max = 2048,
    .sms_text_max = 160,
    .accents_unsure = true,
    .media_max = 3,
    .media_formats = {jpeg, gif, png, mp3, wav, midi, mp4, three_gp},
    .image_bytes_max = 1'300'000,
    .other_bytes_max = 1'300'000,
    .senders = {toll_free, ten_dlc, long_code},  // the account's own numbers
    .countries = {"US", "CA"},
    .public_shorteners = shortener_rule::refused,
    .messages_per_day = 100,
    .messages_per_request_max = 1,
};

// Platforms ------------------------------------------------------------------------------------------------------

constexpr content_limits bloomreach{
    .name = "bloomreach"sv,
    .kind = profile_kind::platform,
    .source = "Bloomreach Engagement documentation, MMS campaigns. Video: MP4 only, as in the newest edition",
    .subject_max = 80,
    .subject_advised = 40,
    .subject_characters = subject_characters::ascii,  // "no emoji, no Unicode"
    .text_max = 1600,
    .fallback_text_advised = 160,  // longer ones are split, and paid for, as several SMS
    .media_max = 1,
    .media_formats = {gif, jpeg, png, mp4, vcard},
    .media_bytes_advised = 1'000'000,
    .senders = {short_code, toll_free, ten_dlc, long_code},
    .countries = {"US", "CA", "AU"},
    .public_shorteners = shortener_rule::advised_against,
    .sender_profiles_max = 100,
};

constexpr content_limits omnisend{
    .name = "omnisend"sv,
    .kind = profile_kind::platform,
    .source = "Omnisend help centre, article 4470168. 500 KB is what it recommends, above 525 KB it refuses",
    .text_max = 1600,
    .media_min = 1,
    .media_max = 1,
    .media_formats = {jpeg, png, gif},
    .image_bytes_max = 525'000,
    .media_bytes_advised = 500'000,
    .media_bytes_error = "rejected-message-size-limit-exceeded"sv,
    .dimensions_advised = {pixel_size{640, 1138}, pixel_size{1080, 1920}},
    .senders = {toll_free},
    .countries = {"US", "CA"},
    .toll_free_verified = true,
    .public_shorteners = shortener_rule::advised_against,
};

constexpr content_limits insider{
    .name = "insider"sv,
    .kind = profile_kind::platform,
    .source = "Insider help centre, MMS. 1,530 characters whatever they are: ten parts of GSM-7",
    .text_max = 1530,
    .media_formats = {jpeg, png, gif},
    .image_bytes_max = 600'000,
    .countries = {"AU", "CA", "US"},
    .public_shorteners = shortener_rule::advised_against,
};

// Carriers -------------------------------------------------------------------------------------------------------

/// The cap of a carrier of the US for the senders that a profile binds. All of them refuse shared shorteners and block
/// toll-free numbers that nobody verified.
consteval content_limits us_carrier(std::string_view name, sender_kinds senders, std::uint64_t bytes,
                                    std::string_view source) {
  return {.name = name,
          .kind = profile_kind::carrier,
          .source = source,
          .binds_senders = senders,
          .total_bytes_max = bytes,
          .toll_free_verified = senders.contains(toll_free),
          .public_shorteners = shortener_rule::refused};
}

/// The cap of a carrier of Canada, which gives it by handset and not by sender.
consteval content_limits canadian_carrier(std::string_view name, std::uint64_t bytes, std::string_view source) {
  return {.name = name, .kind = profile_kind::carrier, .source = source, .subject_max = 80, .total_bytes_max = bytes};
}

constexpr sender_kinds numbers{ten_dlc, long_code};
constexpr std::string_view all_toll_free =
    "Bandwidth 525 KB, Telnyx 600 KB, SignalWire 750 KB for every toll-free message; the stricter holds";
constexpr std::string_view android = "the settings it gave to Android for its phones (CarrierConfig)";
constexpr std::string_view bell_source =
    "no figure of its own found; 1 MB is what Infobip states for most Canadian carriers";

constexpr std::array all{
    sinch,
    sinch_sms,
    infobip,
    twilio,
    voipms,
    bloomreach,
    omnisend,
    insider,
    us_carrier("att/ten_dlc", numbers, 1'000'000, "Telnyx and Bandwidth 1 MB, Sinch 1,530,843; the stricter holds"),
    us_carrier("att/toll_free", {toll_free}, 525'000, all_toll_free),
    us_carrier("att/short_code", {short_code}, 600'000, "Telnyx 600 KB, Sinch 1,050,000; the stricter holds"),
    us_carrier("tmobile/ten_dlc", numbers, 1'000'000,
               "Bandwidth 1 MB, Telnyx 1.5 MB, Sinch 2,306,867; the stricter holds"),
    us_carrier("tmobile/toll_free", {toll_free}, 525'000, all_toll_free),
    us_carrier("tmobile/short_code", {short_code}, 1'000'000, "Telnyx 1 MB, Sinch 2,100,000; the stricter holds"),
    us_carrier("verizon/ten_dlc", numbers, 1'000'000,
               "Telnyx 1 MB, Sinch 1,310,720, Bandwidth 1.5 MB; the stricter holds"),
    us_carrier("verizon/toll_free", {toll_free}, 525'000, all_toll_free),
    us_carrier("verizon/short_code", {short_code}, 1'200'000, "Telnyx 1.2 MB, Sinch 1,260,000; the stricter holds"),
    us_carrier("uscellular/ten_dlc", numbers, 1'530'843, "Sinch"),
    us_carrier("uscellular/toll_free", {toll_free}, 525'000, all_toll_free),
    us_carrier("uscellular/short_code", {short_code}, 5'250'000, "Sinch"),
    canadian_carrier("rogers", 1'048'576, android),
    canadian_carrier("fido", 1'048'576, android),
    canadian_carrier("chatr", 614'400, android),
    canadian_carrier("telus", 1'048'576, android),
    canadian_carrier("bell", 1'000'000, bell_source),
    canadian_carrier("bell_mts", 1'048'576, android),
    canadian_carrier("videotron", 3'072'000, android),
    canadian_carrier("freedom", 1'048'576, android),
};

}  // namespace

namespace limits {

constinit const content_limits sinch_profile = sinch;
constinit const content_limits infobip_profile = infobip;

}  // namespace limits

std::span<const content_limits> builtin_profiles() noexcept { return all; }

result<content_limits> builtin_profile(std::string_view name) noexcept {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const content_limits& each) { return each.name == name; });
  if (found == all.end()) return errc::unknown_profile;
  return *found;
}

}  // namespace broadside
