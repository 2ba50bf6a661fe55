// tests/conformance/mode - what a kind of vectors is: how one line is judged. One file a mode; all are in the table.
//
// One thread. Modes keep nothing between lines.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace broadside::conformance {

enum class verdict {
  pass,
  policy,      ///< differs by a decision that is written down; what shows it is in the row itself
  fail,        ///< differs
  unreadable,  ///< not a line of this mode. Counts as failed
  no_vector,   ///< a comment or a heading. Not counted
};

/// One line: what we say beside what is expected, both as JSON.
struct judgement {
  conformance::verdict verdict = verdict::unreadable;
  std::string reason{};  ///< of a policy, or why a line is unreadable
  std::string ours = "null";
  std::string expected = "null";
};

inline judgement unreadable(std::string reason) { return {verdict::unreadable, std::move(reason)}; }
inline judgement no_vector() { return {verdict::no_vector}; }

/// Passed when the two are the same.
inline judgement compared(std::string ours, std::string expected) {
  const auto same = ours == expected ? verdict::pass : verdict::fail;
  return {same, {}, std::move(ours), std::move(expected)};
}

struct mode {
  std::string_view name;
  std::string_view reads;  ///< what its lines are, for --help
  judgement (*judge)(std::string_view line);
  bool in_folder =
      false;  ///< its lines are DIR/manifest.jsonl, and name files in DIR, which becomes the current folder
};

judgement judge_grapheme(std::string_view line);
judgement judge_links(std::string_view line);
judgement judge_media(std::string_view line);
judgement judge_phone(std::string_view line);
judgement judge_sender(std::string_view line);
judgement judge_shortener(std::string_view line);
judgement judge_sms(std::string_view line);
judgement judge_subject(std::string_view line);

}  // namespace broadside::conformance
