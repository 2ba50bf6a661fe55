// links/links - one pass over the text: names are read as hosts, and what stands around them decides.
//
// Pure; any thread. Every byte is read a bounded number of times, whatever the text is.
#include <algorithm>
#include <array>
#include <links/character.hpp>
#include <links/host.hpp>
#include <links/links.hpp>

namespace broadside::links {
namespace {

bool ends_with_ignoring_case(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() < lower_case.size()) return false;
  return std::equal(lower_case.begin(), lower_case.end(), text.end() - static_cast<std::ptrdiff_t>(lower_case.size()),
                    [](char a, char b) { return static_cast<char32_t>(a) == lower(static_cast<unsigned char>(b)); });
}

// ---- what follows a host

/// Behind ":" and a port at `at`; `at` when there is none.
std::size_t behind_port(std::string_view text, std::size_t at) noexcept {
  constexpr std::size_t digits_max = 5;
  if (at == text.size() || text[at] != ':') return at;
  std::size_t end = at + 1;
  while (end < text.size() && end - at <= digits_max + 1 && is_digit(static_cast<unsigned char>(text[end]))) ++end;
  const std::size_t digits = end - at - 1;
  return digits == 0 || digits > digits_max ? at : end;
}

constexpr std::string_view openers = "([{";
constexpr std::string_view closers = ")]}";

/// Ends a sentence as often as it belongs to a link: kept only when something follows that does.
bool may_end_sentence(char32_t c) noexcept {
  return c == 0x2019 || c == 0x2026 || (c >= 0x2010 && c <= 0x2015) ||
         (c < 0x80 && std::string_view(".,;:!?'*%([{)]}").find(static_cast<char>(c)) != std::string_view::npos);
}

/// End of the path, query and fragment at `at`. A closing bracket belongs to them when its opening one does.
std::size_t behind_tail(std::string_view text, std::size_t at) noexcept {
  std::array<std::size_t, openers.size()> open{};
  std::size_t end = at;
  while (at < text.size() && text.substr(at, 2) != "{{") {
    const character next = read(text, at);
    if (next.role == role::stop) break;
    at += next.length;
    if (next.role == role::invisible) continue;
    bool belongs = !may_end_sentence(next.code_point);
    if (next.code_point < 0x80) {
      const char c = static_cast<char>(next.code_point);
      if (const auto opener = openers.find(c); opener != std::string_view::npos) ++open[opener];
      if (const auto closer = closers.find(c); closer != std::string_view::npos && open[closer] != 0) {
        --open[closer];
        belongs = true;
      }
    }
    if (belongs) end = at;
  }
  return end;
}

bool has_invisible(std::string_view link) noexcept {
  for (std::size_t at = 0; at < link.size();) {
    const character next = read(link, at);
    if (next.role == role::invisible) return true;
    at += next.length;
  }
  return false;
}

/// Whether the link at [at, end) goes on where a phone does not see it: behind an invisible character, or behind a line
/// break that stands where no link ends. An ordinary link at the end of a line does not.
link_break break_of(std::string_view text, std::size_t at, std::size_t end) noexcept {
  if (has_invisible(text.substr(at, end - at))) return link_break::inside;
  if (end == text.size()) return link_break::none;
  const character next = read(text, end);
  const bool line_break = next.code_point == '\n' || next.code_point == '\r';
  const bool announces_more = std::string_view("=&+-_").find(text[end - 1]) != std::string_view::npos;
  return next.role == role::invisible || (line_break && announces_more) ? link_break::behind : link_break::none;
}

// ---- the pass

class finder {
 public:
  finder(std::string_view text, std::vector<found_link>& out) noexcept : text_(text), out_(out) {}

  void find_all() {
    while (at_ < text_.size()) {
      if (text_.substr(at_, 2) == "{{") {
        skip_template();
        continue;
      }
      const character next = read(text_, at_);
      if (next.role == role::name && next.code_point != '-' && next.code_point != '_') {
        read_name();
      } else {
        at_ += next.length;
      }
    }
  }

 private:
  void skip_template() noexcept;
  void read_name();
  void read_link(std::size_t scheme_at, std::size_t authority_at);
  std::size_t behind_user(std::size_t at) const noexcept;
  void add(std::size_t at, std::size_t host_at, host_extent host, bool has_scheme);

