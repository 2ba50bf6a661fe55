// tests/conformance/links - what most of the other programs find in a text, and where we decided to find more or less.
#include <algorithm>
#include <links/links.hpp>
#include <set>
#include <string>
#include <text/characters.hpp>
#include <text/json.hpp>
#include <text/unicode.hpp>
#include <vector>
#include "mode.hpp"
#include "row.hpp"

namespace broadside::conformance {
namespace {

using urls = std::vector<std::string>;

std::string json_of(const urls& all) {
  std::string out;
  text::json_writer json(out);
  json.begin_array();
  for (const std::string& each : all) json.string(each);
  json.end_array();
  json.flush();
  return out;
}

/// What each of the other programs finds.
std::optional<std::vector<urls>> read_oracles(const row& from) {
  simdjson::dom::object oracles;
  if (from.object().at_key("oracles").get(oracles) != simdjson::SUCCESS) return std::nullopt;
  std::vector<urls> all;
  for (const auto oracle : oracles) {
    simdjson::dom::array found;
    if (oracle.value.get(found) != simdjson::SUCCESS) return std::nullopt;
    urls& each = all.emplace_back();
    for (const auto link : found) {
      std::string_view url;
      if (link.at_key("url").get(url) != simdjson::SUCCESS) return std::nullopt;
      each.emplace_back(url);
    }
  }
  return all.empty() ? std::nullopt : std::optional(all);
}

/// What more than half of them find.
const urls* majority_of(const std::vector<urls>& all) {
  for (const urls& each : all) {
    if (2 * std::count(all.begin(), all.end(), each) > static_cast<std::ptrdiff_t>(all.size())) return &each;
  }
  return nullptr;
}

// ---- policies: each is seen in the row itself

bool is_bare(std::string_view url) { return url.find("://") == std::string_view::npos && !url.starts_with("www."); }

bool has_other_scheme(std::string_view url) {
  std::string front(url.substr(0, url.find(':')));
  if (front.size() == url.size()) return false;
  for (char& c : front) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return front == "ftp" || front == "mailto";
}

bool stands_in_template(std::string_view text, std::string_view url) {
  const std::size_t at = text.find(url);
  const std::size_t open = text.substr(0, at).rfind("{{");
  return at != std::string_view::npos && open != std::string_view::npos &&
         text.substr(open, at - open).find("}}") == std::string_view::npos;
}

/// The URL without the invisible characters at its end.
std::string without_invisible_end(std::string url) {
  while (!url.empty()) {
    std::size_t start = text::previous_code_point(url, url.size());
    const std::size_t cut = start;
    if (!text::is_invisible(text::next_code_point(url, start))) break;
    url.resize(cut);
  }
  return url;
}

bool has_full_width(std::string_view url) { return url.find("\xEF\xBC") != std::string_view::npos; }

/// Why we do not find what they find; empty: nothing says why.
std::string_view missing_policy(std::string_view text, const std::string& url, const urls& ours) {
  if (has_other_scheme(url)) return "only http and https are links here";
  if (stands_in_template(text, url)) return "templates are not looked at";
  const std::string shorter = without_invisible_end(url);
  const bool cut = shorter != url && std::find(ours.begin(), ours.end(), shorter) != ours.end();
  if (cut) return "invisible characters at the end break a link and are not of it";
  return is_bare(url) ? "bare names only with a listed top-level domain" : "";
}

/// Why we find what they do not.
std::string_view extra_policy(const std::string& url, const urls& theirs) {
  if (url.starts_with("www.")) return "www. in front is enough";
  if (has_full_width(url)) return "full-width forms are read as what they look like";
  const auto cut = [&](const std::string& each) { return each != url && without_invisible_end(each) == url; };
  return std::any_of(theirs.begin(), theirs.end(), cut)
             ? "invisible characters at the end break a link and are not of it"
             : "";
}

/// All reasons for which `ours` differs; nothing when one difference has none.
std::optional<std::string> policy_of(std::string_view text, const urls& ours, const urls& theirs) {
  std::set<std::string_view> reasons;
  for (const std::string& each : theirs) {
    if (std::find(ours.begin(), ours.end(), each) == ours.end()) reasons.insert(missing_policy(text, each, ours));
  }
  for (const std::string& each : ours) {
    if (std::find(theirs.begin(), theirs.end(), each) == theirs.end()) reasons.insert(extra_policy(each, theirs));
  }
  if (reasons.empty() || reasons.contains("")) return std::nullopt;
  std::string all;
  for (const std::string_view each : reasons) all.append(all.empty() ? "" : "; ").append(each);
  return all;
}

}  // namespace

judgement judge_links(std::string_view line) {
  row from;
  if (!from.read(line)) return unreadable("not a JSON object");
  const auto text = from.string_at("/text");
  const auto oracles = read_oracles(from);
  if (!text || !oracles) return unreadable("text or oracles are missing");
  std::vector<links::found_link> found;
  links::find_links(*text, found);
  urls ours;
  for (const auto& each : found) ours.emplace_back(each.text);

  const urls* theirs = majority_of(*oracles);
  if (theirs == nullptr) {
    judgement made{verdict::pass, {}, json_of(ours), from.json_at("/oracles")};
    if (std::find(oracles->begin(), oracles->end(), ours) != oracles->end()) return made;
    made.verdict = verdict::policy;
    made.reason = "no two of the others agree";
    return made;
  }
  judgement made = compared(json_of(ours), json_of(*theirs));
  if (made.verdict == verdict::pass) return made;
  if (const auto policy = policy_of(*text, ours, *theirs)) {
    made.verdict = verdict::policy;
    made.reason = *policy;
  }
  return made;
}

}  // namespace broadside::conformance
