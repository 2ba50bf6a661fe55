// send/audience_identity - by what a journal knows an audience again: its file's name and what is in it.
//
// One thread. Reads the file once, from its first byte to its last, in blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::send {

struct audience_identity {
  std::string file;  ///< the file's own name, without folders; "-": it can be read only once, as standard input
  std::string hash;  ///< XXH3 of its bytes, 16 hexadecimal digits; empty: it can be read only once
  friend bool operator==(const audience_identity&, const audience_identity&) = default;
};

/// Nothing: `error` says why.
[[nodiscard]] std::optional<audience_identity> identify(const std::string& path, std::string& error);

/// What the journal calls a source that begins with this audience, "list.csv#00c0ffee00c0ffee"; and back.
[[nodiscard]] std::string source_name(const audience_identity&);
[[nodiscard]] audience_identity identity_of(std::string_view source);

/// An audience that the journal has as a source of a campaign.
struct known_audience {
  std::uint32_t run = 1;  ///< which time that the campaign is sent to everybody
  audience_identity is;
  std::string source;
  std::uint64_t taken = 0;  ///< behind the last row that was taken
  bool finished = false;    ///< no row of it is taken any more
};

/// As what an audience is submitted.
struct source_choice {
  std::string source;
  bool is_known = false;      ///< the journal has this source in this run
  bool is_finished = false;   ///< and takes no more of it
  bool is_changed = false;    ///< its content is not what the source began with, or went on with
  bool must_note = false;     ///< that this content goes on under the source's name
  std::uint64_t taken = 0;    ///< as known_audience has it
  std::uint32_t sent_in = 0;  ///< an earlier run sent it, and this one does not know it; 0: none did
  std::string refusal;        ///< why not; empty: go on
  std::string notice;         ///< what should be told; empty: nothing
};

enum class changed_audience : bool { refuse, by_row_number };

/// Pure. The same bytes under another name are the same audience; other bytes under the same name are a changed one.
/// `known` is of every run.
[[nodiscard]] source_choice choose_source(std::span<const known_audience> known, std::uint32_t run,
                                          const audience_identity&, changed_audience);

/// A content that a campaign went on with under the name of a source that began with another one.
struct audience_note {
  std::string key;
  audience_identity is;
  std::string source;
  friend bool operator==(const audience_note&, const audience_note&) = default;
};

/// These notes, in a file beside the journal's own: a line for each, appended. They say under which name an audience is
/// looked for, and nothing of what was sent: that is for the journal alone to say.
class audience_notes {
 public:
  /// `folder` is the journal's. A file that is missing has none; a line that cannot be read is skipped. Nothing:
  /// `error` says why the file cannot be read.
  [[nodiscard]] static std::optional<std::vector<audience_note>> read(const std::string& folder, std::string& error);
  /// Durable when it returns an empty text; else why not.
  [[nodiscard]] static std::string append(const std::string& folder, const audience_note&);
};

}  // namespace broadside::send
