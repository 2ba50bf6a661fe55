// limits/markdown - profiles as tables for people. Pure; any thread; allocates the text.
#include <fmt/format.h>
#include <algorithm>
#include <broadside/limits.hpp>
#include <iterator>
#include <string>
#include <vector>

namespace broadside {
namespace {

using rule_text = std::string (*)(const content_limits&);

/// 1300000 as "1,300,000".
std::string grouped(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

/// Profiles may be a host's: what would end a cell or a line does not.
std::string cell(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c == '\n' || c == '\r' ? ' ' : c;
  }
  return safe;
}

template <auto Rule>
std::string number(const content_limits& p) {
  return p.*Rule ? grouped(*(p.*Rule)) : std::string();
}

template <auto Flag>
std::string yes(const content_limits& p) {
  return p.*Flag ? "yes" : "";
}

std::string characters(const content_limits& p) {
  switch (p.subject_characters) {
    case subject_characters::any:
      return "";
    case subject_characters::no_emoji:
      return "no emoji";
    case subject_characters::ascii:
      return "ASCII";
  }
  return "";
}

void join(std::string& list, std::string_view each) {
  if (!list.empty()) list += ", ";
  list += each;
}

std::string formats(const content_limits& p) {
  std::string list;
  for (const media_format each : p.media_formats) join(list, name_of(each));
  return list;
}

std::string kinds(sender_kinds set) {
  std::string list;
  for (const sender_kind each : set& all_sender_kinds) join(list, name_of(each));
  return list;
}

std::string dimensions(const content_limits& p) {
  std::string list;
  for (const pixel_size each : p.dimensions_advised) {
    if (each != pixel_size{}) join(list, fmt::format("{}×{}", each.width, each.height));
  }
  return list;
}

std::string countries(const content_limits& p) {
  std::string list;
  for (const country each : p.countries) join(list, each.code());
  return list;
}

std::string shorteners(const content_limits& p) {
  switch (p.public_shorteners) {
    case shortener_rule::allowed:
      return "";
    case shortener_rule::advised_against:
      return "advised against";
    case shortener_rule::refused:
      return "refused";
  }
  return "";
}

/// Requests are a provider's.
std::string per_request(const content_limits& p) {
  return p.kind == profile_kind::provider ? grouped(p.messages_per_request_max) : std::string();
}

struct row {
  std::string_view title;
  rule_text text;
};

constexpr row rows[] = {
    {"binds senders", [](const content_limits& p) { return kinds(p.binds_senders); }},
    {"subject, characters", number<&content_limits::subject_max>},
    {"subject advised, characters", number<&content_limits::subject_advised>},
    {"subject may have", characters},
    {"text, characters", number<&content_limits::text_max>},
    {"text that stays SMS, characters", number<&content_limits::sms_text_max>},
    {"accents not guaranteed", yes<&content_limits::accents_unsure>},
    {"fallback text, characters", number<&content_limits::fallback_text_max>},
    {"fallback text advised, characters", number<&content_limits::fallback_text_advised>},
    {"fallback, SMS parts", number<&content_limits::fallback_parts_max>},
    {"fallback from the MMS sender only", yes<&content_limits::fallback_sender_fixed>},
    {"media at least", number<&content_limits::media_min>},
    {"media at most", number<&content_limits::media_max>},
    {"formats", formats},
    {"image, bytes", number<&content_limits::image_bytes_max>},
    {"other object, bytes", number<&content_limits::other_bytes_max>},
    {"all media, bytes", number<&content_limits::total_bytes_max>},
    {"all media advised, bytes", number<&content_limits::media_bytes_advised>},
    {"error for an object too large", [](const content_limits& p) { return std::string(p.media_bytes_error.view()); }},
    {"dimensions advised, pixels", dimensions},
    {"each object shown by itself", yes<&content_limits::media_apart>},
    {"MMS senders", [](const content_limits& p) { return kinds(p.senders); }},
    {"toll-free must be verified", yes<&content_limits::toll_free_verified>},
    {"countries", countries},
    {"shared link shorteners", shorteners},
    {"messages a day", number<&content_limits::messages_per_day>},
    {"sender profiles", number<&content_limits::sender_profiles_max>},
    {"messages in a request", per_request},
};

using chosen = std::vector<const content_limits*>;

/// Rules down, profiles across; rules that none of them states are left out.
void append_by_rule(std::string& out, const chosen& profiles) {
  out += "| |";
  for (const auto* p : profiles) out += fmt::format(" {} |", cell(p->name.view()));
  out += "\n|---|";
  for (std::size_t i = 0; i < profiles.size(); ++i) out += "---|";
  out += '\n';
  for (const row& each : rows) {
    std::string line = fmt::format("| {} |", each.title);
    bool stated = false;
    for (const auto* p : profiles) {
      const std::string text = cell(each.text(*p));
      stated = stated || !text.empty();
      line += text.empty() ? " |" : fmt::format(" {} |", text);
    }
    if (stated) out += line + '\n';
  }
  out += '\n';
  for (const auto* p : profiles) {
    if (!p->source.empty()) out += fmt::format("- {}: {}.\n", cell(p->name.view()), cell(p->source));
  }
}

std::string text_of(const row& rule, const content_limits& p) {
  const std::string text = cell(rule.text(p));
  return text.empty() && &rule == &rows[0] ? "all" : text;
}

/// Profiles down, as carriers are many and state little; rules across, those that one of them states.
void append_by_profile(std::string& out, const chosen& profiles) {
  std::vector<const row*> stated;
  for (const row& each : rows) {
    const auto states = [&](const content_limits* p) { return !text_of(each, *p).empty(); };
    if (std::any_of(profiles.begin(), profiles.end(), states)) stated.push_back(&each);
  }
  out += "| carrier |";
  for (const row* each : stated) out += fmt::format(" {} |", each->title);
  out += " source |\n|---|";
  for (std::size_t i = 0; i < stated.size(); ++i) out += "---|";
  out += "---|\n";
  for (const content_limits* p : profiles) {
    out += fmt::format("| {} |", cell(p->name.view()));
    for (const row* each : stated) {
      const std::string text = text_of(*each, *p);
      out += text.empty() ? " |" : fmt::format(" {} |", text);
    }
    out += p->source.empty() ? " |\n" : fmt::format(" {} |\n", cell(p->source));
  }
}

}  // namespace

std::string profiles_markdown(std::span<const content_limits> profiles) {
  struct section {
    profile_kind kind;
    std::string_view title;
    void (*append)(std::string&, const chosen&);
  };
  constexpr section sections[] = {
      {profile_kind::provider, "Providers", append_by_rule},
      {profile_kind::platform, "Platforms", append_by_rule},
      {profile_kind::carrier, "Carriers", append_by_profile},
      {profile_kind::host, "Of the host", append_by_rule},
  };
  std::string out;
  for (const section& each : sections) {
    chosen of_kind;
    for (const content_limits& p : profiles) {
      if (p.kind == each.kind) of_kind.push_back(&p);
    }
    if (of_kind.empty()) continue;
    if (!out.empty()) out += '\n';
    out += fmt::format("## {}\n\n", each.title);
    each.append(out, of_kind);
  }
  return out;
}

}  // namespace broadside
