// send/output_file - a file that is written in blocks; a failure to write is remembered, never swallowed.
//
// One thread. What must survive a crash is sync()ed by who depends on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace broadside::send {

/// Why a file could not be written to, as far as can be told without touching it; empty: nothing speaks against it.
[[nodiscard]] std::string hindrance(const std::string& path);

class output_file {
 public:
  output_file() = default;
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;
  ~output_file();

  enum class mode : std::uint8_t {
    replace,
    append,
    resume,  ///< append behind the last whole line; see torn_line
  };
  /// Whether what stands behind the last line end, shorter than 64 KiB, is what a crash left of a line of ours: then it
  /// is dropped. Anything else belongs to somebody, and gets a line end.
  using torn_line = bool (*)(std::string_view tail);
  /// Readable by its owner alone: it has customers in it. False: see error(). Without a torn_line, which is for
  /// `resume`, nothing is dropped.
  bool open(const std::string& path, mode, torn_line = nullptr);
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  void write(std::string_view text);
  /// Hands everything to the system. False: see error(), and nothing more is written.
  bool flush();
  /// As flush(), and waits until a regular file is on the disk, its name included.
  bool sync();
  bool close();
  /// A regular file loses all that it had. False: see error().
  bool clear();
  /// What the system said first; empty: nothing went wrong.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  void fail(int code);
  [[nodiscard]] bool mend_last_line(torn_line);

  int fd_ = -1;
  bool unsynced_ = false;
  bool created_ = false;  // and its folder does not say so for good yet
  std::string path_;
  std::string buffer_;
  std::string error_;
};

}  // namespace broadside::send
