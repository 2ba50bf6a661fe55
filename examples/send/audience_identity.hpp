// send/audience_identity - by what a journal knows an audience again: its file's name and what is in it.
//
// One thread. Reads the file once, from its first byte to its last, in blocks.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::send {

struct audience_identity {
  std::string file;  ///< the file's own name, without folders; "-": standard input
  std::string hash;  ///< XXH3 of its bytes, 16 hexadecimal digits; empty: it can be read only once
  friend bool operator==(const audience_identity&, const audience_identity&) = default;
};

/// Nothing: `error` says why.
[[nodiscard]] std::optional<audience_identity> identify(const std::string& path, std::string& error);

/// An audience that was sent under a campaign's key, and the name that the journal has for it.
struct known_audience {
  std::string key;
  audience_identity is;
  std::string source;
  friend bool operator==(const known_audience&, const known_audience&) = default;
};

/// As what an audience is submitted.
struct source_choice {
  std::string source;
  bool is_known = false;   ///< earlier runs submitted rows of it
  bool must_note = false;  ///< what known_audiences should remember, it does not yet
  std::string refusal;     ///< why not; empty: go on
  std::string notice;      ///< what should be told; empty: nothing
};

enum class changed_audience : bool { refuse, by_row_number };

/// Pure. The same bytes under another name are the same audience; other bytes under the same name are a changed one.
[[nodiscard]] source_choice choose_source(std::span<const known_audience>, std::string_view key,
                                          const audience_identity&, changed_audience);

/// The audiences that a journal's campaigns had, in a file beside its own: a line for each, appended.
class known_audiences {
 public:
  /// `folder` is the journal's. A file that is missing has none; a line that cannot be read is skipped.
  [[nodiscard]] static std::vector<known_audience> read(const std::string& folder);
  /// Durable when it returns an empty text; else why not.
  [[nodiscard]] static std::string append(const std::string& folder, const known_audience&);
};

}  // namespace broadside::send
