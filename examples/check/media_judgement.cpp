// check/media_judgement - the library's check of a campaign with one object, asked once for each profile. Pure.
#include "media_judgement.hpp"
#include <algorithm>
#include <utility>

namespace broadside::checking {
namespace {

constexpr std::string_view of_object = "media[0]";
constexpr std::string_view of_all = "media";

bool is_letter_or_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// ".jpg" of "photos/spring.jpg"; empty when there is none that means anything.
std::string_view ending_of(std::string_view path) noexcept {
  constexpr std::size_t ending_max = 16;
  path.remove_prefix(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos) return {};
  const auto ending = path.substr(dot);
  const bool plain = std::all_of(ending.begin() + 1, ending.end(), is_letter_or_digit);
  return plain && ending.size() <= ending_max ? ending : std::string_view();
}

/// "media[0].bytes" is "bytes", "media" and "media[0]" are nothing.
std::string place_in_object(std::string_view where) {
  where.remove_prefix(where.starts_with(of_object) ? of_object.size() : where.starts_with(of_all) ? of_all.size() : 0);
  if (where.starts_with('.')) where.remove_prefix(1);
  return std::string(where);
}

/// The type that a campaign would declare whose author had seen the object.
std::string_view right_type(const media_report& seen) noexcept {
  const auto real = seen.why ? std::string_view() : mime_type_of(seen.facts.type);
  return real.empty() ? std::string_view(seen.content_type) : real;
}

bool says_the_same(const finding& a, const finding& b) noexcept {
  return a.rule == b.rule && a.severity == b.severity && a.where == b.where && a.measured == b.measured &&
         a.allowed == b.allowed && a.fix == b.fix;
}

void merge(std::vector<finding>& into, finding one) {
  const auto known = std::find_if(into.begin(), into.end(), [&](const finding& f) { return says_the_same(f, one); });
  if (known == into.end()) {
    into.push_back(std::move(one));
  } else if (known->whose != one.whose) {
    known->whose += ", " + one.whose;
  }
}

}  // namespace

media_report report_of_file(std::string_view path, const media_facts& facts) {
  media_report out;
  out.url = "https://media.invalid/file" + std::string(ending_of(path));
  out.bytes_read = facts.bytes;
  out.facts = facts;
  return out;
}

std::vector<finding> judge_media(const media_report& seen, std::string_view declared,
                                 std::span<const content_limits> profiles) {
  campaign one;
  one.media.push_back({.url = seen.url, .mime_type = std::string(declared.empty() ? right_type(seen) : declared)});
  const bool type_is_known = !declared.empty() || (!seen.why && seen.facts.type != media_type::unknown);
  std::vector<finding> out;
  for (content_limits profile : profiles) {
    profile.binds_senders = {};  // asked for by name, so it binds whatever the sender will be
    for (finding& each : check_media(one, std::span(&seen, 1), profile)) {
      each.where = place_in_object(each.where);
      if (each.where == "mime_type" && !type_is_known) continue;  // said of a type that nobody declared
      merge(out, std::move(each));
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const finding& a, const finding& b) { return a.severity < b.severity; });
  return out;
}

}  // namespace broadside::checking