  std::string_view text_;
  std::vector<found_link>& out_;
  std::size_t at_ = 0;         // everything in front of it has been looked at
  bool templates_end_ = true;  // false: there is no "}}" any more
};

/// Moves behind the "}}" of a template; a "{{" without one is text.
void finder::skip_template() noexcept {
  const std::size_t end = templates_end_ ? text_.find("}}", at_ + 2) : std::string_view::npos;
  templates_end_ = end != std::string_view::npos;
  at_ = templates_end_ ? end + 2 : at_ + 2;
}

/// A name starts at `at_`: the scheme of a link, a host without one, or neither.
void finder::read_name() {
  const std::size_t name_at = at_;
  const host_extent host = read_host(text_, name_at, in_front::nothing);
  at_ = host.read_to;
  const std::string_view name = text_.substr(name_at, host.read_to - name_at);
  const std::string_view behind = text_.substr(host.read_to);
  if (behind.starts_with("://")) {
    at_ += 3;
    for (const std::string_view scheme : {"https", "http"}) {
      if (!ends_with_ignoring_case(name, scheme)) continue;
      return read_link(host.read_to - scheme.size(), at_);
    }
    return;
  }
  // In a path, a mail address, or the user's name in one; or no host at all.
  const char before = name_at == 0 ? ' ' : text_[name_at - 1];
  if (before == '/' || before == '@' || before == '_' || behind.starts_with('@') || behind.starts_with('+')) return;
  const std::size_t length = bare_name_length(text_.substr(name_at, host.end - name_at));
  if (length == 0) return;
  if (length == host.end - name_at) return add(name_at, name_at, host, false);
  add(name_at, name_at, {name_at + length, name_at + length}, false);
}

/// Behind the "user:password@" at `at`, or `at`. Browsers go to what stands behind it, whatever it looks like.
std::size_t finder::behind_user(std::size_t at) const noexcept {
  std::size_t host_at = at;
  while (at < text_.size()) {
    const character next = read(text_, at);
    const bool listed =
        next.code_point < 0x80 &&
        std::string_view("~%+:!$&*=;@").find(static_cast<char>(next.code_point)) != std::string_view::npos;
    if (next.role == role::stop || (next.role == role::path && !listed)) break;
    at += next.length;
    if (next.code_point == '@') host_at = at;
  }
  return host_at;
}

/// A link whose scheme stands at `scheme_at`. Any host will do, "localhost" too.
void finder::read_link(std::size_t scheme_at, std::size_t authority_at) {
  const std::size_t host_at = behind_user(authority_at);
  const host_extent host = read_host(text_, host_at, in_front::scheme);
  if (is_host(text_.substr(host_at, host.end - host_at))) return add(scheme_at, host_at, host, true);
  // What is wrong with a scheme in front is not right without: go behind it.
  while (at_ < text_.size()) {
    const character next = read(text_, at_);
    if (next.role == role::stop || next.role == role::path) break;
    at_ += next.length;
  }
}

/// Adds the link with its port, path, query and fragment.
void finder::add(std::size_t at, std::size_t host_at, host_extent host, bool has_scheme) {
  std::size_t end = host.end;
  const std::string_view gap = text_.substr(host.end, host.read_to - host.end);
  if (gap.find_first_of("-_") == std::string_view::npos) {
    // A last dot or something invisible: of the host when the link goes on behind it, else of the sentence.
    std::size_t tail_end = behind_port(text_, host.read_to);
    const std::string_view tail = text_.substr(tail_end, 1);
    if (tail == "/" || tail == "?" || tail == "#") tail_end = behind_tail(text_, tail_end);
    if (tail_end != host.read_to) {
      end = tail_end;
      host.end = host.read_to;
    }
  }
  out_.push_back({.at = at,
                  .text = text_.substr(at, end - at),
                  .host = text_.substr(host_at, host.end - host_at),
                  .has_scheme = has_scheme,
                  .broken = break_of(text_, at, end)});
  at_ = end;
}

}  // namespace

void find_links(std::string_view text, std::vector<found_link>& out) { finder(text, out).find_all(); }

}  // namespace broadside::links
